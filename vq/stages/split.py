"""Stage: put each content into train, validation or test, what shows the same into one."""

import logging
from pathlib import Path

from vq import params as schema
from vq.data import fingerprint_store, manifest
from vq.data import split as sides
from vq.duplicates import pairs_table
from vq.duplicates.join import representatives
from vq.files import write_csv
from vq.words import count

log = logging.getLogger(__name__)


def split(
    *, accepted: Path, fingerprints: Path, splits: Path, near_duplicates: Path, params: schema.Split
) -> None:
    """Write the side of every content, and repeated splits of what is not test.

    Fingerprints are those that `import` wrote; `splits` are written as `vq.data.split.assign` makes
    them, `near_duplicates` as CSV.

    Raises:
        DataError: too few contents on a side; the near-duplicates are written.
    """
    rows = manifest.read(accepted)
    if params.near_duplicates == "off":
        pairs = pairs_table.NONE
    else:
        prints = fingerprint_store.read(fingerprints, rows["sha256"].tolist())
        pairs = pairs_table.pairs(rows, prints, bits=params.near_bits, share=params.near_share)
    joined = params.near_duplicates == "join"
    ends = zip(pairs["content_a"], pairs["content_b"], strict=True)
    table = sides.assign(
        rows["content"],
        salt=params.salt,
        validation=params.validation,
        test=params.test,
        repeats=params.repeats,
        representatives=representatives(rows["content"], ends) if joined else {},
    )
    judged = pairs_table.judge(pairs, table, joined=joined)
    write_csv(near_duplicates, judged)
    pairs_table.tell(judged, near_duplicates)
    sides.check(table)
    write_csv(splits, table)
    log.info("%s: %s", count(len(table), "content"), table["split"].value_counts().to_dict())
