"""The benchmark of the label's constants finds what was put into made-up opinions."""

import numpy as np

from benchmarks import fused_label

GROUPS = np.repeat([f"source{i}" for i in range(8)], 30)


def test_what_opinions_follow_is_ahead() -> None:
    """Opinions that are VMAF NEG itself agree with it fully, and with SSIM less."""
    rng = np.random.default_rng(3)
    scores = rng.random((len(GROUPS), 39))
    scores[:, fused_label.NEG] = 100 * rng.random(len(GROUPS))
    scores[:, fused_label.VMAF] = scores[:, fused_label.NEG] + rng.normal(0, 5, len(GROUPS))
    mos = scores[:, fused_label.NEG] / 20

    ways = fused_label.compression({"fr_all39": scores, "mos": mos, "group": GROUPS})["ways"]

    assert ways["VMAF NEG"]["srcc"]["value"] == 1
    assert ways["VMAF NEG"]["srcc less that of VMAF"]["low"] > 0
    assert ways["SSIM alone, by its curve"]["srcc"]["value"] < 0.5


def test_the_cost_of_holding_is_found() -> None:
    """Opinions that fall by 50 (1 - exp(-held / .02)): slope 2,500 a second, 100 grades."""
    rng = np.random.default_rng(4)
    rates = np.tile(np.repeat([24, 30, 60, 82, 98, 120], 5), 8)
    crf = np.tile([0, 10, 20, 30, 40], 48)
    names = np.array([f"clip_crf_{c}_{f}fps" for c, f in zip(crf, rates, strict=True)])
    held = 1 / rates - 1 / 120
    mos = 90 - crf - 50 * (1 - np.exp(-held / 0.02)) + rng.normal(0, 0.01, len(names))

    found = fused_label.held({"names": names, "mos": mos, "group": GROUPS})

    fitted = found["fitted"]
    assert abs(fitted["hold_seconds"]["median"] - 0.02) < 0.001
    assert abs(fitted["slope at 0, grades a second"]["median"] - 100) < 3
    with_rate = found["ways"]["and 1 - exp(-held / seconds), fitted"]
    assert with_rate["srcc less that of rate of the codec alone"]["low"] > 0
