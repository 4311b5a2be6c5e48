"""Data Docs that are read without a network.

Great Expectations lays its pages out with styles, scripts and pictures of other hosts. Without them
its list of suites is empty.
"""

import html
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_LOADED = re.compile(r"<(script|style|footer)\b.*?</\1>|<(link|img)\b[^>]*>", re.DOTALL)


def finish(docs: Path, outcomes: Mapping[str, bool], findings: Sequence["pd.DataFrame"]) -> None:
    """Make the pages in a folder stand for themselves, and write `index.html`.

    `outcomes` says of each suite whether all its expectations are met; the page links to it, and
    lists the findings.
    """
    style = f"<style>{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"
    suites = [_suite(docs, name, met=met) for name, met in sorted(outcomes.items())]
    rows = [map(html.escape, row) for table in findings for row in table.to_numpy()]
    (docs / "index.html").write_text(
        '<!DOCTYPE html><html lang="en"><head><meta charset="UTF-8"><title>Data Docs</title></head>'
        f"<body><h4>Data Docs</h4>{_table(('suite', 'outcome'), suites)}"
        f"<h5>Findings</h5>{_table(findings[0].columns, rows)}</body></html>\n",
        encoding="utf-8",
    )
    for page in docs.rglob("*.html"):
        text = _LOADED.sub("", page.read_text(encoding="utf-8"))
        page.write_text(text.replace("</head>", f"{style}</head>", 1), encoding="utf-8")
    shutil.rmtree(docs / "static")


def _suite(docs: Path, name: str, *, met: bool) -> tuple[str, str]:
    (page,) = docs.glob(f"validations/{name}/**/*.html")
    mark = "fa-check-circle text-success" if met else "fa-times text-danger"
    link = f'<a href="{page.relative_to(docs).as_posix()}">{name}</a>'
    return link, f'<i class="{mark}"></i> {"met" if met else "not met"}'


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    return (
        f"<table><thead><tr>{''.join(f'<th>{cell}</th>' for cell in head)}</tr></thead>"
        f"<tbody>{''.join(f'<tr>{line}</tr>' for line in lines)}</tbody></table>"
    )
