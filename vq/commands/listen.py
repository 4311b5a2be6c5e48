"""A socket for a service, its server, and whether the packages of services are installed."""

import socket
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from vq.errors import VqError

if TYPE_CHECKING:
    import uvicorn


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 is any that is free.

    Raises:
        VqError: the address is taken, or none of this machine.
    """
    try:
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # Asyncio turns off Nagle's algorithm, which costs an answer 40 ms, only where TCP is named.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
        return listener
    except (OSError, OverflowError) as error:
        raise VqError(f"cannot listen at {host}:{port} ({error}); give another --port") from error


def address(listener: socket.socket) -> str:
    """Where a browser of this machine reaches it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def server(app: Any, *, grace_seconds: int, **settings: Any) -> "uvicorn.Server":  # noqa: ANN401 - ASGI
    """What serves an application; `settings` are further ones of `uvicorn.Config`."""
    import uvicorn

    config = uvicorn.Config(
        app,
        http="h11",  # whichever others are installed
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=grace_seconds,
        **settings,
    )
    return uvicorn.Server(config)


def check_packages(*names: str) -> None:
    """Refuse to start without the packages of the extra `serve`.

    Raises:
        VqError: one is missing.
    """
    if missing := [name for name in names if find_spec(name) is None]:
        raise VqError(f"serving needs {missing[0]}; pip install 'vq[serve]'")
