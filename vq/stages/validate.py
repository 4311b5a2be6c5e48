"""Stage: check the manifest; rows that fail go to quarantine."""

import logging
from pathlib import Path

from vq import params as schema
from vq.data import card as cards
from vq.data import manifest as manifests
from vq.errors import DataError
from vq.files import write_csv, write_measurements
from vq.validation import kinds
from vq.words import count, which

log = logging.getLogger(__name__)


def validate(
    *,
    manifest: Path,
    card: Path,
    expectations: Path,
    accepted: Path,
    quarantine: Path,
    summary: Path,
    params: schema.Validate,
) -> None:
    """Part the manifest into rows that are fit for training and rows with a finding.

    Written are `accepted`, the rows without a finding, as a manifest; `quarantine`, CSV with
    `video`, `check`, `value`, `remedy`, one line for each other row; `summary`, counts as JSON,
    `kinds` among the accepted rows, and beside it, in `data_docs`, HTML pages with details.
    `expectations` are the data set's own, of its rows and of the table of the accepted ones.

    Raises:
        DataError: no row is accepted, more than `max_rejected` are not, or the table does not meet
            its expectations; all files are written. Or an expectation is wrong; none is.
    """
    # Great Expectations takes seconds to import, and logs a great deal.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    from vq.validation import manifest_checks
    from vq.validation.expectations import load

    rows = manifests.read(manifest)
    docs = summary.parent / "data_docs"
    expected = load(expectations, rows.columns)
    outcome = manifest_checks.find(
        rows, card=cards.load(card), expected=expected, params=params, docs=docs
    )
    findings = outcome.rejected
    manifests.write(rows.drop(index=findings.index), accepted)
    write_csv(quarantine, findings)
    counts = findings["check"].value_counts()
    share = len(findings) / max(len(rows), 1)
    numbers = {
        "rows": len(rows),
        "accepted": len(rows) - len(findings),
        "rejected": len(findings),
        "rejected_share": round(share, 6),
        "by_check": {
            name: int(counts.get(name, 0))
            for name in (*manifest_checks.NAMES, *(check.name for check in expected.rows))
        },
        "expectations": {
            "of_rows": len(expected.rows),
            "of_table": len(expected.table),
            "failed": len(outcome.failures),
            "warnings": len(outcome.warnings),
        },
        "kinds": kinds.count(rows.drop(index=findings.index)),
    }
    write_measurements(summary, numbers)
    log.info("%d of %s accepted", len(rows) - len(findings), count(len(rows), "row"))
    for sentence in outcome.warnings:
        log.warning("%s", sentence)
    if len(findings) == len(rows):
        raise DataError(
            f"{manifest}: none of its {count(len(rows), 'row')} is accepted; see {quarantine}"
        )
    if share > params.max_rejected:
        raise DataError(
            f"{manifest}: {len(findings)} of {count(len(rows), 'row')} ({share:.1%}) "
            f"{which(len(findings), 'is', 'are')} rejected, more than validate.max_rejected allows "
            f"({params.max_rejected:.1%}); mend what {quarantine} "
            f"lists, see {docs / 'index.html'} for details, or raise the limit"
        )
    if outcome.failures:
        raise DataError("\n".join(outcome.failures))
