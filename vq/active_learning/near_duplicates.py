"""Videos that need no rating, since they show the same as another one, or cannot be played."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from vq.duplicates.find_pairs import find
from vq.params import Import, Split
from vq.scoring.names import is_url
from vq.video.fingerprint import Fingerprint
from vq.video.inspect import look_at

LABELLED = "the labelled videos"


class NearDuplicates:
    """Looks at videos as they are chosen, and compares each with those before it."""

    def __init__(
        self, labelled: Sequence[Fingerprint], *, settings: Import, split: Split, jobs: int
    ) -> None:
        """Begin with the fingerprints of labelled videos; `split` says what is a near-duplicate."""
        self._settings, self._split, self._jobs = settings, split, jobs
        self._prints = list(labelled)
        # Pairs within a group are not looked for.
        self._names = [LABELLED] * len(self._prints)
        self.unseen: list[str] = []
        """Videos that are no files here, and were compared with none."""

    def check(self, videos: Sequence[str]) -> Mapping[str, str]:
        """Why some of these are not to be rated, by name."""
        files = {video: Path(video) for video in videos if not is_url(video)}
        self.unseen += [video for video in videos if video not in files]
        looks = look_at(
            list(files.values()), jobs=self._jobs, settings=self._settings, fingerprints=True
        )
        problems = {}
        first = len(self._prints)
        for video, look in zip(files, looks, strict=True):
            if look.problem:
                problems[video] = look.problem
            elif look.fingerprint is not None:
                self._prints.append(look.fingerprint)
                self._names.append(video)
        for earlier, later in sorted(self._pairs(), key=lambda pair: pair[1]):
            # Of three alike the first is kept, whatever the others are like.
            if later >= first and self._names[earlier] not in problems:
                problems[self._names[later]] = f"shows the same as {self._names[earlier]}"
        kept = [place for place, name in enumerate(self._names) if name not in problems]
        self._prints = [self._prints[place] for place in kept]
        self._names = [self._names[place] for place in kept]
        return problems

    def _pairs(self) -> Iterator[tuple[int, int]]:
        yield from find(
            self._prints,
            self._names,
            bits=self._split.near_bits,
            share=self._split.near_share,
        )
