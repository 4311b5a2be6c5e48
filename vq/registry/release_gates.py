"""The gates that need the world: the champion, this machine, the state of the code."""

import statistics
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from vq import params
from vq.errors import DataError, WeightsError
from vq.gates import leakage
from vq.gates.verdict import Gate, Verdict, shut
from vq.gates.verdict import interval as ends
from vq.inference import runtime
from vq.metrics import paired_difference
from vq.metrics.agreement import srcc
from vq.metrics.interval import Bootstrap
from vq.registry.candidate import Candidate
from vq.registry.paired_scores import Champion, PairedScores, paired_scores, rated
from vq.registry.source import Source
from vq.words import count, which


def judge(
    candidate: Candidate, champion: Champion | None, *, settings: params.Release, seed: int
) -> tuple[Verdict, PairedScores | None]:
    """Check a candidate against the champion, this machine and the state of the code.

    A champion that has learnt from one of today's test videos has an unfair advantage, and a
    comparison would mean nothing: then the candidate does not pass.

    Without a champion there is nobody to be compared with; `seed` is that of the resamples.

    Returns:
        The verdict, and the scores of both, if they were compared.

    Raises:
        DataError: no test video has both a rating and views.
        WeightsError: the student's bundle is broken.
    """
    student = runtime.load(candidate.student)
    rows = rated(candidate.videos, student.card.dataset)
    gates = list(_gates(candidate, student, rows, settings))
    if champion is None:
        return Verdict(tuple(gates)), None
    unseen = _no_leakage(candidate.videos.tested(), champion)
    gates.append(unseen)
    if not unseen.passed:
        return Verdict(tuple(gates)), None
    try:
        other = runtime.load(champion.bundle)
    except (WeightsError, DataError) as error:
        sentence = f"Champion {champion.version} cannot be loaded ({error})."
        return Verdict((*gates, shut(COMPARED, -settings.margin, sentence))), None
    pair = paired_scores(student, other, rows, candidate.videos)
    gates.append(_non_inferiority(pair, champion.version, settings, seed))
    return Verdict(tuple(gates)), pair


COMPARED = "champion"
"""Name of the gate that compares the two."""


def _gates(
    candidate: Candidate, student: runtime.Model, rows: pd.DataFrame, settings: params.Release
) -> Iterator[Gate]:
    yield _committed(candidate.source)
    videos = [candidate.videos.folder / name for name in rows["video"]]
    yield _fast(student, videos[: settings.timed_videos], settings.max_score_ms)


def _committed(source: Source) -> Gate:
    files = source.changed
    sentence = (
        f"{count(len(files), 'file')} {which(len(files), 'differs', 'differ')} from commit "
        f"{source.commit[:12]}, the first is {files[0]}: commit {which(len(files), 'it', 'them')} "
        "and run again."
        if files
        else f"Code and params are those of commit {source.commit[:12]}."
        if source.commit
        else "The workspace is in no git repository, so nobody could make this student again."
    )
    passed = bool(source.commit) and not files
    return Gate("committed", float(len(files)), None, None, 0.0, passed, sentence)


def _fast(student: runtime.Model, videos: list[Path], most_ms: float) -> Gate:
    rows = [student.score(video) for video in videos]
    if not (seconds := [row.seconds for row in rows if row.status == "ok"]):
        reason = rows[0].reason if rows else "there is none"
        return shut("score_ms", most_ms, f"No test video could be scored ({reason}).")
    median_ms = statistics.median(seconds) * 1000
    passed = median_ms <= most_ms
    sentence = (
        f"Half of {count(len(seconds), 'test video')} took {median_ms:.0f} ms or less to score "
        f"here, {'within' if passed else 'over'} the budget of {most_ms:g} ms."
    )
    return Gate("score_ms", median_ms, None, None, most_ms, passed, sentence)


def _no_leakage(tested: pd.DataFrame, champion: Champion) -> Gate:
    leaked = leakage.leaked(tested, champion.learnt)
    contents = sorted(set(leaked["content"]))
    sentence = (
        f"{len(leaked)} of today's {count(len(tested), 'test video')} (the first is of "
        f"{contents[0]}) {which(len(leaked), 'was', 'were')} in the training of champion "
        f"{champion.version}: the splits have changed, so the two "
        "cannot be compared. Judge by hand, and `vq promote` this one if you prefer it."
        if contents
        else f"Champion {champion.version} has learnt from none of today's {len(tested)} test "
        "videos."
    )
    return Gate("unseen", float(len(leaked)), None, None, 0.0, not contents, sentence)


def _non_inferiority(pair: PairedScores, version: str, settings: params.Release, seed: int) -> Gate:
    """Non-inferiority, by a bootstrap that draws contents and gives both the same ones."""
    new, mos, least = pair.new, pair.mos, -settings.margin
    # A scale may have been turned round since the champion was made.
    old = pair.old if pair.old_card.better == pair.card.better else -pair.old
    # Its low end alone is asked for.
    bootstrap = Bootstrap(settings.bootstrap, 2 * settings.confidence - 1, seed)
    difference = paired_difference.difference(new, old, mos, pair.contents, bootstrap)
    low, high = (difference.low, difference.high) if difference.has_bounds else (None, None)
    passed = low is not None and low >= least
    sentence = (
        f"SRCC {srcc(new, mos):z.3f}, champion {version} {srcc(old, mos):z.3f} on the "
        f"same {count(len(mos), 'test video')}: {difference.value:+z.3f} {ends(low, high)}, "
        f"{'no loss' if passed else 'which may be a loss'} of more than {settings.margin:g} at "
        f"{settings.confidence:.0%} confidence."
    )
    return Gate(COMPARED, difference.value, low, high, least, passed, sentence)
