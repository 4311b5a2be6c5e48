"""One rating session: its clips, its links, and what a rater gets to see."""

import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from vq.errors import DataError
from vq.rating.clips import Clip, Role, digest
from vq.rating.forms import Playable
from vq.rating.playlist import Trial, pairs, single_clips
from vq.rating.preparation import Preparation, look_at
from vq.rating.store import NAME, Store, StoredClip
from vq.rating.tokens import Role as TokenRole
from vq.rating.tokens import Signer, Token
from vq.scoring.names import as_text, from_text
from vq.words import count
from vq.workers.limits import Limits
from vq.workers.lock import hold

Mode = Literal["single", "pairs"]
DAY_SECONDS = 86_400
DEFAULT_TRAINING = 3
"""Clips that are also shown first, uncounted, if no training clips are named."""


class GoneError(Exception):
    """A clip that can no longer be shown; the text says why."""


class NotReadyError(Exception):
    """A clip that is still being prepared."""


@dataclass(frozen=True)
class Settings:
    """How a session goes."""

    mode: Mode = "single"
    display: Literal["native", "fit"] = "native"
    """`native`: pixel for pixel, smaller only if the screen is; `fit`: fills the screen."""
    clips_per_rater: int = 100
    repeats: int = 2
    """Clips, or pairs, that each rater sees a second time."""
    break_minutes: float = 20.0
    """Of rating, after which the page proposes a break."""
    most_raters: int = 500
    days: float = 14.0
    """How long links work."""
    seed: int = 0
    """Of all orders; raters differ by their names."""


class Session:
    """A session that is open for raters."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        """Open the session in a folder, or begin one there.

        Raises:
            DataError: the folder has a session of another mode, or no room for one.
            BusyError: another service has it open.
        """
        self.folder, self.settings = folder, settings
        self._closing = ExitStack()
        try:
            # Tokens and ratings are nobody else's business.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(
                f"{folder}: cannot be made ({error.strerror}); name another --out"
            ) from error
        busy = f"{folder}: is open in another `vq rate` (process {{}}); end that one first"
        lock, holder = folder / "lock", folder / "lock.pid"
        self._closing.enter_context(hold(lock, holder, busy=busy.format))
        self.store = Store(folder / NAME)
        self._closing.callback(self.store.close)
        mode = self.store.set_default("mode", settings.mode)
        if mode != settings.mode:
            raise DataError(f"{folder}: is a session of mode {mode}; name another --out")
        self.id = self.store.set_default("session", secrets.token_hex(6))
        secret = bytes.fromhex(self.store.set_default("secret", secrets.token_hex(32)))
        self.signer = Signer(self.id, secret)
        self._clips: dict[int, StoredClip] = {}
        self._preparation: Preparation | None = None

    def take(
        self, test: Sequence[Clip], training: Sequence[Clip], gold: Sequence[Clip], *,
        jobs: int, limits: Limits, say: Callable[[str], object],
    ) -> None:  # fmt: skip
        """Look at the clips, and prepare those that browsers cannot play as they are.

        Clips that the session had before and that are not among these keep their ratings and are
        not shown any more. `say` gets a sentence for each that cannot be rated.

        Raises:
            DataError: a file has changed since it was rated, or fewer than two clips are left.
        """
        wanted: list[tuple[Role, Clip]] = [
            *(("test", clip) for clip in test),
            *(("training", clip) for clip in training),
            *(("gold", clip) for clip in gold),
        ]
        before = {(clip.role, clip.name): clip for clip in self.store.clips()}
        looks = look_at([clip.path for _, clip in wanted], jobs=jobs, limits=limits)
        number = max((clip.number for clip in before.values()), default=0)
        clips = []
        for (role, clip), look in zip(wanted, looks, strict=True):
            old = before.get((role, clip.name))
            number += old is None
            stored = _stored(role, clip, look, old.number if old else number)
            if old and not stored.problem and not old.problem:
                self._check_unchanged(old, stored)
            if stored.problem:
                say(f"{clip.path}: {stored.problem}")
            clips.append(stored)
        rated = [clip for clip in clips if clip.role == "test" and not clip.problem]
        if len(rated) < 2:
            raise DataError(
                f"{count(len(rated), 'clip')} can be rated; give two or more that browsers can play"
            )
        self.store.put_clips(clips)
        self._clips = {clip.number: clip for clip in self.store.clips()}
        self._preparation = Preparation(
            self.folder / "media", clips, refuse=self._refuse, limits=limits
        )
        self._preparation.start()
        self._closing.callback(self._preparation.stop)

    def close(self) -> None:
        """Leave the session; it can be opened again."""
        self._closing.close()

    @property
    def clips(self) -> list[StoredClip]:
        """All that it ever had."""
        return list(self._clips.values())

    @property
    def waiting(self) -> int:
        """How many clips are still being prepared."""
        return self._preparation.waiting if self._preparation else 0

    def token(self, role: TokenRole, subject: str = "") -> str:
        """A token for a link, which works from now on."""
        expires = int(time.time() + self.settings.days * DAY_SECONDS)
        return self.signer.sign(Token(role, subject, expires))

    def trials(self, rater: str) -> list[Trial]:
        """A new list of trials for a rater, the same whenever it is made from the same state."""
        settings = self.settings
        name = int.from_bytes(hashlib.sha256(rater.encode()).digest()[:8])
        rng = np.random.default_rng([settings.seed, name])
        test, training, gold = (
            [clip.number for clip in self._clips.values() if _is_shown(clip, role)]
            for role in ("test", "training", "gold")
        )
        training = training or _spread(test, DEFAULT_TRAINING)
        assigned = self.store.assigned()
        if settings.mode == "pairs":
            return pairs(
                test, training=training, repeats=settings.repeats, most=settings.clips_per_rater,
                assigned=assigned, rng=rng,
            )  # fmt: skip
        return single_clips(
            test, training=training, gold=gold, repeats=settings.repeats,
            most=settings.clips_per_rater, assigned=assigned, rng=rng,
        )  # fmt: skip

    def file(self, trial: Trial, part: int) -> tuple[Path, str]:
        """The file of the first (0) or second (1) clip of a trial, and its media type.

        Raises:
            GoneError: it is not shown any more, or its file has changed.
            NotReadyError: it is being prepared.
        """
        number = trial.second if part else trial.first
        clip = self._clips.get(number or 0)
        if clip is None or self._preparation is None:
            raise GoneError("the trial has no such clip")
        if clip.problem or not clip.active:
            raise GoneError(clip.problem or "is no longer in the session")
        path = self._preparation.file(clip)
        if path is None:
            raise NotReadyError
        problem = _change(clip)
        if problem or not path.is_file():
            raise GoneError(problem or "its copy for browsers is gone")
        return path, clip.media_type

    def _refuse(self, number: int, problem: str) -> None:
        self._clips[number] = replace(self._clips[number], problem=problem)
        self.store.refuse_clip(number, problem)

    def _check_unchanged(self, old: StoredClip, new: StoredClip) -> None:
        if old.digest != new.digest:
            raise DataError(
                f"{from_text(new.path)}: has changed since the session in {self.folder} began; "
                "restore it, give it another name, or name another --out"
            )


def _stored(role: Role, clip: Clip, look: Playable, number: int) -> StoredClip:
    problem = look.problem
    try:
        modified, fingerprint = clip.path.stat().st_mtime_ns, digest(clip.path)
    except OSError as error:
        modified, fingerprint = 0, ""
        problem = problem or f"cannot be read ({error.strerror}); restore the file"
    return StoredClip(
        number, role, clip.name, as_text(str(clip.path.absolute())), clip.low, clip.high,
        fingerprint, modified, look.form, look.media_type, look.width, look.height,
        look.duration_s, problem, clip.random,
        active=True,
    )  # fmt: skip


def _is_shown(clip: StoredClip, role: str) -> bool:
    return clip.role == role and clip.active and not clip.problem


def _spread(numbers: list[int], most: int) -> list[int]:
    """At most so many, equally spaced."""
    most = min(most, len(numbers))
    return [numbers[place * len(numbers) // most] for place in range(most)]


def _change(clip: StoredClip) -> str:
    path = Path(from_text(clip.path))
    try:
        if path.stat().st_mtime_ns == clip.modified_ns or digest(path) == clip.digest:
            return ""
    except OSError as error:
        return f"its file cannot be read any more ({error.strerror})"
    return "its file has changed since the session began"
