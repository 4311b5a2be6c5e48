"""The recipe of the built-in network: material, cutting, loss, and a miniature from end to end."""

from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pytest
import torch

from vq.zoo import builtin
from vq.zoo.pretrain import command, cut, damage, distortion, loop, material, network


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
        damage.gradient_deviation(
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
    assert damage.gradient_deviation(_textured(), _textured()) == 0.0


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
    assert damage.gradient_deviation(flat, step) == pytest.approx(expected, rel=1e-4)


def test_a_grid_takes_one_native_patch_from_each_cell_at_even_offsets() -> None:
    """Patches are copied, never scaled, and stand in the order in which they lay."""
    chart = _chart()
    places = cut.spread(200, 300, rng=np.random.default_rng(0))
    picture = cut.cut(chart, places)
    assert picture.shape == (160, 160, 3)
    assert (places % 2 == 0).all()
    for row in range(5):
        for column in range(5):
            top, left = places[row, column]
            assert row * 40 - 1 <= top <= row * 40 + 8
            assert column * 60 - 1 <= left <= column * 60 + 28
            patch = picture[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32]
            np.testing.assert_array_equal(patch, chart[top : top + 32, left : left + 32])


def test_a_crop_is_one_piece_of_the_frame() -> None:
    """Without a generator it is the middle."""
    chart = _chart()
    np.testing.assert_array_equal(
        cut.cut(chart, cut.spread(200, 300, grid=1, patch_px=160), patch_px=160),
        chart[20:180, 70:230],
    )


def test_both_pictures_of_a_pair_are_cut_at_the_same_places(scene: material.Scene) -> None:
    """Or their order would say something of places, not of damage."""
    rows = np.array([[0, 1, 2, 2]] * 8)
    pictures, truth = loop.batch([scene], rows, grid=3, patch_px=32, rng=np.random.default_rng(0))
    assert pictures.shape == (16, 3, 96, 96)
    torch.testing.assert_close(pictures[::2], pictures[1::2], rtol=0, atol=0)
    assert not torch.equal(pictures[0], pictures[2])
    assert truth.damage.tolist() == pytest.approx([scene.damage[2, 1]] * 16)


def test_an_epoch_shows_every_pair_at_every_moment_once(scene: material.Scene) -> None:
    """Three pairs at two moments make six; a batch holds both pictures of a pair."""
    settings = loop.Settings(pairs=6)
    _, truth = next(loop.batches([scene], settings, np.random.default_rng(0)))
    shown = sorted(truth.damage.tolist())
    assert shown == pytest.approx(sorted(scene.damage[scene.pairs.ravel()].ravel().tolist()))


def test_strength_of_an_absent_distortion_costs_nothing() -> None:
    """The network is asked how strong the blur is only where there is blur."""
    truth = network.Truth(torch.eye(2), torch.tensor([[0.0], [0.5]]), torch.tensor([0.0, 0.5]))

    def said(absent: float) -> network.Answer:
        return network.Answer(
            torch.zeros(2, 2), torch.tensor([[absent], [0.5]]), torch.tensor([0.0, 0.5])
        )

    assert network.loss(said(9.0), truth).item() == network.loss(said(0.0), truth).item()


def test_telling_a_pair_in_the_wrong_order_costs() -> None:
    """Same distance from the truth, other order."""
    truth = network.Truth(torch.eye(2), torch.tensor([[0.2], [0.8]]), torch.tensor([0.5, 0.5]))

    def said(first: float, second: float) -> network.Answer:
        return network.Answer(torch.zeros(2, 2), truth.strength, torch.tensor([first, second]))

    right, wrong = network.loss(said(0.4, 0.6), truth), network.loss(said(0.6, 0.4), truth)
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
    pretext = network.Pretext(types=10)
    pretext(torch.randn(8, 3, 96, 96))
    pretext.eval()
    feature = pretext.feature(torch.randn(4, 3, 96, 96))

    told = pretext.folded()(feature)

    heads = pretext.answer(feature)
    expected = torch.cat([heads.kind, heads.strength, heads.damage[:, None]], 1)
    torch.testing.assert_close(told, expected, rtol=1e-3, atol=1e-3)


def test_the_clock_ends_a_training_that_has_steps_left(
    scene: material.Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """A slow machine still ends in time, and says that it did not do every step."""
    settings = loop.Settings(steps=10_000, pairs=2, minutes=0.01)
    trained = loop.fit([scene], settings, seed=0)
    assert not trained.training
    assert "stopped by the clock" in caplog.text


def test_the_same_seed_trains_the_same_network(scene: material.Scene) -> None:
    """Same scenes, settings and seed, same bits; and torch's own generator is left as it was."""
    settings = loop.Settings(steps=2, pairs=2)
    before = torch.random.get_rng_state()
    one, two = (loop.fit([scene], settings, seed=4).state_dict() for _ in range(2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.slow
def test_a_miniature_of_the_recipe_runs_from_end_to_end(tmp_path: Path) -> None:
    """Material from other processes, training, measures; what is written loads."""
    trained, card = distortion.make(
        seed=1,
        amount=distortion.Amount(scenes=2, held_out=2, types=2, mixed=1),
        settings=loop.Settings(steps=3, pairs=2),
        photographs=False,
    )
    told = trained.folded()
    builtin.save(trained.backbone, told, card, tmp_path)
    builtin.load("distortion", tmp_path)
    torch.testing.assert_close(builtin.answers("distortion", tmp_path).weight, told.weight)
    measures = card.validation["scenes held out"]
    assert set(measures) >= {"kind_accuracy", "strength_srcc", "probe_damage_srcc"}
    assert all(-1 <= value <= 1 for value in measures.values())


def test_the_command_takes_only_networks_that_have_a_recipe(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A misspelt name is refused before any work, with the names there are."""
    parser = ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["distorsion"])
    assert "distortion" in capsys.readouterr().err
