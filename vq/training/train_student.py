"""Train a student on labels alone: the undistilled one, and what distillation builds on."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from jaxtyping import Float, Int
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from vq.files import atomic
from vq.models import student_files
from vq.models.onnx_session import session
from vq.models.student import Features, Student, StudentOutput, Trunk
from vq.models.student_onnx import export_trunk
from vq.params import StudentRecipe
from vq.training import torchrun
from vq.training.checkpoint import Checkpoint
from vq.training.loop import Objective, fit, initialisation
from vq.training.teach import aligned_logits, prediction
from vq.training.training_data import TrainingData, Vectors


def untrained(recipe: StudentRecipe, data: TrainingData, seed: int) -> Student:
    """A student with its starting weights, for these data sets."""
    with initialisation(seed):
        return student_files.build(
            recipe.backbone,
            start=recipe.start,
            stages=recipe.stages,
            every=recipe.every,
            inputs=recipe.inputs,
            dither=recipe.dither,
            sharpen=recipe.sharpen,
            dim=recipe.dim,
            levels=recipe.levels,
            dropout=recipe.dropout,
            others=data.others,
        )


def train_student(
    student: Student,
    data: TrainingData,
    *,
    params: StudentRecipe,
    seed: int,
    checkpoint: Checkpoint | None = None,
    record: Callable[[int, dict[str, float]], None] = lambda epoch, values: None,
) -> float:
    """Train the student in place on the labelled videos.

    It has its starting weights; its standardisation is fitted here, unless it brings that of an
    earlier student. For `checkpoint` and `record` see `fit`.

    Returns:
        Its best validation loss.
    """
    return fit_student(
        StudentObjective(student, data, params),
        model=student,
        rows=data.labelled(),
        seed=seed,
        checkpoint=checkpoint,
        record=record,
    )


def fit_student(
    objective: "StudentObjective",
    *,
    model: nn.Module,
    rows: Int[Tensor, " rows"],
    seed: int,
    checkpoint: Checkpoint | None,
    record: Callable[[int, dict[str, float]], None],
) -> float:
    """Train `model`, the objective's student or what has it as a part, as the recipe says.

    Returns:
        The best validation loss.
    """
    student, data, params = objective.student, objective.data, objective.params
    if not student_files.earlier(params.start):
        fit_scales(student, data)
    return fit(
        model,
        objective=objective,
        rows=rows,
        content=data.content,
        schedule=params,
        seed=seed,
        slow=student.trunk,
        slow_rate=params.backbone_rate,
        hold_norms=params.start != "random",
        checkpoint=checkpoint,
        record=record,
    )


class StudentObjective(Objective):
    """L2 against labels alone."""

    def __init__(self, student: Student, data: TrainingData, params: StudentRecipe) -> None:
        super().__init__()
        self.student, self.data, self.params = student, data, params

    def draw(self, rows: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """A seed for what is seen of each video."""
        return {"seeds": torch.randint(2**62, (len(rows),), generator=generator)}

    def forward(self, rows: Tensor, drawn: dict[str, Tensor]) -> dict[str, Tensor]:
        """Second feature and logits of some videos."""
        if self.data.sight is None:
            raise ValueError("a student without sight learns nothing")
        seen = self.data.sight.draw(rows, drawn["seeds"]).to(device_of(self.student))
        second: StudentOutput = self.student(seen)
        outputs = aligned_logits("second", second.logits, self.student.alignment, self.data, rows)
        return outputs | {"second_feature": second.feature}

    def loss(self, rows: Tensor, outputs: dict[str, Tensor]) -> Tensor:
        """Of a batch of videos."""
        target = self.data.target[rows].to(outputs["second_logits"].device)
        return self.prediction(outputs, "second", target, rows)

    def validate(self) -> float:
        """L2 on the validation videos, against labels alone: one yardstick for all students."""
        rows = self.data.validation
        logits = predict_logits(self.student, self.data, rows)
        outputs = aligned_logits("second", logits, self.student.alignment, self.data, rows)
        return self.prediction(outputs, "second", self.data.target[rows], rows).item()

    def prediction(
        self, outputs: dict[str, Tensor], whose: str, target: Tensor, rows: Tensor
    ) -> Tensor:
        """Loss of the `first` or the `second` prediction."""
        return prediction(outputs, whose, target, self.data, rows, self.params)


def predict_logits(
    student: Student, data: TrainingData, rows: Tensor, *, batch: int = 16
) -> Tensor:
    """The student's logits for some videos, seen whole; in small batches, to save memory."""
    if data.sight is None:
        raise ValueError("a student without sight predicts nothing")
    device = device_of(student)
    return torch.cat(
        [student(data.sight.whole(part).to(device)).logits for part in rows.split(batch)]
    )


@torch.inference_mode()
def fit_scales(student: Student, data: TrainingData, *, batch: int = 16) -> None:
    """Fit the standardisation of the second initial feature on the training videos."""
    if data.sight is None:
        raise ValueError("a student without sight has no features")
    student.eval()
    parts = [student.trunk(data.sight.whole(part)) for part in data.train.split(batch)]
    student.standard.fit(torch.cat(parts).reshape(-1, student.trunk.width))


@dataclass(frozen=True)
class SavedFeatures:
    """A file with the features of a frozen trunk, and the key of everything they depend on."""

    path: Path
    key: str

    def load(self) -> Float[Tensor, "videos width"] | None:
        """The features; None if there are none of this key."""
        try:
            with safe_open(self.path, framework="pt") as file:
                return file.get_tensor("features") if file.metadata()["key"] == self.key else None
        except (FileNotFoundError, SafetensorError):
            return None

    def save(self, features: Float[Tensor, "videos width"]) -> None:
        """Write them, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with atomic(self.path) as partial:
            partial.write_bytes(save({"features": features}, metadata={"key": self.key}))


def precompute_features(
    trunk: Trunk, data: TrainingData, *, saved: SavedFeatures | None = None, jobs: int
) -> TrainingData:
    """The training data with the features of a frozen trunk, computed once and not in every step.

    It runs as the exported graph, each video by itself: several times as fast as torch on a CPU,
    and the same bits for any number of jobs.

    The trunk is in evaluation mode; `jobs` are threads side by side. What is `saved` is not
    computed again.

    Raises:
        WeightsError: the trunk cannot be exported to ONNX.
    """
    features = saved.load() if saved else None
    if features is None:
        features = _compute_features(trunk, data, jobs)
        if saved and torchrun.is_first():
            saved.save(features)
    return replace(data, sight=Vectors(features))


def _compute_features(trunk: Trunk, data: TrainingData, jobs: int) -> Tensor:
    sight = data.sight
    if sight is None:
        raise ValueError("a student without sight has no features")
    rows = torch.cat([data.train, data.validation])
    features = torch.full((len(data.target), trunk.looks * trunk.width), torch.nan)
    with TemporaryDirectory() as folder:
        graph = Path(folder) / "trunk.onnx"
        export_trunk(trunk, graph, shape=tuple(sight.whole(rows[:1]).shape[1:]))
        network = session(graph)

    def compute(row: Tensor) -> None:
        (feature,) = network.run(["feature"], {"views": sight.whole(row).numpy()})
        features[row] = torch.from_numpy(feature)

    with ThreadPoolExecutor(jobs) as threads:
        for _ in threads.map(compute, rows.split(1)):
            pass
    return features


@contextmanager
def on_precomputed_features(student: Student) -> Iterator[None]:
    """Let a student learn from the features of `precompute_features`, without its trunk."""
    trunk = student.trunk
    student.trunk = Features(trunk.width, looks=trunk.looks)
    try:
        yield
    finally:
        student.trunk = trunk


def device_of(student: Student) -> torch.device:
    """Where it is."""
    return student.head.weight.device
