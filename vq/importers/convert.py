"""From somebody's label file to `labels.csv` and `card.yaml`: nothing is guessed silently."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from vq.data import card as cards
from vq.errors import DataError
from vq.files import atomic, write_text
from vq.importers import field_list
from vq.importers.importer_types import Form, How, Rating
from vq.importers.match import Matched, match, normal
from vq.video.suffixes import SUFFIXES
from vq.words import count, which

COLUMNS = ("video", "mos", "mos_std", "ratings", "content")
NEAR = 0.01
"""Share of the scale by which published extremes may differ: they were rounded."""


@dataclass(frozen=True)
class Labels:
    """What came of a label file."""

    ratings: tuple[Rating, ...]
    notes: tuple[str, ...]
    """What a reader should know, a sentence each; part of the card."""


def read(form: Form, path: Path, how: How, *, force: bool = False) -> Labels:
    """Read a label file and hold it against what is known of the set.

    With `force` it is taken though count or range are not those of the whole set.

    Raises:
        DataError: unreadable, nameless or contradicting rows, scores off the scale, or another
            count or range than published.
    """
    listed = form.listed and field_list.fits(path, how)
    rows = field_list.read(path, how) if listed else form.read(path, how)
    notes = [f"Read from {path.name}" + (", a list of the field's kind." if listed else ".")]
    if any(not rating.video for rating in rows):
        row = next(row for row, rating in enumerate(rows) if not rating.video)
        raise DataError(f"{path}: row {row + 1} names no video; fill it in or take it out")
    ratings, repeated = _unique(path, rows)
    if not ratings:
        raise DataError(f"{path}: rates no video; is it the right file?")
    ratings = [_grouped(rating, form) for rating in ratings]
    _check_scale(path, ratings, form)
    if repeated:
        notes.append(f"{count(repeated, 'row')} said what an earlier one said; each is there once.")
    if unrated := sum(rating.mos is None for rating in ratings):
        notes.append(f"{unrated} of {count(len(ratings), 'video')} without a mos.")
    different = _differences(ratings, form)
    if different and not force:
        raise DataError(
            f"{path}: {different[0]}; is it the right file? If it is and you want it so, say "
            "--force"
        )
    return Labels(tuple(ratings), (*notes, *(f"Taken though {one}." for one in different)))


def find_files(labels: Labels, form: Form, videos: Path | None, *, present: bool) -> Labels:
    """Give each rating the name of its file.

    Without a folder of videos, names get the suffix that the set is known for. With `present`, what
    has no file is left out.

    Raises:
        DataError: a name fits several files, none has one, or a suffix is wanted and not known.
    """
    if videos is None:
        return replace(labels, ratings=tuple(_suffixed(one, form) for one in labels.ratings))
    matched = match(labels.ratings, videos, tail=form.tail)
    if len(matched.missing) == len(labels.ratings):
        raise DataError(
            f"{videos}: has no video of the list ({len(labels.ratings)} in all), such as "
            f"{matched.missing[0]!r}; is it the right folder?"
        )
    absent = set(matched.missing)
    kept = [
        _suffixed(rating, form, guess=False) if rating.video in absent else rating
        for rating in matched.ratings
        if not (present and rating.video in absent)
    ]
    return Labels(tuple(kept), (*labels.notes, *_match_notes(matched, present=present)))


def write_labels(labels: Labels, path: Path) -> None:
    """Write `labels.csv` in this project's own dialect; further columns as the set has them."""
    more = list(dict.fromkeys(name for rating in labels.ratings for name in rating.more))
    with atomic(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*COLUMNS, *more])
        for one in labels.ratings:
            cells = (one.video, one.mos, one.mos_std, one.ratings, one.content)
            writer.writerow(["" if cell is None else cell for cell in cells]
                            + [_cell(one.more.get(name)) for name in more])  # fmt: skip


def write_card(
    form: Form, labels: Labels, path: Path, *, name: str, overrides: Mapping[str, object]
) -> None:
    """Write `card.yaml`: what is known of the set; what is not, says so.

    What the user says (`overrides`) counts more.

    Raises:
        DataError: the card lacks something that no one said.
    """
    unknown = "not known"
    facts: dict[str, Any] = {
        "name": name,
        "title": form.title,
        "opinion": "human",
        "scale": {"min": form.scale[0], "max": form.scale[1]} if form.scale else None,
        "better": form.better,
        "licence": form.licence or unknown,
        "source": form.source or unknown,
        "videos": form.videos,
        "contents": form.contents,
        "defects": form.defects or unknown,
        "note": " ".join((_layout(form), *labels.notes)),
        **overrides,
    }
    facts = {key: value for key, value in facts.items() if value is not None}
    with atomic(path) as unfinished:
        text = yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=100)
        unfinished.write_text(text, encoding="utf-8")
        cards.load(unfinished)


def write_expectations(path: Path) -> None:
    """Write an `expectations.yaml` that expects nothing, if there is none: `validate` reads it."""
    if not path.exists():
        write_text(
            path,
            "# What is expected of these videos beyond the checks of every data set, in the form\n"
            "# of Great Expectations (docs/checks.md). Nothing yet.\n",
        )


def write_columns(path: Path) -> None:
    """Write a `columns.yaml` that names none, if there is none: `import` reads it."""
    if not path.exists():
        write_text(
            path,
            "# Which further columns of labels.csv to use: slices, order, keep\n"
            "# (docs/bring-your-own-data.md). Nothing yet.\n",
        )


def _layout(form: Form) -> str:
    how = "" if form.seen else " Layout from description, not from a file."
    return f"{form.files}: {form.layout}{how}"


def _unique(path: Path, rows: Sequence[Rating]) -> tuple[list[Rating], int]:
    """Each video once; Unicode forms of a name are the same name."""
    first: dict[str, Rating] = {}
    for rating in rows:
        earlier = first.setdefault(normal(rating.video), rating)
        if (earlier.mos, earlier.mos_std) != (rating.mos, rating.mos_std):
            raise DataError(
                f"{path}: {rating.video!r} has mos {_cell(earlier.mos) or 'none'} in one row and "
                f"{_cell(rating.mos) or 'none'} in another; keep the right one"
            )
    return list(first.values()), len(rows) - len(first)


def _grouped(rating: Rating, form: Form) -> Rating:
    return replace(rating, content=rating.content or form.content(normal(rating.video)))


def _check_scale(path: Path, ratings: Sequence[Rating], form: Form) -> None:
    if form.scale is None:
        return
    low, high = form.scale
    off_scale = [one for one in ratings if one.mos is not None and not low <= one.mos <= high]
    if off_scale:
        raise DataError(
            f"{path}: {len(off_scale)} of {count(len(ratings), 'score')} "
            f"{which(len(off_scale), 'is', 'are')} not on the scale of {form.title}, {low:g} to "
            f"{high:g}: {off_scale[0].video!r} has {off_scale[0].mos:g}; is it the right file, "
            "or were its scores rescaled?"
        )


def _differences(ratings: Sequence[Rating], form: Form) -> list[str]:
    """In what these are not the whole set as it was published."""
    scores = [one.mos for one in ratings if one.mos is not None]
    differences = []
    if form.videos and form.videos != len(ratings):
        differences.append(f"it has {count(len(ratings), 'video')}, {form.title} has {form.videos}")
    if form.published and form.scale and scores:
        near = NEAR * (form.scale[1] - form.scale[0])
        low, high = min(scores), max(scores)
        if abs(low - form.published[0]) > near or abs(high - form.published[1]) > near:
            differences.append(
                f"its scores go from {low:g} to {high:g}, those of {form.title} from "
                f"{form.published[0]:g} to {form.published[1]:g}"
            )
    return differences


def _suffixed(rating: Rating, form: Form, *, guess: bool = True) -> Rating:
    if PurePosixPath(rating.video).suffix.lower() in {*SUFFIXES, ".yuv"}:
        return rating
    if form.suffix:
        return replace(rating, video=rating.video + form.suffix)
    if guess:
        raise DataError(
            f"{rating.video!r} is no name of a video file, and how they end is not known; say "
            "--videos FOLDER, where the videos are"
        )
    return rating


def _match_notes(matched: Matched, *, present: bool) -> list[str]:
    notes = []
    if matched.respelt:
        notes.append(f"{count(matched.respelt, 'name')} spelt now as the files are.")
    if matched.missing:
        what = "left out" if present else "in quarantine at the next `dvc repro`"
        notes.append(
            f"{len(matched.missing)} of {count(len(matched.ratings), 'video')} "
            f"{which(len(matched.missing), 'is', 'are')} not there, such as {matched.missing[0]}: "
            f"{what}."
        )
    return notes


def _cell(value: str | float | None) -> str:
    # repr keeps every bit of a float; csv would write the same.
    return "" if value is None else str(value)
