"""Fine-tune a trained student so that cheap edits add nothing to its score.

A student that learnt from compressed films takes a little grain or sharpening for a better copy. No
label says otherwise: nobody edited the films that it was labelled by. What is known without any
label is that no cheap edit makes a video better. So the student learns from what it said before, as
in TRADES (Zhang et al., ICML 2019): a video keeps its score, and after an edit it has the score
that it had then, or that of the video itself if that is lower. Of several chains of edits it learns
from the one that now adds most (the worst of k: Engstrom et al., ICML 2019).
"""

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from vq.inference import cheap_edits
from vq.inference.cheap_edits import Chain
from vq.models.student import Student
from vq.params import Robust, StudentRecipe
from vq.training.checkpoint import Checkpoint
from vq.training.loop import Objective, fit
from vq.training.train_student import device_of
from vq.training.training_data import Pictures, TrainingData
from vq.video.views import stack_view

KEEP = 2.0
"""Weight of the videos as they are: their scores are to stay."""
OVER = 2.0
"""How much dearer an edited video's score is above the wanted one than below."""
BETA = 0.1
"""Of the smooth L1 loss, as a share of the scale."""
EMA = 0.98
"""Decay of the moving average of the weights that is kept: single steps forget, and remember."""
SOFTENED = 0.4
"""Share of the videos that are made softer first: see `_softened`."""
VALIDATED = 8
"""Videos in a batch of validation."""
Views = UInt8[np.ndarray, "_ 4 side side"]
"""Of any number of moments."""


def resist_edits(
    student: Student,
    data: TrainingData,
    *,
    params: StudentRecipe,
    robust: Robust,
    seed: int,
    before: Student | None = None,
    checkpoint: Checkpoint | None = None,
    record: Callable[[int, dict[str, float]], None] = lambda epoch, values: None,
) -> float:
    """Fine-tune the trunk of a student in place, on videos of the training, labelled or not.

    A step sees one picture of each video, which tells little of motion: so the head stays, and with
    it what it makes of stalls. `before` gives the scores that are to stay, by default the student
    as it comes. For `checkpoint` and `record` see `fit`.

    Returns:
        The best loss on the videos of validation.

    Raises:
        ValueError: the data's sight are features, which cannot be edited.
    """
    if not isinstance(data.sight, Pictures):
        raise ValueError("a student that sees no pictures cannot learn what edits do to them")
    drawn = torch.randperm(len(data.train), generator=torch.Generator().manual_seed(seed))
    schedule = params.model_copy(
        update={
            "epochs": robust.epochs,
            "patience": robust.epochs,
            "batch": robust.batch,
            "learning_rate": robust.learning_rate,
            "ema": EMA,
            "together": 1,
        }
    )
    objective = _Objective(
        student,
        before or copy.deepcopy(student),
        data,
        data.sight,
        every=params.every,
        chains=robust.chains,
        seed=seed,
    )
    for name, value in student.named_parameters():
        value.requires_grad_(name.startswith("trunk."))
    best = fit(
        student,
        objective=objective,
        rows=data.train[drawn[: robust.videos].sort().values],
        content=data.content,
        schedule=schedule,
        seed=seed,
        hold_norms=True,
        checkpoint=checkpoint,
        record=record,
    )
    student.requires_grad_(requires_grad=True)
    return best


class _Objective(Objective):
    def __init__(
        self,
        student: Student,
        before: Student,
        data: TrainingData,
        sight: Pictures,
        *,
        every: int,
        chains: int,
        seed: int,
    ) -> None:
        super().__init__()
        self.student = student
        # In a list: no part of what is trained, and never in training mode.
        self.before = [before.eval().requires_grad_(requires_grad=False)]
        self.views, self.validation = sight.views, data.validation
        self.every, self.chains, self.seed = every, chains, seed
        low, high = data.values[0], data.values[-1]
        self.register_buffer("values", (data.values - low) / (high - low))

    def draw(self, rows: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """A seed for the moments and the edits of each video."""
        return {"seeds": torch.randint(2**62, (len(rows),), generator=generator)}

    def forward(self, rows: Tensor, drawn: dict[str, Tensor]) -> dict[str, Tensor]:
        """How far the scores of the videos, as they are and edited, are above the wanted ones."""
        device = device_of(self.student)
        before = self.before[0].to(device)
        with ThreadPoolExecutor(torch.get_num_threads()) as threads:
            made = threads.map(self._versions, rows.tolist(), drawn["seeds"].tolist())
            # One batch of the videos as they are, then one of each chain.
            plain, *edited = torch.from_numpy(np.stack(list(made), 1)).to(device)
        # Units that drop out would let scores differ where videos do not.
        self.student.dropout.eval()
        with torch.no_grad():
            scores = self._scores(before, plain)
            worst, most = plain, torch.full_like(scores, -torch.inf)
            for each in edited:
                after = self._scores(self.student, each)
                worst = torch.where((after > most)[:, None, None, None, None], each, worst)
                most = torch.maximum(after, most)
            wanted = torch.cat([scores, torch.minimum(self._scores(before, worst), scores)])
        above = self._scores(self.student, torch.cat([plain, worst])) - wanted
        kept, edits = above.split(len(rows))
        return {"kept": kept[:, None], "edited": edits[:, None]}

    def loss(self, rows: Tensor, outputs: dict[str, Tensor]) -> Tensor:
        """Of a batch of videos."""
        kept, edited = outputs["kept"], outputs["edited"]
        dearer = torch.where(edited > 0, OVER, 1.0)
        return KEEP * _smooth_l1(kept).mean() + (dearer * _smooth_l1(edited)).mean()

    def validate(self) -> float:
        """The loss on validation, with the same edits each time."""
        generator = torch.Generator().manual_seed(self.seed)
        total = 0.0
        for part in self.validation.split(VALIDATED):
            outputs = self.forward(part, self.draw(part, generator))
            total += self.loss(part, outputs).item() * len(part)
        return total / len(self.validation)

    def _versions(self, row: int, seed: int) -> UInt8[np.ndarray, "versions moments 4 side side"]:
        """A video as it is, and as some chains of edits leave it."""
        rng = np.random.default_rng(seed)
        views = _softened(_moments(self.views[row], self.every, rng), rng)
        edited = [_edited(views, cheap_edits.draw(rng), rng) for _ in range(self.chains)]
        return np.stack([views, *edited])

    def _scores(self, student: Student, views: Tensor) -> Float[Tensor, " batch"]:
        """From 0 to 1, the ends of the scale."""
        return student(views).logits.softmax(1) @ self.values


def _smooth_l1(difference: Tensor) -> Tensor:
    nothing = torch.zeros_like(difference)
    return functional.smooth_l1_loss(difference, nothing, beta=BETA, reduction="none")


def _moments(views: Views, every: int, rng: np.random.Generator) -> Views:
    """Neighbouring moments: as many as the backbone sees one of."""
    first = int(rng.integers(max(len(views) - every, 0) + 1))
    return views[first : first + every]


def _softened(views: Views, rng: np.random.Generator) -> Views:
    """Most views as they are, others softer, larger or encoded once more.

    Uploads are softer than films, and the softer a picture is, the more an edit may add.
    """
    if rng.random() >= SOFTENED:
        return views
    name = str(rng.choice(["smooth", "denoise", "enlarge", "recode"]))
    return _edited(views, ((name, float(rng.random())),), rng)


def _edited(views: Views, chain: Chain, rng: np.random.Generator) -> Views:
    """Views as a chain of edits leaves them; of what it makes larger, a part."""
    side = views.shape[-1]
    colours = views[:, :3].transpose(0, 2, 3, 1)
    following = np.repeat(views[:, 3, :, :, None], 3, axis=-1)
    frames = np.stack([colours, following], 1).reshape(-1, side, side, 3)
    edited = cheap_edits.apply(frames, chain)
    top, left = (int(rng.integers(length - side + 1)) for length in edited.shape[1:3])
    edited = edited[:, top : top + side, left : left + side]
    pairs = zip(edited[::2], edited[1::2], strict=True)
    return np.stack([stack_view(now, after) for now, after in pairs])
