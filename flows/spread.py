"""Parts of a stage, or of a list to score, as task runs on the machines of a Ray cluster."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner
from prefect.tasks import Task

from vq import params
from vq.errors import ParamsError, VqError
from vq.params import Run
from vq.pipeline import distributed
from vq.scoring.shards import Elsewhere

Rounds = Callable[..., AbstractContextManager[Iterator[list[distributed.Part]]]]
"""Says what is to be done, in rounds, given the number of `jobs`."""


def fill(workspace: Path, stage: str) -> None:
    """Have the parts of a stage done before it runs, if params want other machines to do them."""
    settings = params.load(workspace / "params.yaml").run
    if settings.runner == "ray" and stage in distributed.STAGES:
        on_ray(
            f"parts of {stage}", partial(distributed.rounds, workspace.absolute(), stage), settings
        )


def scorers(workspace: Path) -> Elsewhere | None:
    """What has videos scored by other machines, if there are params and they want that."""
    file = workspace / "params.yaml"
    settings = params.load(file).run if file.exists() else None
    if settings is None or settings.runner != "ray":
        return None
    return lambda shards, todo: on_ray(
        "shards", partial(distributed.scores, shards, todo), settings
    )


def on_ray(name: str, rounds: Rounds, settings: Run) -> None:
    """Have parts done as a flow run of this name."""
    named = everywhere.with_options(task_runner=runner(settings.address), flow_run_name=name)
    named(rounds, settings)


@flow(validate_parameters=False)
def everywhere(rounds: Rounds, settings: Run) -> None:
    """Do all parts, round by round; one that is lost does not stop the others."""
    import ray
    from prefect_ray.context import remote_options

    jobs = max(int(ray.cluster_resources()["CPU"] / settings.cpus), 1)
    with (
        remote_options(num_cpus=settings.cpus, num_gpus=settings.gpus),
        rounds(jobs=jobs) as batches,
    ):
        for parts in batches:
            futures = do.map(parts)
            futures.wait()
            for part, future in zip(parts, futures, strict=True):
                finish(part, future)


def may_pass(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether another try could help: what is wrong with files or params stays wrong."""
    return not isinstance(state.data, VqError)


# Of a machine that is lost Prefect hears nothing: Ray itself gives its parts to another one.
@task(
    task_run_name="{part.name}",
    retries=2,
    retry_delay_seconds=20,
    retry_condition_fn=may_pass,
    cache_policy=NO_CACHE,
)
def do(part: distributed.Part) -> None:
    """Do one part, wherever this is."""
    part.do()


def finish(part: distributed.Part, future: PrefectFuture[None]) -> None:
    """Nothing, if the part was done.

    Raises:
        VqError: its process died, and died again; or as `Part.do`.
    """
    if future.state.is_crashed():
        raise VqError(
            f"{part.name}: the process died, wherever it was tried ({future.state.message}). The "
            "other parts are done and kept: run again, with more run.cpus for each part if memory "
            "ran out"
        )
    future.result()


def runner(address: str | None) -> TaskRunner[Any]:
    """What brings tasks to a Ray cluster.

    Raises:
        ParamsError: it is not installed.
    """
    try:
        from prefect_ray import RayTaskRunner
    except ImportError as error:
        raise ParamsError(
            "run.runner: ray needs prefect-ray, on all machines: pip install 'vq[ray]'"
        ) from error
    # Other machines have `vq` installed, and no checkout with `flows`: it travels along.
    return RayTaskRunner(
        address=address,
        init_kwargs={"runtime_env": {"py_modules": [str(Path(__file__).parent)]}},
    )
