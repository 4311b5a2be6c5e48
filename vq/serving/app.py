"""The HTTP side of the service: which request gets which answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from vq.errors import ParamsError, VqError
from vq.inference.modes import Mode, ModeRequest
from vq.inference.row import Row
from vq.scoring.scoring_pool import Answer, Extras
from vq.serving.metrics import GONE, Counting, Metrics
from vq.serving.pages import page
from vq.serving.queue import STOPPING, FullError, ScoringQueue
from vq.serving.schemas import Health, Problem, Scored, health, scored
from vq.serving.upload import received

T = TypeVar("T")
FOLDER = Path(__file__).parent

ABOUT = """Predicts how people would rate the quality of a video.

A video that has no score gets an answer too: 200, with its `status` and `reason`, as `vq score`
gives every input a row. Codes of 400 and more are for requests that could not be taken.
"""

BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "The video."}
                    },
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "video/*": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
"""The body is read as it comes, past the framework: so its schema stands here."""

PROBLEMS = {
    400: "No video in the request, or a broken form.",
    408: "Nothing came for a while, or too little.",
    413: "The video is larger than `max_upload_mb` of /health.",
    415: "The body is of a type that cannot be a video.",
    422: "A parameter has a value that it cannot have, or the model has no such mode.",
    503: "Too many videos at a time (see Retry-After), or no worker can be started.",
}


class Service:
    """One model behind HTTP."""

    def __init__(self, queue: ScoringQueue, *, max_upload_mb: int) -> None:
        """Serve the videos of a queue.

        The queue is closed when the service stops; `max_upload_mb` is in units of 2**20 bytes.
        """
        self._queue, self._max_upload_mb = queue, max_upload_mb
        self._metrics = Metrics(queue)

    def app(self) -> ASGIApp:
        """The application to run."""
        app = FastAPI(
            title="vq",
            summary="No-reference video quality",
            description=ABOUT,
            version=version("vq"),
            docs_url=None,  # the usual ones load their scripts from the internet
            redoc_url=None,
            lifespan=self._lifespan,
        )
        problems: dict[int | str, dict[str, Any]] = {
            code: {"model": Problem, "description": text} for code, text in PROBLEMS.items()
        }
        app.post(
            "/score",
            responses=problems,
            response_model_exclude_unset=True,
            response_description="The row of the video, whether it has a score or not.",
            openapi_extra=BODY,
            summary="Score a video",
        )(self.score)
        app.get(
            "/health",
            response_model=Health,
            response_description="The model is loaded, and scores.",
            responses={503: problems[503]},
            summary="Is the model ready?",
        )(self.health)
        app.get("/metrics", response_class=Response, summary="Numbers for Prometheus")(self.metrics)
        for path, name in (("/", "page.html"), ("/docs", "docs.html")):
            app.add_api_route(path, _always(page(FOLDER / name)), include_in_schema=False)
        app.exception_handler(RequestValidationError)(_unprocessable)
        app.exception_handler(AnyHTTPException)(_problem)
        paths = frozenset({"/", "/score", "/health", "/metrics", "/docs", "/openapi.json"})
        return Counting(app, self._metrics, paths)

    async def score(
        self,
        request: Request,
        mode: Annotated[
            Mode,
            Query(
                description="How closely to look: `fast`, the frames that cost least; `exact`, "
                "those of training; `thorough`, four times as many, and mirrored."
            ),
        ] = "exact",
        budget_ms: Annotated[
            float | None,
            Query(
                gt=0,
                allow_inf_nan=False,
                description="Choose the mode instead: the closest "
                "look that takes about so many ms.",
            ),
        ] = None,
        timeline: Annotated[
            bool, Query(description="Score each second, too: nearly every frame is decoded.")
        ] = False,
        plan: Annotated[
            bool, Query(description="Tell what of the file is decoded for the score.")
        ] = False,
        name: Annotated[
            str, Query(description="What to call a video that is the body itself.")
        ] = "",
    ) -> Scored:
        """Send one video, as a file in a form or as the body itself; get its row.

        It is opened in a process of its own, under limits of time, memory, pixels and frames; a
        video that breaks one of them, or is none, has a row with another `status` than `ok`.
        """
        closely = ModeRequest(mode, budget_ms)
        try:
            closely.check(self._queue.greeting.modes, self._queue.greeting.model)
        except ParamsError as error:
            raise HTTPException(422, str(error)) from error
        try:
            with self._queue.place():
                async with received(request, most_mb=self._max_upload_mb, name=name) as upload:
                    self._metrics.upload_bytes.inc(upload.size)
                    work = self._queue.score(upload.path, closely, Extras(timeline, plan))
                    answer = await _unless_gone(request, work)
                return self._validated(answer, upload.name)
        except FullError as error:
            after = {"Retry-After": str(error.retry_seconds)}
            raise HTTPException(503, str(error), headers=after) from error
        except VqError as error:
            raise HTTPException(503, str(error)) from error
        except OSError as error:  # no room on the disk, or for a process
            why = error.strerror or str(error)
            raise HTTPException(
                503, f"the service has a problem ({why}); tell who runs it"
            ) from error
        except asyncio.CancelledError as error:  # the service stops, and its grace is over
            raise HTTPException(503, STOPPING) from error
        except ClientDisconnect as error:
            raise HTTPException(GONE, "the client left") from error

    async def health(self) -> Health:
        """The model, its scale and what is asked of it; 503 while no video can be scored."""
        if not await self._queue.well():
            raise HTTPException(503, self._queue.fault)
        return health(
            self._queue.greeting,
            max_upload_mb=self._max_upload_mb,
            jobs=self._queue.jobs,
            inside=self._queue.inside,
            places=self._queue.places,
        )

    async def metrics(self) -> Response:
        """Requests, rows, seconds, queue and memory, in Prometheus' text format."""
        return Response(self._metrics.exposed(), media_type=self._metrics.content_type)

    def _validated(self, answer: Answer, name: str) -> Scored:
        try:
            body = scored(answer, name)
        except ValidationError:
            # Taken over by the file it opened, or a bug: the video has no score either way.
            row = Row(answer.row.video, "crashed", "its process answered with nonsense")
            body = scored(Answer(row), name)
        self._metrics.videos.labels(body.status, body.mode).inc()
        self._metrics.score_seconds.observe(body.seconds)
        self._metrics.count_cause(body.causes or {})
        return body

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        yield
        self._queue.close()


async def _unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Wait for work, unless whoever asked for it leaves: then it is cancelled.

    Raises:
        ClientDisconnect: the client left.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientDisconnect
    finally:
        leaving.cancel()
        working.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    # The body is read: the next that comes is that nobody is there any more.
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _always(response: Response) -> Any:  # noqa: ANN401 - an endpoint
    async def answer() -> Response:
        return response

    return answer


async def _unprocessable(_: Request, error: RequestValidationError) -> Response:
    """Say in a sentence which parameter is wrong."""
    message = "; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in error.errors())
    return JSONResponse({"detail": message}, 422)


async def _problem(_: Request, error: AnyHTTPException) -> Response:
    return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
