"""What flows share: which errors are tried again, and what is told of a run that ends badly."""

import logging
import time
from functools import partial
from typing import Any
from uuid import UUID

from prefect import Flow, flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.tasks import Task

from flows.events import emit
from vq.errors import BusyError, VqError

# With PREFECT_LOGGING_EXTRA_LOGGERS=vq (see prefect.yaml) the log of the library shows in Prefect.
logging.getLogger("vq").setLevel(logging.INFO)
log = logging.getLogger("vq.flows")

HOUR = 3600.0

HEARD_SECONDS = 5.0
"""The server hears of task runs a little later than they happen."""

REMEDIES = {
    "FAILED": "Mend what the message names, then run again: what was done stays done. If it names "
    "nothing of yours, the log of the run has the traceback.",
    "CRASHED": "Its process ended from outside: killed, out of memory, or the machine went down. "
    "Run again: what was done stays done.",
}


def may_pass(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Whether another try could help: what is wrong with files or params stays wrong."""
    return isinstance(state.data, BusyError) or not isinstance(state.data, VqError)


def tell(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Say which step it was, why, and what now: artifact `failure`, event `vq.failed`."""
    step, remedy = _unfinished(flow_run.id), REMEDIES[state.type.value]
    heading = f"{flow.name} {state.name.lower()} {f'in {step}' if step else 'outside of its steps'}"
    log.error("%s: %s", heading, state.message)
    text = f"## {heading}\n\n{state.message}\n\n{remedy}\n"
    made = ArtifactCreate(key="failure", type="markdown", data=text, flow_run_id=flow_run.id)
    with get_client(sync_client=True) as client:
        client.create_artifact(made)
    payload = {
        "message": f"{heading}: {state.message}\n{remedy}",
        "flow": flow.name,
        "step": step,
        "reason": state.message or "",
        "remedy": remedy,
    }
    emit("vq.failed", f"vq.flow.{flow.name}", payload, occasion=state.id, flow_run=flow_run.id)


step = partial(
    task, retries=2, retry_delay_seconds=20, retry_condition_fn=may_pass, cache_policy=NO_CACHE
)
"""A task of a flow."""

operation = partial(flow, on_failure=[tell], on_crashed=[tell])
"""A flow that people run: it says what went wrong."""


def _unfinished(flow_run: UUID) -> str:
    """The step that a run was in; empty if it was in none, as far as the server knows."""
    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run]))
    deadline = time.monotonic() + HEARD_SECONDS
    with get_client(sync_client=True) as client:
        while True:
            runs = client.read_task_runs(flow_run_filter=of_run)
            left = [run for run in runs if run.state is None or not run.state.is_completed()]
            if left or time.monotonic() > deadline:
                return ", ".join(run.name for run in left)
            time.sleep(0.5)
