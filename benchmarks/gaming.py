"""What cheap edits can add to the scores of real clips.

    python -m benchmarks.gaming --videos DIR --out FILE [--tries 500] [--model DIR]

The search of the gate `gaming` (`vq.inference.gaming`) on each clip. Clips that are in the file
already are not searched again. Beside the gain stand the gain without the grain of the chain, that
of grain of 1.5 grey levels alone, and that of the chain where grain of 2.5 grey levels is laid over
every video before it is scored: a defence that the search did not know of.
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

from vq.inference import cheap_edits, gaming, runtime
from vq.scoring.locate import SHIPPED, locate
from vq.video.decode import decode

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
    for row in rows:
        if "dithered" not in row:
            row |= parts(model, args.videos / row["video"], row["chain"])
    args.out.write_text(json.dumps(rows, indent=1) + "\n")
    gains = np.array([row["gain"] for row in rows])
    table = Table("clips", "mean gain", "median", "largest", "above 0.3", title=model.card.model_id)
    above = f"{np.count_nonzero(gains > 0.3)}"
    table.add_row(
        str(len(gains)),
        *(f"{value:.3f}" for value in (gains.mean(), np.median(gains), gains.max())),
        above,
    )
    console.print(table)
    for name in ("without_grain", "grain_alone", "dithered"):
        values = np.array([row[name] for row in rows])
        console.print(f"{name}: mean {values.mean():.3f}, largest {values.max():.3f}")
    edits = Counter(name for row in rows for name, _ in row["chain"])
    console.print(", ".join(f"{name} in {count}" for name, count in edits.most_common()))


def parts(model: runtime.Model, path: Path, chain: cheap_edits.Chain) -> dict[str, float]:
    """Which part of a gain is whose; all on the scale of the student, higher is better."""
    decoded = decode(path, model.spec.indices)
    pairs = model.spec.pairs(decoded.frame_count)
    place = {number: position for position, number in enumerate(sorted(decoded.pixels))}
    frames = gaming.small(decoded.pixels[number] for number in place)

    def score(edits: cheap_edits.Chain) -> float:
        edited = cheap_edits.apply(frames, edits)
        views = [model.spec.view(edited[place[now]], edited[place[after]]) for now, after in pairs]
        return model.predict(np.stack(views)).score

    before, dither = score([]), [("grain", 2.5 / 16)]
    without = [(name, strength) for name, strength in chain if name != "grain"]
    return {
        "without_grain": score(without) - before,
        "grain_alone": score([("grain", 1.5 / 16)]) - before,
        "dithered": score([*chain, *dither]) - score(dither),
    }


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gaming", description=__doc__)
    parser.add_argument("--videos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tries", type=int, default=500)
    parser.add_argument("--model", type=Path, help="folder of a student; that of the package")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
