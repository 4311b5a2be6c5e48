"""The HTTP side of a rating session: which link gets which answer."""

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from vq.errors import DataError
from vq.rating.clips import LEVELS
from vq.rating.progress import progress, table
from vq.rating.rate_limit import RateLimit
from vq.rating.schemas import Joining, Sent
from vq.rating.session import GoneError, NotReadyError, Session
from vq.rating.store import Rating, StoreError
from vq.rating.tokens import Role, Token, TokenError
from vq.serving.pages import page

Answer = Callable[[Request], Awaitable[Response]]
Schema = TypeVar("Schema", bound=BaseModel)
FOLDER = Path(__file__).parent
MOST_BYTES = 1 << 14
"""Of a request."""
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
AGAIN_SECONDS = 2
"""When a browser should ask again for what is not ready."""


class RatingService:
    """A session behind HTTP."""

    def __init__(self, session: Session, *, started: Callable[[], object] = lambda: None) -> None:
        """Serve a session that has clips; `started` is called once the service runs."""
        self._session, self._started = session, started
        # A rater needs a few requests for each clip; reloading and tests are faster than rating.
        self._requests = RateLimit(per_second=20.0, burst=200)
        # Raters of one room share an address, and join at once.
        self._joining = RateLimit(per_second=2.0, burst=100)
        self._refusals = RateLimit(per_second=0.5, burst=30)

    def app(self) -> Starlette:
        """The application to run."""
        routes: list[tuple[str, str, Answer]] = [
            ("GET", "/health", self.health),
            ("POST", "/join", self.join),
            ("GET", "/clips/{position:int}/{part:int}", self.clip),
            ("POST", "/ratings", self.rate),
            ("GET", "/progress", self.progress),
            ("GET", "/ratings.csv", self.ratings),
        ]
        pages = [("/", "page.html"), ("/organiser", "organiser.html")]
        return Starlette(
            routes=[
                *(Route(path, _always(page(FOLDER / name))) for path, name in pages),
                Route("/texts", _always(_texts())),
                *(Route(path, answer, methods=[method]) for method, path, answer in routes),
            ],
            lifespan=self._lifespan,
            exception_handlers={HTTPException: _problem, StoreError: _unwritten},
        )

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self._started()
        yield

    async def health(self, _: Request) -> Response:
        """That the service runs; nothing about the session."""
        return JSONResponse({"status": "ready"})

    async def join(self, request: Request) -> Response:
        """Make a rater of whoever has a link; joining again continues."""
        token = self._token(request, "join", "rater")
        joining = await _body(request, Joining)
        rater = token.subject or f"r-{joining.rater}"
        answer = await run_in_threadpool(self._join, request, token, rater, joining)
        return JSONResponse(answer, headers=HEADERS)

    async def clip(self, request: Request) -> Response:
        """The file of a trial of this rater."""
        token = self._token(request, "rater")
        position, part = request.path_params["position"], request.path_params["part"]
        trials = await run_in_threadpool(self._session.store.trials, token.subject)
        if position >= len(trials) or part > 1:
            raise HTTPException(404, "You have no such clip; reload the page.")
        try:
            path, media_type = await run_in_threadpool(self._session.file, trials[position], part)
        except NotReadyError as error:
            raise HTTPException(
                503, "The clip is being prepared.",
                headers={"Retry-After": str(AGAIN_SECONDS)},
            ) from error  # fmt: skip
        except GoneError as error:
            raise HTTPException(410, str(error)) from error
        return FileResponse(path, media_type=media_type, headers=HEADERS)

    async def rate(self, request: Request) -> Response:
        """Acknowledge a rating once it is on the disk."""
        token = self._token(request, "rater")
        sent = await _body(request, Sent)
        most = 2 if self._session.settings.mode == "pairs" else LEVELS
        if (sent.value is None) != bool(sent.problem) or (sent.value or 1) > most:
            raise HTTPException(422, f"A rating is a value from 1 to {most}, or a problem.")
        rating = Rating(
            f"{token.subject}/{sent.id}", token.subject, sent.position, sent.value, sent.problem,
            sent.playback.model_dump(),
        )  # fmt: skip
        try:
            outcome = await run_in_threadpool(self._session.store.record, rating)
        except DataError as error:  # a position that the rater does not have
            raise HTTPException(422, "You have no such clip; reload the page.") from error
        return JSONResponse({"outcome": outcome}, headers=HEADERS)

    async def progress(self, request: Request) -> Response:
        """How far the raters are, and how they agree."""
        self._token(request, "organiser")
        answer = await run_in_threadpool(progress, self._session)
        return JSONResponse(answer, headers=HEADERS)

    async def ratings(self, request: Request) -> Response:
        """Every rating with all that was recorded, as CSV."""
        self._token(request, "organiser")
        text = await run_in_threadpool(table, self._session.store)
        return Response(text, media_type="text/csv; charset=utf-8", headers=HEADERS)

    def _join(
        self, request: Request, token: Token, rater: str, joining: Joining
    ) -> dict[str, object]:
        session, store = self._session, self._session.store
        trials = store.trials(rater)
        if not trials:
            address = request.client.host if request.client else ""
            if not self._joining.allow(address, now=time.monotonic()):
                raise _too_many()
            if token.role == "join" and len(store.raters()) >= session.settings.most_raters:
                raise HTTPException(403, "The session has all its raters; ask the organiser.")
            store.join(
                rater, session.trials(rater), language=joining.language,
                device=joining.device.model_dump(),
            )  # fmt: skip
            trials = store.trials(rater)
        return {
            "session": session.id,
            "rater": rater,
            "token": session.token("rater", rater) if token.role == "join" else None,
            "mode": session.settings.mode,
            "display": session.settings.display,
            "break_minutes": session.settings.break_minutes,
            # Nothing else about a trial: who knows which clip comes again rates it otherwise.
            "training": sum(trial.kind == "training" for trial in trials),
            "total": len(trials),
            "done": store.done(rater),
        }

    def _token(self, request: Request, *roles: Role) -> Token:
        """What the link of a request allows.

        Raises:
            HTTPException: 401 for a link that opens nothing, 403 for one that opens something
                else, 429 for too many requests.
        """
        now = time.monotonic()
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer" or not text:
                raise TokenError("Open the link that you were sent.")
            token = self._session.signer.read(text, now=time.time())
        except TokenError as error:
            address = request.client.host if request.client else ""
            if not self._refusals.allow(address, now=now):
                raise _too_many() from error
            raise HTTPException(401, str(error)) from error
        if token.role not in roles:
            raise HTTPException(403, "This link is for something else; open the right one.")
        if token.subject and not self._requests.allow(token.subject, now=now):
            raise _too_many()
        return token


async def _body(request: Request, schema: type[Schema]) -> Schema:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST_BYTES:
            raise HTTPException(413, f"The request is longer than {MOST_BYTES >> 10} kB.")
    try:
        return schema.model_validate_json(bytes(data))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the request"
        raise HTTPException(422, f"{place}: {first['msg']}; reload the page.") from error


def _too_many() -> HTTPException:
    return HTTPException(
        429, "Too many requests; wait a moment.", headers={"Retry-After": str(AGAIN_SECONDS)}
    )


def _always(response: Response) -> Answer:
    async def answer(_: Request) -> Response:
        return response

    return answer


def _texts() -> Response:
    content = json.loads((FOLDER / "texts.json").read_text(encoding="utf-8"))
    return JSONResponse(content, headers={"Cache-Control": "no-cache"})


async def _problem(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    headers = {**HEADERS, **(error.headers or {})}
    return JSONResponse({"detail": error.detail}, error.status_code, headers)


async def _unwritten(_: Request, error: Exception) -> Response:
    # The path is the organiser's business; the browser keeps the rating and asks again.
    detail = f"Your rating is not written yet: {str(error).rpartition(': ')[2]}."
    headers = {**HEADERS, "Retry-After": str(AGAIN_SECONDS)}
    return JSONResponse({"detail": detail}, 503, headers)
