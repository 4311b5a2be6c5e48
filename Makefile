# make demo    set up, run the whole pipeline on the embedded data, say how good the student is
# make test    every check and every test
# make test-library, test-pipeline  the same in two parts, which CI runs side by side
# make quick   format, lint, types, import contract, code of stages, fast tests of what is not committed (REV=main: of all since)
# make check   format, lint, types, import contract, fast tests: what to run before a commit
# make review  what a change does (REV=... where it starts, DIFF_OPTIONS=--require-run), into build/review, and what dvc would run
# make pr-report  that, and every test: what .github/workflows does for a pull request
# make docs    the reference of the library, from its docstrings, into build/docs
# make setup   the environment alone: .venv, from requirements.lock
# make clean   forget the environment and what tools cached; data, artifacts and reports stay
#
# Another Python: make PYTHON=python3.12 demo
# Without CUDA:   make TORCH=cpu demo

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup demo lint quick check test test-library test-pipeline review pr-report docs clean
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready

# torch for the CPU needs 3 GB of packages less than the lock has: then the lock says which versions, and pyproject.toml which packages.
PACKAGES := $(if $(TORCH),--torch-backend $(TORCH) --all-extras --constraint requirements.lock --requirements pyproject.toml,--no-deps --requirements requirements.lock)

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

# Nobody is told that we are here.
export DO_NOT_TRACK := true
export DVC_NO_ANALYTICS := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export MLFLOW_DISABLE_TELEMETRY := true
export GX_ANALYTICS_ENABLED := false

# Threads of torch that wait for work should sleep: spinning, two of them on a busy machine are 10 x slower.
export OMP_WAIT_POLICY := passive

# Where this is set, as in many containers, each of the tests' processes would compile vq anew.
export PYTHONDONTWRITEBYTECODE :=

# Three processes on two cores: tests of flows wait for servers and workers.
PYTEST := python -m pytest --quiet --numprocesses 3 --dist loadgroup

# Tests of whole workspaces: real dvc, Prefect, MLflow and Ray, many processes each.
PIPELINE := tests/flows tests/ingest tests/pipeline tests/review tests/test_own_code.py tests/test_pipeline.py

help:
	@sed -n '/^#/!q;s/^# \{0,1\}//p' Makefile

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@command -v $(PYTHON) > /dev/null || { \
	  echo "make: $(PYTHON) not found; install Python 3.11 or newer, or say make PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "make: $$($(PYTHON) --version) is too old, vq needs 3.11 or newer; say make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV) from requirements.lock (a few minutes, once)"
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv
# Compiled once, by all cores: where PYTHONDONTWRITEBYTECODE is set, as in many containers, each process would do it anew (torch: 2 s).
# pip may know a package registry of this site that uv has not been told of.
	@site=$$($(VENV)/bin/python -m pip config get global.index-url 2> /dev/null || true); \
	site=$${PIP_INDEX_URL:-$$site}; \
	if [ -n "$$site" ] && [ -z "$$UV_DEFAULT_INDEX$$UV_INDEX_URL" ]; then export UV_DEFAULT_INDEX="$$site"; fi; \
	$(VENV)/bin/uv pip install --quiet --compile-bytecode --python $(VENV)/bin/python $(PACKAGES) --editable .
	@$(VENV)/bin/python -m compileall -q vq flows
	@touch $@

demo: $(READY)
# A copy without git (an archive, say) has nothing for dvc to look up.
	@git rev-parse --git-dir > /dev/null 2>&1 || dvc config --local core.no_scm true
	@dvc repro
	@echo
	@vq verdict
	@echo
	@vq score "$$(python -c "$$FIRST_TEST_VIDEO")"

define FIRST_TEST_VIDEO
import csv, pathlib, yaml
folder = pathlib.Path(yaml.safe_load(open("params.yaml"))["data"]["dir"]) / "videos"
rows = csv.DictReader(open("reports/predictions.csv", newline=""))
print(folder / min(row["video"] for row in rows if row["split"] == "test"))
endef
export FIRST_TEST_VIDEO

lint: $(READY)
	@ruff format --check --quiet . || { echo "make: run \`ruff format\`"; exit 1; }
	@ruff check --quiet .
	@mypy --no-error-summary
	@lint-imports --no-cache > /dev/null 2>&1 || lint-imports --no-cache

quick: lint
	@python -m vq.stages.code_dependencies
	@files=$$(python -m tests.affected $(REV)); \
	if [ -n "$$files" ]; then $(PYTEST) -m "not slow and not browser" $$files; else echo "no test imports what changed"; fi

check: lint
	@$(PYTEST) -m "not slow and not browser"

test: lint
	@$(PYTEST)

test-library: lint
	@$(PYTEST) $(PIPELINE:%=--ignore=%)

test-pipeline: $(READY)
	@$(PYTEST) $(PIPELINE)

review: $(READY)
	@vq diff $(REV) --out build/review $(DIFF_OPTIONS) $(if $(PICTURES),--pictures '$(PICTURES)')
# Of a stage that has to run, dvc wants to see the files; a fresh clone has none.
	@dvc repro --dry --allow-missing || echo "make: dvc plans no further without the files above; dvc pull brings them"

pr-report: review test

# Packages that other programs may import; the others are commands, stages and what these need.
# All of `vq` would be three times as many pages.
PUBLIC := data inference metrics models pruning scoring training zoo

# To load a module is to import it: nothing is trained, and no GPU is looked for.
docs: $(READY)
	@pdoc --docformat google --no-show-source --output-directory build/docs vq '!vq[.]' $(PUBLIC:%=vq.%)
	@echo "Wrote build/docs/index.html"

clean:
	rm -rf $(VENV) *.egg-info build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find vq flows tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
