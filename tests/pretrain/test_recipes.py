"""Recipes of built-in networks: material, cutting, losses, and miniatures from end to end."""

from argparse import ArgumentParser
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from vq.commands import pretrain
from vq.models import builtin_weights
from vq.pretrain import (
    corruption,
    crops,
    distortion,
    loop,
    material,
    motion,
    playback_speed,
    recipe,
)
from vq.pretrain.amount import Amount, Role


@pytest.fixture(scope="module")
def scene() -> material.Scene:
    """Six versions of a scene."""
    return material.scene([3, 0, 1], types=2, mixed=1)


def _chart(height: int = 200, width: int = 300) -> np.ndarray:
    """Red is the row, green the column (less 100): a pixel says where it was."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, np.maximum(columns - 100, 0), 0 * rows], -1).astype(np.uint8)


def test_the_same_seed_makes_the_same_scene_to_the_bit(scene: material.Scene) -> None:
    """Material does not depend on what was made before it; another seed is another scene."""
    again = material.scene([3, 0, 1], types=2, mixed=1)
    np.testing.assert_array_equal(scene.pictures, again.pictures)
    np.testing.assert_array_equal(scene.strength, again.strength)
    other = material.scene([3, 0, 2], types=2, mixed=1)
    assert other.pictures.shape != scene.pictures.shape or (other.pictures != scene.pictures).any()


def test_a_scene_has_a_pristine_version_two_of_each_type_and_the_mixed_ones(
    scene: material.Scene,
) -> None:
    """One pristine, two types at two strengths, one mixed: six versions, and a pair for each."""
    assert scene.pictures.shape[:2] == (6, len(material.MOMENTS))
    assert scene.kind[0, 0] == 1
    assert (scene.strength[0] == 0).all()
    assert [(row > 0).sum() for row in scene.strength] == [0, 1, 1, 1, 1, 2]
    assert scene.kind.sum(1) == pytest.approx(np.ones(6))
    assert scene.pairs.tolist() == [[1, 2], [3, 4], [0, 5]]


def test_the_second_of_a_pair_is_the_stronger(scene: material.Scene) -> None:
    """The order that the network learns is true."""
    for weaker, stronger in scene.pairs:
        assert scene.strength[weaker].sum() < scene.strength[stronger].sum()
        assert scene.damage[weaker].mean() < scene.damage[stronger].mean()


@pytest.mark.parametrize("name", material.TYPES)
def test_every_type_changes_the_picture_more_when_stronger(name: str) -> None:
    """Each distortion shows in a picture: a class could not be told otherwise."""
    clip = np.stack([_textured()] * material.FRAMES)
    lost = [
        corruption.gradient_deviation(
            clip[-1],
            material.apply(
                clip, material.Recipe(((name, strength),), 16), np.random.default_rng(0)
            )[-1],
        )
        for strength in (0.2, 0.9)
    ]
    assert 0 < lost[0] < lost[1]


def _textured() -> np.ndarray:
    """Noise of two scales: fine and coarse detail everywhere."""
    rng = np.random.default_rng(5)
    coarse = np.kron(rng.uniform(30, 200, (12, 16, 3)), np.ones((16, 16, 1)))
    return (coarse + rng.uniform(0, 40, coarse.shape)).astype(np.uint8)


def test_an_identical_picture_has_lost_nothing() -> None:
    """GMSD is the deviation of a map that is 1 everywhere: 0."""
    assert corruption.gradient_deviation(_textured(), _textured()) == 0.0


def test_gradient_deviation_by_hand() -> None:
    """A step of 90 in half the picture against a flat one.

    Prewitt on the halved luma: the two columns beside the step have gradient 90, so similarity
    170 / (90^2 + 170) there and 1 elsewhere. Halved, 16 columns give 14, of which 2 differ; each
    of two values a, b with shares p, 1 - p has deviation |a - b| sqrt(p (1 - p)).
    """
    flat = np.zeros((20, 32, 3), np.uint8)
    step = flat.copy()
    step[:, 16:] = 90
    low, share = 170 / (90**2 + 170), 2 / 14
    expected = (1 - low) * np.sqrt(share * (1 - share))
    assert corruption.gradient_deviation(flat, step) == pytest.approx(expected, rel=1e-4)


def test_a_grid_takes_one_native_patch_from_each_cell_at_even_offsets() -> None:
    """Patches are copied, never scaled, and stand in the order in which they lay."""
    chart = _chart()
    places = crops.spread(200, 300, rng=np.random.default_rng(0))
    picture = crops.cut(chart, places)
    assert picture.shape == (160, 160, 3)
    assert (places % 2 == 0).all()
    for row in range(5):
        for column in range(5):
            top, left = places[row, column]
            assert row * 40 - 1 <= top <= row * 40 + 8
            assert column * 60 - 1 <= left <= column * 60 + 28
            patch = picture[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32]
            np.testing.assert_array_equal(patch, chart[top : top + 32, left : left + 32])


def test_patches_of_a_small_frame_overlap_and_those_of_a_large_one_spread() -> None:
    """Each lies inside the frame, at even places; without chance in the middle of its share."""

    def places(height: int, width: int, rng: np.random.Generator | None = None) -> np.ndarray:
        return crops.spread(height, width, grid=2, patch_px=128, rng=rng)

    assert places(144, 160)[..., 0].tolist() == [[0, 0], [16, 16]]
    assert places(512, 512)[..., 1].tolist() == [[64, 320], [64, 320]]
    rng = np.random.default_rng(0)
    for _ in range(50):
        starts = places(300, 500, rng)
        assert (starts >= 0).all()
        assert (starts + 128 <= [300, 500]).all()
        assert not (starts % 2).any()


def test_a_crop_is_one_piece_of_the_frame() -> None:
    """Without a generator it is the middle."""
    chart = _chart()
    np.testing.assert_array_equal(
        crops.cut(chart, crops.spread(200, 300, grid=1, patch_px=160), patch_px=160),
        chart[20:180, 70:230],
    )


def test_both_pictures_of_a_pair_are_cut_at_the_same_places(scene: material.Scene) -> None:
    """Or their order would say something of places, not of damage."""
    rows = np.array([[0, 1, 2, 2]] * 8)
    rng = np.random.default_rng(0)
    shown, truth = distortion.batch([scene], rows, grid=3, patch_px=32, rng=rng)
    assert shown.shape == (16, 3, 96, 96)
    torch.testing.assert_close(shown[::2], shown[1::2], rtol=0, atol=0)
    assert not torch.equal(shown[0], shown[2])
    assert truth.damage.tolist() == pytest.approx([scene.damage[2, 1]] * 16)


def test_an_epoch_shows_every_pair_at_every_moment_once(scene: material.Scene) -> None:
    """Three pairs at two moments make six; a batch holds both pictures of a pair."""
    settings = distortion.Settings(pairs=6)
    _, truth = next(distortion.batches([scene], settings, np.random.default_rng(0)))
    shown = sorted(truth.damage.tolist())
    assert shown == pytest.approx(sorted(scene.damage[scene.pairs.ravel()].ravel().tolist()))


def test_strength_of_an_absent_distortion_costs_nothing() -> None:
    """The network is asked how strong the blur is only where there is blur."""
    truth = distortion.Truth(torch.eye(2), torch.tensor([[0.0], [0.5]]), torch.tensor([0.0, 0.5]))

    def said(absent: float) -> dict[str, torch.Tensor]:
        return {
            "kind": torch.zeros(2, 2),
            "strength": torch.tensor([[absent], [0.5]]),
            "damage": torch.tensor([[0.0], [0.5]]),
        }

    assert distortion.distance(said(9.0), truth) == distortion.distance(said(0.0), truth)


def test_telling_a_pair_in_the_wrong_order_costs() -> None:
    """Same distance from the truth, other order."""
    truth = distortion.Truth(torch.eye(2), torch.tensor([[0.2], [0.8]]), torch.tensor([0.5, 0.5]))

    def said(first: float, second: float) -> dict[str, torch.Tensor]:
        return {
            "kind": torch.zeros(2, 2),
            "strength": truth.strength,
            "damage": torch.tensor([[first], [second]]),
        }

    right, wrong = (distortion.distance(said(*pair), truth) for pair in ((0.4, 0.6), (0.6, 0.4)))
    # softplus(10 x 0.2) - softplus(-10 x 0.2) = 2, at half weight
    assert (wrong - right).item() == pytest.approx(1.0, rel=1e-4)


def test_a_look_changes_the_source_and_nothing_of_its_shape() -> None:
    """Another camera films the same scene; another draw is another camera."""
    clip = np.random.default_rng(0).integers(0, 256, (2, 24, 32, 3), np.uint8)
    looks = [material.looked(clip, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(looks[0], looks[1])
    assert (looks[0] != looks[2]).any()
    assert {look.shape for look in looks} == {clip.shape}
    assert {look.dtype for look in looks} == {clip.dtype}


def test_answers_fold_into_one_linear_map() -> None:
    """What ships answers as the heads do, from the pooled feature itself."""
    torch.manual_seed(0)
    asked = distortion.build()
    asked(torch.randn(8, 3, 96, 96))
    asked.eval()
    feature = asked.feature(torch.randn(4, 3, 96, 96))

    told = asked.folded()(feature)

    expected = torch.cat(list(asked.answer(feature).values()), 1)
    torch.testing.assert_close(told, expected, rtol=1e-3, atol=1e-3)


def _fit(scene: material.Scene, settings: distortion.Settings, seed: int) -> torch.nn.Module:
    return loop.fit(
        distortion.build,
        distortion.loss,
        lambda rng: distortion.batches([scene], settings, rng),
        settings,
        seed=seed,
    )


def test_the_clock_ends_a_training_that_has_steps_left(
    scene: material.Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """A slow machine still ends in time, and says that it did not do every step."""
    settings = distortion.Settings(steps=10_000, pairs=2, minutes=0.01)
    assert not _fit(scene, settings, seed=0).training
    assert "stopped by the clock" in caplog.text


def test_the_same_seed_trains_the_same_network(scene: material.Scene) -> None:
    """Same scenes, settings and seed, same bits; and torch's own generator is left as it was."""
    settings = distortion.Settings(steps=2, pairs=2)
    before = torch.random.get_rng_state()
    one, two = (_fit(scene, settings, seed=4).state_dict() for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_material_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    """The next recipe finds what the last one kept, to the bit."""
    amount = material.Versions(scenes=1, types=1, mixed=0, workers=1)
    (made,) = material.scenes(5, Role.TRAIN, amount, tmp_path)
    written = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    (found,) = material.scenes(5, Role.TRAIN, amount, tmp_path)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == written
    fresh = material.scene((5, 0, 0), types=1, mixed=0)
    for name, array in vars(fresh).items():
        np.testing.assert_array_equal(getattr(made, name), array)
        np.testing.assert_array_equal(getattr(found, name), array)


def test_no_scene_has_two_roles() -> None:
    """Whoever measures on what was trained on measures nothing; photographs never train."""
    amount = Amount(scenes=3, held_out=2)
    assert [what for _, what in material.contents(Role.TRAIN, amount)] == [{}] * 3
    assert [what for _, what in material.contents(Role.HELD_OUT, amount)] == [{}] * 2
    shown = [what["content"] for _, what in material.contents(Role.PHOTOGRAPH, amount)]
    assert shown
    assert all(content.startswith("photo:") for content in shown)
    assert len({int(role) for role in Role}) == len(Role)


def test_a_crop_cuts_all_frames_at_one_place() -> None:
    """What is damaged and what it was made of lie pixel on pixel, mirrored and coloured alike."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        one, two = crops.crop([_chart(), _chart() + 1], 96, rng)
        assert one.shape == (96, 96, 3)
        np.testing.assert_array_equal(one + 1, two)


def test_shuffled_shows_every_row_once_and_again() -> None:
    """Six rows in batches of four: two are left for the next round, which has another order."""
    rows = np.arange(6)[:, None]
    batches = crops.shuffled(rows, 3, np.random.default_rng(0))
    rounds = [sorted([*next(batches).ravel(), *next(batches).ravel()]) for _ in range(3)]
    assert rounds == [list(range(6))] * 3


def test_what_happens_in_a_clip_by_hand() -> None:
    """Steady, held then jumping, backwards, still, twice as fast."""
    shown = np.array([[3, 4, 5, 6], [3, 3, 5, 6], [3, 5, 4, 6], [3, 3, 3, 3], [2, 4, 6, 8]])
    true = motion.truth(shown, np.zeros((5, 3)))
    assert true.happens.tolist() == [[0, 0, 0], [1, 0, 1], [0, 1, 1], [1, 0, 0], [0, 0, 0]]
    assert true.repeats.tolist() == pytest.approx([0, 1 / 3, 0, 1, 0])
    expected = [0, np.log2(1.5), np.log2(5 / 3), np.nan, 1]
    assert true.speed.tolist() == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("play", playback_speed.PLAYBACKS, ids=lambda play: play.__name__)
def test_a_playback_shows_frames_that_there_are(play: playback_speed.Playback) -> None:
    """Whatever is drawn, a rendered clip is long enough; only a swap goes back."""
    for seed in range(50):
        shown = play(np.random.default_rng(seed))
        assert shown.shape == (playback_speed.FRAMES,)
        assert shown.min() >= 0
        assert shown.max() < playback_speed.SOURCE_FRAMES
        assert (np.diff(shown) >= 0).all() or play is playback_speed.swap


@pytest.mark.parametrize("what", playback_speed.UNREST.values(), ids=playback_speed.UNREST)
def test_unrest_grows_with_its_strength(what: playback_speed.Unrest) -> None:
    """A still clip moves, and moves more."""
    clip = np.stack([_textured()] * playback_speed.FRAMES)
    moved = [
        np.abs(np.diff(what(clip, strength, np.random.default_rng(0)).astype(float), axis=0)).mean()
        for strength in (0.1, 0.9)
    ]
    assert 0 < moved[0] < moved[1]


def test_dirt_stands_still() -> None:
    """Noise that moves with nothing is no temporal damage."""
    clip = np.stack([_textured()] * 3)
    dirty = playback_speed.dirt(clip, 0.5, np.random.default_rng(0))
    assert (dirty != clip).any()
    np.testing.assert_array_equal(dirty[0], dirty[2])


def test_the_same_seed_plays_the_same() -> None:
    """Clips are a function of their seed."""
    one, two = (playback_speed.played([3, 0, 1], versions=2) for _ in range(2))
    assert one.frames.shape == (
        2,
        playback_speed.FRAMES,
        playback_speed.SIDE_PX,
        playback_speed.SIDE_PX,
        3,
    )
    for name, array in vars(one).items():
        np.testing.assert_array_equal(getattr(two, name), array)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in pretrain.RECIPES if name != "quality"])
def test_a_miniature_of_the_recipe_runs_from_end_to_end(name: str, tmp_path: Path) -> None:
    """Material from other processes, training, measures; what is written loads."""
    whole = import_module(f"vq.pretrain.{name}").RECIPE
    chosen = replace(whole, roles=whole.roles[:1])
    small = {"types": 2, "mixed": 1} if isinstance(chosen.amount, material.Versions) else {}
    trained, card = recipe.make(
        chosen,
        seed=1,
        amount=replace(chosen.amount, scenes=1, held_out=2, **small),
        settings=replace(chosen.settings, steps=3, pairs=4),
    )
    backbone, told = chosen.ship(trained)
    builtin_weights.save(backbone, told, card, tmp_path)
    loaded = builtin_weights.load(name, tmp_path)
    assert len(builtin_weights.channels(loaded)) > max(card.levels)
    if told is not None:
        torch.testing.assert_close(builtin_weights.answers(name, tmp_path).weight, told.weight)
    assert card.recipe == f"vq pretrain {name} --seed 1"
    measures = card.validation["scenes held out"]
    assert any(measure.startswith("untrained_") for measure in measures)
    assert all(np.isfinite(list(measures.values())))


def test_the_command_takes_only_networks_that_have_a_recipe(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A misspelt name is refused before any work, with the names there are."""
    parser = ArgumentParser()
    pretrain.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["distorsion"])
    assert "distortion" in capsys.readouterr().err
