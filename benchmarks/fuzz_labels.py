"""Fuzz the readers of label files, guided by coverage, and print what was found.

    pip install atheris; python benchmarks/fuzz_labels.py --minutes 20

Each run takes bytes, writes them as a file of some dialect, reads it as `vq labels` does and writes
labels. Whatever leaves but a `DataError` is a finding: the fuzzer stops, and its input is kept.
Starts from files in the official layouts (`tests/importers/layouts.py`).
"""

import argparse
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
SUFFIXES = (".csv", ".txt", ".mat", ".xlsx", ".parquet")
LARGEST = 65536
OWN_DEATHS = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGXCPU)


def main() -> int:
    """Run the fuzzer as a process of its own, so that it may be killed by what it finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--corpus", type=Path, help="kept for the next time (default: a new one)")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    given, rest = parser.parse_known_args()
    if given.worker:
        return _fuzz(rest)
    corpus = given.corpus or Path(tempfile.mkdtemp(prefix="vq-fuzz-"))
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = _seed(corpus)
    limits = [f"-max_total_time={given.minutes * 60:.0f}", f"-max_len={LARGEST}", "-timeout=60"]
    command = [sys.executable, __file__, "--worker", f"-artifact_prefix={corpus}/finding-",
               "-rss_limit_mb=3000", "-print_final_stats=1", *limits, str(corpus)]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="vq-fuzz-") as folder:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                              check=False, env={**os.environ, "VQ_FUZZ": folder})  # fmt: skip
        deaths = Path(folder) / "deaths"
        killed = deaths.stat().st_size if deaths.exists() else 0
    runs = re.findall(r"stat::number_of_executed_units: (\d+)", done.stderr)
    coverage = re.findall(r"cov: (\d+) ft: (\d+)", done.stderr)
    first, last = (coverage[0], coverage[-1]) if coverage else (("?", "?"), ("?", "?"))
    sys.stdout.write(
        f"seeds {seeds}, executions {runs[-1] if runs else '?'}, edges {first[0]} -> {last[0]}, "
        f"features {first[1]} -> {last[1]}, readers killed in their process {killed}, "
        f"exit code {done.returncode}\n"
    )
    for finding in sorted(corpus.glob("finding-*")):
        sys.stdout.write(f"finding: {finding}\n")
    if done.returncode:
        sys.stdout.write(done.stderr[-4000:])
    return done.returncode


def _seed(corpus: Path) -> int:
    """Each official layout as one input: form and suffix, then the file."""
    sys.path.insert(0, str(ROOT))
    from tests.importers.layouts import LAYOUTS
    from vq.importers.forms import FORMS

    forms = list(FORMS)
    with tempfile.TemporaryDirectory() as folder:
        for name, layout in LAYOUTS.items():
            file = Path(folder) / layout.file
            layout.write(file)
            head = bytes([forms.index(layout.form), SUFFIXES.index(file.suffix), 0])
            (corpus / f"seed-{name}").write_bytes(head + file.read_bytes())
        for name, form, table in _tables(Path(folder)):
            head = bytes([forms.index(form), SUFFIXES.index(table.suffix), 0])
            (corpus / f"seed-{name}").write_bytes(head + table.read_bytes())
    return len(list(corpus.glob("seed-*")))


def _tables(folder: Path) -> list[tuple[str, str, Path]]:
    import pandas as pd

    frame = pd.DataFrame({"video": ["a.mp4", "b.mp4"], "mos": [1.5, None], "mood": ["x", None]})
    frame.to_parquet(folder / "own.parquet")
    frame.to_excel(folder / "own.xlsx", index=False)
    return [("parquet", "own", folder / "own.parquet"), ("excel", "own", folder / "own.xlsx")]


def _fuzz(arguments: list[str]) -> int:
    import atheris

    sys.path.insert(0, str(ROOT))
    # Loaded before what is instrumented: their branches are not ours to cover.
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import pydantic  # noqa: F401

    with atheris.instrument_imports(include=["vq.importers", "scipy.io.matlab", "openpyxl"]):
        import openpyxl  # noqa: F401
        import scipy.io  # noqa: F401

        from vq.importers import convert, matlab
        from vq.importers.forms import FORMS
    from dataclasses import replace

    from vq.errors import DataError
    from vq.importers.importer_types import How

    forms = list(FORMS.values())
    folder = Path(os.environ["VQ_FUZZ"])
    videos = folder / "videos"
    for name in ("a.mp4", "train/0008.mp4", "Test1/City/Test01_City_D01.avi"):
        (videos / name).parent.mkdir(parents=True, exist_ok=True)
        (videos / name).touch()

    deaths = folder / "deaths"
    matlab.in_processes = partial(_here, deaths)  # type: ignore[attr-defined]

    def one(data: bytes) -> None:
        if len(data) < 3:
            return
        form = forms[data[0] % len(forms)]
        form = form if form.scale else replace(form, scale=(0.0, 5.0))
        path = folder / f"labels{SUFFIXES[data[1] % len(SUFFIXES)]}"
        path.write_bytes(data[3:])
        how = How({}, ("", ";")[data[2] % 2], path if data[2] & 2 else None)
        try:
            labels = convert.read(form, path, how, anyway=True)
            labels = convert.find_files(labels, form, videos, present=bool(data[2] & 4))
            convert.write_labels(labels, folder / "out.csv")
            convert.write_card(
                form, labels, folder / "card.yaml", name="x", overrides={"licence": "none"}
            )
        except DataError:
            pass

    atheris.Setup([sys.argv[0], *arguments], one)
    atheris.Fuzz()
    return 0


def _here(
    deaths: Path,
    work: Callable[[Path], object],
    items: Sequence[Path],
    *,
    jobs: int,
    lost: object,
) -> Iterator[object]:
    """`in_processes`, but here, where coverage counts, for what a child has survived."""
    for item in items:
        if child := os.fork():
            _, status = os.waitpid(child, 0)
        else:
            # The fuzzer's own handlers would report the child's death as the parent's.
            for number in OWN_DEATHS:
                signal.signal(number, signal.SIG_DFL)
            with suppress(Exception):
                work(item)
            os._exit(0)
        if status:
            with deaths.open("a") as file:
                file.write("x")
        if status:
            yield lost
        else:
            with _unlimited():
                found = work(item)
            yield found


@contextmanager
def _unlimited() -> Iterator[None]:
    """What limits its process, as the reader of MATLAB files does, must not limit the fuzzer's."""
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    kinds = (resource.RLIMIT_DATA, resource.RLIMIT_CPU)
    before = [resource.getrlimit(kind) for kind in kinds]
    try:
        yield
    finally:
        for kind, limits in zip(kinds, before, strict=True):
            resource.setrlimit(kind, limits)


if __name__ == "__main__":
    raise SystemExit(main())
