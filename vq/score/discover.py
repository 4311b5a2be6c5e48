"""Which videos a path, a folder or a pattern names."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from vq.score.rows import Row
from vq.video.suffixes import SUFFIXES


def discover(inputs: Sequence[str]) -> list[Path | Row]:
    """The videos that `inputs` name, each once, and a `missing` row for each input that names none.

    A file stands for itself. A folder stands for every video in it and below, in order of their
    paths; hidden files and folders are left out. Anything else is a pattern (`*`, `?`, `[ab]`, and
    `**` for any depth), whose files and folders are treated likewise.
    """
    found: dict[Path, None] = {}
    answer: list[Path | Row] = []
    for text in inputs:
        try:
            videos, reason = _expand(text)
        except (OSError, ValueError) as error:
            videos, reason = [], f"cannot be looked for ({error})"
        if reason:
            answer.append(Row(video=text, status="missing", reason=reason))
        answer.extend(video for video in videos if video not in found)
        found.update(dict.fromkeys(videos))
    return answer


def _expand(text: str) -> tuple[list[Path], str]:
    """The videos of one input, and why there are none."""
    path = Path(text)
    if not text:  # an unset variable, not the current folder
        return [], "no such file or folder"
    if path.is_dir():
        videos = list(_inside(path))
        return videos, "" if videos else "the folder holds no video file"
    if path.exists():
        return [path], ""
    if not any(character in text for character in "*?["):
        return [], "no such file or folder"
    videos = []
    for match in sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))):
        videos.extend(_inside(match) if match.is_dir() else [match])
    return videos, "" if videos else "the pattern matches no video file"


def _inside(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
            yield path
