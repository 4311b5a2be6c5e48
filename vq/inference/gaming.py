"""How much cheap edits can add to a score: a bounded search for the worst case.

Whoever is paid by a score will look for such edits. The search draws chains of one to three, and
then changes the best one so far: what it comes upon is the least that a determined uploader gains.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from vq.data.paths import inside
from vq.inference import cheap_edits
from vq.inference.cheap_edits import Chain, Edited, Frames
from vq.inference.runtime import Model
from vq.video.decode import decode

SIDE_PX = 384
"""Long side to which a video is scaled down first: a try then costs a tenth of a second."""
DRAWN = 0.4
"""Share of the tries that are drawn anew; the others change the best chain so far."""
STEP = 0.15
"""Standard deviation by which a strength is changed."""


@dataclass(frozen=True)
class Gain:
    """The best that was found for one video."""

    before: float
    """Score of the video, on the scale of the student."""
    gain: float
    """What the edits add, in the direction of better; 0 if nothing adds anything."""
    chain: Chain

    @property
    def words(self) -> str:
        """The edits, for people."""
        return cheap_edits.in_words(self.chain)


def search(model: Model, path: Path, *, tries: int, rng: np.random.Generator) -> Gain:
    """Look for the edits that add most to the score of a video.

    Edits see whole frames, those of the moments that the student looks at.

    Raises:
        VideoError: the file cannot be read as video.
    """
    decoded = decode(path, model.spec.indices)
    pairs = model.spec.pairs(decoded.frame_count)
    numbers = sorted(decoded.pixels)
    place = {number: position for position, number in enumerate(numbers)}
    frames = small(decoded.pixels[number] for number in numbers)
    sign = 1.0 if model.card.better == "higher" else -1.0

    def score(edited: Edited) -> float:
        views = [model.spec.view(edited[place[now]], edited[place[after]]) for now, after in pairs]
        return sign * model.predict(np.stack(views)).score

    before = score(frames)
    best = before
    chain: Chain = ()
    for _ in range(tries):
        fresh = not chain or rng.random() < DRAWN
        candidate = cheap_edits.draw(rng) if fresh else _changed(chain, rng)
        value = score(cheap_edits.apply(frames, candidate))
        if value > best:
            best, chain = value, candidate
    return Gain(sign * before, best - before, chain)


def measure(
    rows: pd.DataFrame, videos: Path, model: Model, *, count: int, tries: int, seed: int
) -> dict[str, Any] | None:
    """Search for what cheap edits add to the scores of the best-rated videos.

    The best of each content, and of these the best `count`: nothing can be added to what they show,
    so whatever a score gains is false. `rows` have `video`, `mos` and `content`.

    Returns:
        `videos` and `tries` of each; `mean` and `most`, what the scores gain at most by video; and
        `worst`, the worst case: `video`, `before`, `gain`, `chain`, `words`. None without videos.

    Raises:
        VideoError: a video cannot be decoded any more.
    """
    order = rows.sort_values("mos", ascending=model.card.better != "higher", kind="stable")
    chosen = order.drop_duplicates("content")["video"].tolist()[:count]
    if not chosen:
        return None
    gains = [
        search(model, path, tries=tries, rng=np.random.default_rng([seed, number]))
        for number, path in enumerate(inside(videos, chosen))
    ]
    values = [gain.gain for gain in gains]
    worst = int(np.argmax(values))
    return {
        "videos": len(chosen),
        "tries": tries,
        "mean": round(float(np.mean(values)), 6),
        "most": round(values[worst], 6),
        "worst": {
            "video": chosen[worst],
            "before": round(gains[worst].before, 6),
            "gain": round(values[worst], 6),
            "chain": [[name, round(strength, 6)] for name, strength in gains[worst].chain],
            "words": gains[worst].words,
        },
    }


def small(frames: Iterable[np.ndarray]) -> Frames:
    """Frames scaled down so that the long side is at most `SIDE_PX`, of even sides."""
    pictures = []
    for frame in frames:
        factor = min(1.0, SIDE_PX / max(frame.shape[:2]))
        height, width = (max(round(side * factor / 2) * 2, 2) for side in frame.shape[:2])
        picture = Image.fromarray(frame)
        if (width, height) != picture.size:
            picture = picture.resize((width, height), Image.Resampling.LANCZOS)
        pictures.append(np.asarray(picture))
    return np.stack(pictures)


def _changed(chain: Chain, rng: np.random.Generator) -> Chain:
    """Other strengths; now and then an edit more or less."""
    strengths = {
        name: float(np.clip(value + STEP * rng.standard_normal(), 0, 1)) for name, value in chain
    }
    chance = rng.random()
    if chance < 0.2 and len(strengths) > 1:
        del strengths[str(rng.choice(list(strengths)))]
    elif chance < 0.4 and len(strengths) < cheap_edits.MOST:
        strengths.setdefault(str(rng.choice(list(cheap_edits.EDITS))), float(rng.random()))
    return cheap_edits.ordered(strengths)
