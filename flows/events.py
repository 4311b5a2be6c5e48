"""Events that people and programs can be told of: docs/operate.md lists them.

An event is handed to the server in a request of its own. Prefect's `emit_event` sends it in the
background, where a kill may lose it and nobody can know.
"""

from collections.abc import Mapping
from uuid import UUID, uuid5

from prefect.client.orchestration import get_client
from prefect.events import Event, RelatedResource, Resource


def emit(
    name: str, resource: str, payload: Mapping[str, str], *, occasion: UUID, flow_run: UUID
) -> None:
    """Hand an event to the server, which has it when this returns.

    The server keeps one event of a name and an occasion. If it comes again within half an hour,
    automations leave it; later, or after a restart of the server, they act on it again.
    """
    run = {
        "prefect.resource.id": f"prefect.flow-run.{flow_run}",
        "prefect.resource.role": "flow-run",
    }
    event = Event(
        id=uuid5(occasion, name),
        event=name,
        resource=Resource({"prefect.resource.id": resource}),
        related=[RelatedResource(run)],
        payload=dict(payload),
    )
    with get_client(sync_client=True) as client:
        client.request("POST", "/events", json=[event.model_dump(mode="json")])
