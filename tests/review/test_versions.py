"""The checks of what a change does to the data."""

from pathlib import Path

from vq.review.revision import Revision
from vq.review.versions import judge

MANIFEST = """\
video,sha256,dataset,content,mos,mos_std,ratings
a.mkv,0a,{dataset},a,3.0,,
"""


def revision(card: str, manifest: str) -> Revision:
    """A workspace with a card of one name and the manifest of another, or the same, data set."""
    text = f"{{name: {card}, opinion: human, scale: {{min: 1, max: 5}}, licence: ours}}"
    return Revision(
        name=card,
        subject="",
        stages={},
        files={"manifest": MANIFEST.format(dataset=manifest).encode(), "card": text.encode()},
        params={"params.yaml": Path("params.yaml").read_text()},
    )


def test_videos_of_another_data_set_are_not_held_against_the_limits() -> None:
    """After `data.dir` was changed, and before `import` has run."""
    old = revision("demo", "demo")

    section, holds = judge(old, revision("ours", "demo"), to_run=False)
    same, still = judge(old, revision("demo", "demo"), to_run=False)

    assert section.headline == (
        "the data cannot be checked: at ours, `import` ran last for another data set (`demo`)"
    )
    assert not holds
    assert same.headline == "checks of the data: every limit holds"
    assert still
