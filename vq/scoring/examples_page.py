"""The page of examples: what videos of each score look like, so that a threshold can be chosen."""

from collections.abc import Sequence
from html import escape
from itertools import takewhile
from pathlib import Path
from string import Template

from vq.scoring.examples import Example, Step
from vq.scoring.names import as_text
from vq.scoring.scoring_pool import Greeting
from vq.words import count

TEMPLATE = Path(__file__).with_name("examples.html")
MARK = '<meta name="generator" content="vq score --examples">'
"""By which a page is known as ours."""
SYNTHETIC = (
    '<p class="banner">The model learnt from a synthetic MOS: a score says how visible damage is '
    "to a metric, not what people like.</p>"
)


def render(steps: Sequence[Step], greeting: Greeting, *, videos: int) -> str:
    """The page as HTML: one file, no script, nothing from elsewhere."""
    folder = _folder([one.row.video for step in steps for one in step.examples])
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        mark=MARK,
        banner=SYNTHETIC if greeting.opinion == "synthetic" else "",
        lead=escape(
            f"{count(videos, 'scored video')}. A score is {greeting.scale}. Scroll to where videos "
            "become good enough for you: the line between two steps says how many a threshold "
            "there would leave below it."
        ),
        steps="\n".join(_step(step, videos, folder) for step in steps)
        or "<p>No video has a score.</p>",
        model=escape(greeting.model),
    )


def _folder(videos: Sequence[str]) -> str:
    """What all names begin with, up to a slash: it says nothing and takes two lines."""
    if len(videos) < 2:
        return ""
    least, most = min(videos), max(videos)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(least, most, strict=False))
    start = "".join(one for one, _ in same)
    return start[: start.rfind("/") + 1]


def _step(step: Step, videos: int, folder: str) -> str:
    share = step.below / videos
    line = (
        f'<p class="threshold"><b>{step.low:g}</b><span>{count(step.below, "video")} of {videos} '
        f"({share:.0%}) below</span></p>"
        if step.below
        else ""
    )
    cards = "\n".join(_card(one, folder) for one in step.examples) or '<p class="soft">no video</p>'
    shown = len(step.examples)
    some = f", {shown} of them at random" if shown < step.videos else ""
    return (
        f"{line}\n<section>\n<h2>{step.low:g} to {step.high:g}<small>"
        f"{count(step.videos, 'video')}{some}</small></h2>\n"
        f'<div class="grid">\n{cards}\n</div>\n</section>'
    )


def _card(example: Example, folder: str) -> str:
    row = example.row
    path = escape(as_text(row.video))
    name = escape(as_text(row.video.removeprefix(folder)))
    picture = (
        f'<img src="{example.picture}" alt="The frame in the middle of {name}" loading="lazy">'
        if example.picture
        else '<div class="none">no picture: the file cannot be decoded any more</div>'
    )
    facts = [row.label]
    if row.low is not None and row.high is not None:
        facts.append(f"{row.low:.1f} to {row.high:.1f}")
    if row.percentile is not None:
        facts.append(f"better than {row.percentile:.0f} %")
    return (
        f'<figure>{picture}<figcaption><p class="score"><b>{row.score:.2f}</b> '
        f"{' · '.join(f'<span>{escape(one)}</span>' for one in facts)}</p>"
        f'<p class="name" title="{path}">{name}</p></figcaption>'
        "</figure>"
    )
