"""The student at work: a video in, a row out (a score, or why there is none), without torch."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime_errors

from vq.errors import VideoError, WeightsError
from vq.inference import card as cards
from vq.inference import second_feature
from vq.inference.card import Card
from vq.inference.modes import TIMES, Mode, ModeRequest, spec_of, within
from vq.inference.row import Row
from vq.inference.video_input import Video, as_file, name_of
from vq.video import packets, stream
from vq.video.bounded import Bounded
from vq.video.shapes import Float32, UInt8
from vq.video.views import Look, ViewSpec, look
from vq.workers.limits import LimitError, Limits

MIN_FRAMES = 2
"""Below this there is nothing to compare a frame with: a picture, not a video."""

Causes = Callable[[Path], Mapping[str, float]]
"""Gives the probability of each cause, the highest first."""


@dataclass(frozen=True, eq=False)
class Scored:
    """What the network says of one video."""

    score: float
    """Expectation over the values of the levels, on the card's scale."""
    levels: Float32[np.ndarray, " levels"]
    """Probability of each quality level, worst first; not corrected where the score is."""
    feature: str = ""
    """The second feature, as text; empty for a model that was loaded without."""


@dataclass(frozen=True, eq=False)
class Model:
    """A student that is ready to score; threads may share it."""

    card: Card
    session: onnxruntime.InferenceSession
    limits: Limits
    """Those of pixels and frames are held here; the others need a worker process."""
    feature: str = ""
    """Which output of the network is the second feature; empty if nobody wants it."""
    causes: Causes | None = None
    """Says what is wrong with a video; None if nobody wants it."""

    @property
    def spec(self) -> ViewSpec:
        """What the student looks at."""
        return ViewSpec(**asdict(self.card.views))

    def predict(
        self, views: UInt8[np.ndarray, "moments 4 side side"], mode: Mode = "exact"
    ) -> Scored:
        """Score one video, given what the student is to see of it in a mode."""
        levels, *feature = self._outputs(views, mode)
        raw = float(levels.astype(np.float64) @ np.array(self.card.values))
        text = second_feature.as_text(feature[0]) if feature else ""
        return Scored(self.card.corrected(raw, mode), levels, text)

    def levels(
        self, views: UInt8[np.ndarray, "moments 4 side side"], mode: Mode
    ) -> Float32[np.ndarray, " levels"]:
        """What the network says of one video: probability of each quality level, worst first."""
        return self._outputs(views, mode)[0]

    def _outputs(
        self, views: UInt8[np.ndarray, "moments 4 side side"], mode: Mode
    ) -> list[Float32[np.ndarray, " width"]]:
        """The levels of one video, and its second feature if that is wanted.

        The network runs on one video at a time: sums inside a batch could depend on the others.
        A thorough look is the mean of several exact ones, as they are and mirrored.
        """
        parts = [views]
        if mode == "thorough":
            parts = [views[start::TIMES] for start in range(TIMES)]
            parts += [part[..., ::-1] for part in parts]
        names = [second_feature.OUTPUT, *filter(None, [self.feature])]
        runs = [self.session.run(names, {"views": _one(part)}) for part in parts]
        return [
            np.stack([each[0] for each in runs_of]).mean(0, dtype=np.float64).astype(np.float32)
            for runs_of in zip(*runs, strict=True)
        ]

    def look(self, path: Path, mode: Mode) -> tuple[Look, Mode]:
        """Decode what a mode sees of a file; and the mode, `exact` where nothing is cheaper.

        Raises:
            VideoError: the file is not a video, or not one frame of it decodes.
            LimitError: it has too many frames.
        """
        spec = Bounded.of(self.spec, self.limits)
        sample = look(path, spec_of(mode, spec), cheap=mode == "fast")
        return sample, "exact" if mode == "fast" and not sample.cheap else mode

    def score(
        self,
        video: Video,
        *,
        mode: Mode = "exact",
        budget_ms: float | None = None,
        threshold: float | None = None,
        error: float = 0.01,
    ) -> Row:
        """Decode and score one video; whatever is wrong with it becomes the row's reason.

        Args:
            video: the path of a local file, its content, or a file open in binary mode, which is
                read to its end.
            mode: how closely to look.
            budget_ms: chooses the mode instead: the closest look that takes about so long.
            threshold: looks no longer than it takes to be sure on which side of it a thorough
                score is.
            error: probability with which a thorough look may say otherwise.

        Raises:
            TypeError: this is no video.
            ParamsError: the student does not know the mode, or cannot decide at a threshold.
        """
        closely = ModeRequest(mode, budget_ms, threshold, error)
        closely.check(self.card.modes, self.card.model_id)
        if threshold is not None:
            from vq.inference.decide import check

            check(self.card, threshold, error)
        with as_file(video) as path:
            return replace(self._score(path, closely), video=name_of(video))

    def _score(self, path: Path, closely: ModeRequest) -> Row:
        mode: Mode = closely.mode
        start = time.perf_counter()
        if not os.path.exists(path):  # noqa: PTH110 - which answers, where a name is too long
            return _absent(path)
        if not os.path.isfile(path):  # noqa: PTH113
            # Opening a pipe or a device may wait forever.
            what = "a folder" if os.path.isdir(path) else "no ordinary file"  # noqa: PTH112
            reason = f"is {what}; give a video file"
            return Row(video=str(path), status="unreadable", reason=reason)
        try:
            if closely.threshold is not None:
                return self._decide(path, closely.threshold, closely.error)
            if closely.budget_ms is not None:
                mode = self._within(closely.budget_ms, path)
            sample, mode = self.look(path, mode)
            enough = sample.frame_count >= MIN_FRAMES
            causes = self.causes(path) if self.causes and enough else {}
        except VideoError as error:
            return Row(video=str(path), status="unreadable", reason=error.reason)
        except LimitError as error:
            return Row(video=str(path), status="too_large", reason=str(error))
        if not enough:
            return _too_short(path, sample.frame_count)
        scored = self.predict(sample.views, mode)
        low, high = self.card.around(scored.score, mode)
        return Row(
            video=str(path),
            status="ok",
            score=scored.score,
            low=low,
            high=high,
            levels=tuple(map(float, scored.levels)),
            frames=len(sample.numbers),
            model=self.card.model_id,
            mode=mode,
            warning=sample.warning,
            feature=scored.feature,
            causes=causes,
            seconds=round(time.perf_counter() - start, 4),
            label=self.card.label(scored.score),
            percentile=self.card.percentile(scored.score),
        )

    def _decide(self, path: Path, threshold: float, error: float) -> Row:
        from vq.inference.decide import decide

        start = time.perf_counter()
        row = decide(self, path, threshold, error)
        if not isinstance(row, Row):
            return _too_short(path, row.frame_count)
        return replace(row, seconds=round(time.perf_counter() - start, 4))

    def _within(self, budget_ms: float, path: Path) -> Mode:
        with stream.opened(path) as (container, opened):
            codec = opened.codec_context
            stream_packets = packets.take(path, container, opened)
            if not stream_packets.frame_count:
                raise VideoError(path, stream.NO_FRAME)
            return within(budget_ms, stream_packets, codec.width * codec.height, self.spec)


def _too_short(path: Path, frame_count: int) -> Row:
    reason = f"{frame_count} frame; a video has at least {MIN_FRAMES}"
    return Row(video=str(path), status="too_short", reason=reason)


def _absent(path: Path) -> Row:
    try:
        path.stat()
    except PermissionError:
        reason = (
            "may not be looked for (permission denied); have its folder's owner let you (chmod +x)"
        )
        return Row(video=str(path), status="unreadable", reason=reason)
    except (OSError, ValueError):
        pass
    return Row(video=str(path), status="missing", reason="no such file or folder")


def _one(views: UInt8[np.ndarray, "moments 4 side side"]) -> np.ndarray:
    return np.ascontiguousarray(views[None])


def load(
    folder: Path,
    *,
    threads: int = 1,
    limits: Limits | None = None,
    feature: bool = False,
    causes: Causes | None = None,
) -> Model:
    """Load a student bundle: `card.json` and `student.onnx`.

    The score has the same bits for any number of `threads`, which are those of the network. Rows
    have the second `feature` only if it is wanted, and what `causes` says of a video, such as
    `vq.causes.model.of`.

    Raises:
        WeightsError: a file is missing or altered, or the network does not fit the card.
        DataError: the card cannot be understood.
    """
    card, network = cards.load(folder)
    name = folder / "student.onnx"
    return build(
        card, network, name=name, threads=threads, limits=limits, feature=feature, causes=causes
    )


def build(
    card: Card,
    network: bytes,
    *,
    name: Path,
    threads: int = 1,
    limits: Limits | None = None,
    feature: bool = False,
    causes: Causes | None = None,
) -> Model:
    """A student of its card and its network, whose file is named in errors.

    Raises:
        WeightsError: the network does not fit the card, or has no second feature to give.
    """
    output = _feature(network, name) if feature else ""
    if output:
        network = second_feature.as_output(network, output)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    # Idle threads would otherwise spin while the next video is decoded.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except _REFUSALS as error:
        raise WeightsError(
            f"{name}: ONNX Runtime {onnxruntime.__version__} refuses it "
            f"({error}); run `dvc repro` to export it anew"
        ) from error
    _check(name, session, card)
    return Model(card, session, limits or Limits(), output, causes)


def _feature(network: bytes, path: Path) -> str:
    try:
        return second_feature.name_in(network)
    except (ValueError, IndexError, KeyError) as error:
        raise WeightsError(
            f"{path}: has no second feature to write ({error}); score without --feature"
        ) from error


_REFUSALS = (
    runtime_errors.Fail,
    runtime_errors.InvalidArgument,
    runtime_errors.InvalidGraph,
    runtime_errors.InvalidProtobuf,
    runtime_errors.NotImplemented,
)


def _check(path: Path, session: onnxruntime.InferenceSession, card: Card) -> None:
    """Compare the network's signature with what the card promises."""
    side = card.views.grid * card.views.patch_px
    expected = {"views": [card.views.moments, 4, side, side], "levels": [len(card.values)]}
    shapes = {port.name: port.shape[1:] for port in (*session.get_inputs(), *session.get_outputs())}
    for name, shape in expected.items():
        if name not in shapes or not _fits(shapes[name], shape):
            raise WeightsError(
                f"{path}: {name} should be {shape}, the network has "
                f"{shapes.get(name, 'none of that name')}; card and network are no pair"
            )


def _fits(actual: Sequence[int | str | None], expected: Sequence[int]) -> bool:
    """A free dimension has a name or nothing, and takes any size."""
    return len(actual) == len(expected) and all(
        not isinstance(size, int) or size == expected_size
        for size, expected_size in zip(actual, expected, strict=True)
    )
