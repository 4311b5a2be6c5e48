"""What cheap edits can add to the scores of real clips.

    python -m benchmarks.gaming --videos DIR --out FILE [--tries 500] [--model DIR]

The search of the gate `gaming` (`vq.inference.gaming`) on each clip. Clips that are in the file
already are not searched again.
"""

import argparse
import json
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from vq.inference import gaming, runtime
from vq.scoring.locate import SHIPPED, locate

SEED = 7


def main(argv: Sequence[str] | None = None) -> None:
    """Search, print the table, write the results."""
    args = _parse(argv)
    model = runtime.load(args.model or locate(SHIPPED))
    rows = json.loads(args.out.read_text()) if args.out.exists() else []
    console = Console(width=140)
    for path in sorted(args.videos.iterdir()):
        if any(row["video"] == path.name for row in rows):
            continue
        rng = np.random.default_rng([SEED, zlib.crc32(path.name.encode())])
        gain = gaming.search(model, path, tries=args.tries, rng=rng)
        row = {"video": path.name, "tries": args.tries, "before": gain.before, "gain": gain.gain}
        rows.append({**row, "chain": list(gain.chain), "words": gain.words})
        args.out.write_text(json.dumps(rows, indent=1) + "\n")
        console.print(f"{path.name}: {gain.before:.2f} {gain.gain:+.3f} {gain.words}")
    gains = np.array([row["gain"] for row in rows])
    table = Table("clips", "mean gain", "median", "largest", "above 0.3", title=model.card.model_id)
    above = f"{np.count_nonzero(gains > 0.3)}"
    table.add_row(
        str(len(gains)),
        *(f"{value:.3f}" for value in (gains.mean(), np.median(gains), gains.max())),
        above,
    )
    console.print(table)
    edits = Counter(name for row in rows for name, _ in row["chain"])
    console.print(", ".join(f"{name} in {count}" for name, count in edits.most_common()))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gaming", description=__doc__)
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tries", type=int, default=500)
    parser.add_argument("--model", type=Path, help="folder of a student; that of the package")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
