"""The stage audit_labels, on labels of which one is wrong."""

import json
from itertools import pairwise
from pathlib import Path

import pandas as pd

from tests.stages.test_prune import make
from vq.data import manifest, split
from vq.duplicates import pairs_table
from vq.files import write_csv
from vq.params import AuditLabels
from vq.stages.audit_labels import audit_labels


def test_contents_are_held_out_together_where_the_split_joined_them(tmp_path: Path) -> None:
    """Of one fixed camera all shows the same; who has it reported only still gets a list."""
    files = make(tmp_path)
    rows, sides = manifest.read(files.accepted), split.read(files.splits)
    names = sorted(set(rows["content"]))
    ends = list(pairwise(names))
    pairs = pd.DataFrame([("a", "b", 1.0, *two) for two in ends], columns=pairs_table.PAIR)
    zoo, near, out = (tmp_path / name for name in ("zoo.json", "pairs.csv", "out.csv"))
    zoo.write_text(json.dumps({"experts": ["left", "right"]}))

    write_csv(near, pairs_table.judge(pairs, sides, joined=False))
    audit_labels(
        accepted=files.accepted, card=files.card, splits=files.splits, near_duplicates=near,
        features=files.features, zoo=zoo, suspicious=out,
        params=AuditLabels(z=0.01), seed=0,
    )  # fmt: skip

    assert pairs_table.joined(near) == []
    assert len(pd.read_csv(out)) > 0
    write_csv(near, pairs_table.judge(pairs, sides, joined=True))
    assert pairs_table.joined(near) == ends


def test_a_wrong_label_is_listed_unless_it_is_of_the_test(tmp_path: Path) -> None:
    """One of training and one of test are turned round: the former is the first of the list."""
    files = make(tmp_path)
    rows = manifest.read(files.accepted)
    sides = split.of_videos(rows, split.read(files.splits))
    far = (rows["mos"] - 3).abs()
    train, test = (far.where(sides == side).idxmax() for side in ("train", "test"))
    rows.loc[[train, test], "mos"] = 6 - rows.loc[[train, test], "mos"]
    manifest.write(rows, files.accepted)
    zoo, pairs, out = (tmp_path / name for name in ("zoo.json", "pairs.csv", "out.csv"))
    zoo.write_text(json.dumps({"experts": ["left", "right"]}))
    splits = split.read(files.splits)
    write_csv(pairs, pairs_table.judge(pairs_table.NONE, splits, joined=True))

    audit_labels(
        accepted=files.accepted, card=files.card, splits=files.splits, near_duplicates=pairs,
        features=files.features, zoo=zoo, suspicious=out,
        params=AuditLabels(z=5.0), seed=0,
    )  # fmt: skip

    found = pd.read_csv(out)
    assert found["video"][0] == rows["video"][train]
    assert rows["video"][test] not in set(found["video"])
    assert set(found["split"]) <= {"train", "validation"}
    assert found["mos"][0] == round(rows["mos"][train], 3)
    assert (found["expected"][0] > 3) != (found["mos"][0] > 3)
