"""What people read of a look at recent videos."""

from vq.drift.report import DriftReport
from vq.words import count, which


def headline(report: DriftReport) -> str:
    """One sentence: what drifted."""
    if not report.comparisons:
        return f"nothing could be compared of {count(report.rows, 'recent video')}"
    if not report.drifted:
        return f"{count(report.rows, 'recent video')}: like those of the training"
    names = ", ".join(one.column for one in report.drifted)
    verb = which(report.rows, "differs", "differ")
    return f"{count(report.rows, 'recent video')} {verb} from those of the training in {names}"


def markdown(report: DriftReport) -> str:
    """The headline, then a row for each column, the largest difference first."""
    lines = [f"## {headline(report)}", ""]
    if report.comparisons:
        lines += [
            "| column | difference of shares | p, adjusted | | what changed | contents | recent |",
            "|---|---:|---:|---|---|---:|---:|",
            *(
                f"| {one.column} | {one.effect:.2f} | {one.adjusted:.2g} "
                f"| {'**drifted**' if one.drifted else ''} | {one.sentence} "
                f"| {one.trained} | {one.recent} |"
                for one in sorted(report.comparisons, key=lambda one: -one.effect)
            ),
            "",
        ]
    lines += [f"- not compared: {sentence}" for sentence in report.left_out]
    return "\n".join(lines) + "\n"
