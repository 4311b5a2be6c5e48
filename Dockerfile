# Two images, of which no one runs as root:
#
#   docker build --target service -t vq-service .   # `vq serve`: no torch, no expert
#   docker build --target worker -t vq-worker .     # a Prefect worker, or a node of a Ray cluster
#
# docs/scale.md says how they are run. Versions are those of requirements.lock.

FROM python:3.11.9-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    OMP_WAIT_POLICY=passive
RUN useradd --create-home --uid 10001 vq

FROM base AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY vq vq
RUN pip wheel --no-deps --wheel-dir /wheels .

FROM base AS service
COPY requirements.lock /tmp/
COPY --from=build /wheels /tmp/wheels
RUN pip install --constraint /tmp/requirements.lock "vq[parquet,serve] @ file://$(ls /tmp/wheels/vq-*.whl)"
USER 10001
WORKDIR /home/vq
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
ENTRYPOINT ["vq", "serve", "--host", "0.0.0.0"]

FROM base AS worker
# dvc asks git which revision a workspace is at.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git=1:2.39.* \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory '*'
COPY requirements.lock /tmp/
COPY --from=build /wheels /tmp/wheels
RUN pip install --constraint /tmp/requirements.lock "vq[ray,remote,serve,train] @ file://$(ls /tmp/wheels/vq-*.whl)"
ENV DO_NOT_TRACK=true \
    DVC_NO_ANALYTICS=1 \
    MLFLOW_DISABLE_TELEMETRY=true \
    RAY_USAGE_STATS_ENABLED=0
USER 10001
# The workspace is mounted here: on all machines the same folder, under the same path.
WORKDIR /workspace
ENTRYPOINT ["prefect"]
CMD ["worker", "start", "--pool", "vq"]
