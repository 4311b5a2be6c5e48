"""The recipe of `quality`: films as material, cutting, loss, and a miniature from end to end."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from vq.data import split
from vq.errors import DataError, ParamsError
from vq.footage.filmed import damage_steps
from vq.footage.filmed.dataset import COLUMNS, LABELS
from vq.footage.store import hash_of
from vq.models import builtin_weights
from vq.pipeline.command_line import dispatch
from vq.pretrain import films, quality, recipe
from vq.pretrain.amount import Role

SIDES = {"train": 2, "validation": 2, "test": 1}


def _contents() -> list[str]:
    """Names of contents, as many on each side as `SIDES` says."""
    wanted, chosen = dict(SIDES), []
    for number in range(1000):
        side = split.side(f"scene-{number}", "vq-1", 0.2, 0.2)
        if wanted[side]:
            wanted[side] -= 1
            chosen.append(f"scene-{number}")
    return chosen


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A footage data set: for each content a pristine version and two rungs of blocks."""
    folder = tmp_path_factory.mktemp("footage")
    (folder / "videos").mkdir()
    rng, rows = np.random.default_rng(0), []
    for content in _contents():
        scene = rng.integers(0, 256, (6, 144, 160, 3), np.uint8)
        for rung, block in enumerate((1, 4, 16)):
            blocks = scene[:, ::block, ::block].repeat(block, 1).repeat(block, 2)
            video = f"{content}-{rung}.mkv"
            data = damage_steps.encode(blocks[:, :144, :160], "libx264", 10.0, 25)
            (folder / "videos" / video).write_bytes(data)
            mos, lost = 5.0 - 1.5 * rung, 1.5 * rung
            ladder = 0 if rung else -1
            rows.append(
                (video, mos, content, "blocks", content, ladder, rung / 2, lost, 0, 0, 0, 0, 0)
            )
    pd.DataFrame(rows, columns=COLUMNS).to_csv(folder / "labels.csv", index=False)
    return folder


@pytest.fixture
def amount(footage: Path) -> films.Footage:
    """Of the films here."""
    return replace(films.Footage(), folder=str(footage), workers=1)


@pytest.fixture(autouse=True)
def no_download(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start with random weights; `test_packaged` fetches packages."""

    def chance() -> torch.nn.Module:
        torch.manual_seed(0)
        return builtin_weights.build(quality.ARCHITECTURE)

    monkeypatch.setattr(quality, "pretrained", chance)


def test_contents_of_the_test_are_never_opened(
    footage: Path, amount: films.Footage, tmp_path: Path
) -> None:
    """What trains and what is measured on are the split's own sides."""
    table = films.read(footage)
    sides = table["content"].map(lambda content: split.side(content, "vq-1", 0.2, 0.2))
    for video in table["video"][sides == "test"]:
        (footage / "videos" / video).rename(tmp_path / video)
    try:
        train = films.films(0, Role.TRAIN, amount, tmp_path / "material")
        held_out = films.films(0, Role.HELD_OUT, amount, tmp_path / "material")
    finally:
        for video in table["video"][sides == "test"]:
            (tmp_path / video).rename(footage / "videos" / video)

    assert (len(train), len(held_out)) == (2, 2)
    assert train[0].pictures.shape == (3, films.MOMENTS, 144, 160, 3)
    assert train[0].label.tolist() == [5.0, 3.5, 2.0]
    assert train[0].impairments[:, 0].tolist() == [0.0, 1.5, 3.0]


@pytest.mark.parametrize(("stalls", "label"), [(2.0, 5.0), (0.0, 3.0)])
def test_a_stall_is_no_damage_of_the_picture(tmp_path: Path, stalls: float, label: float) -> None:
    """What stalls took off the label is given back: a frame cannot show it."""
    video = damage_steps.encode(np.zeros((8, 64, 64, 3), np.uint8), "libx264", 10.0, 25)
    (tmp_path / "v.mkv").write_bytes(video)
    row = dict.fromkeys(COLUMNS, 0.0) | {"video": "v.mkv", "mos": 3.0, "stalls": stalls}

    film = films.film(str(tmp_path), [row])

    assert film.label.tolist() == pytest.approx([label])


def test_the_wrong_order_within_a_film_costs_and_that_of_two_films_does_not() -> None:
    """Order is asked for where versions of one film differ."""

    class Says(torch.nn.Module):
        def __init__(self, told: list[float]) -> None:
            super().__init__()
            self.told = torch.zeros(4, 6)
            self.told[:, 0] = torch.tensor(told)

        def forward(self, _: torch.Tensor) -> torch.Tensor:
            return self.told

    grades = torch.zeros(4, 6)
    grades[:, 0] = torch.tensor([1.0, -1.0, 0.5, -0.5])
    batch = quality.Batch(torch.zeros(4, 3, 8, 8), grades, torch.tensor([0, 0, 1, 1]))

    right, wrong = (
        quality.loss(Says(told), batch).item()
        for told in ([1.0, -1.0, 0.5, -0.5], [-1.0, 1.0, -0.5, 0.5])
    )

    assert right < 1 < wrong


def test_the_folded_map_says_what_the_network_says() -> None:
    """What ships is one linear map of the pooled cells."""
    network = quality.build().eval()
    pictures = torch.randn(2, 3, 128, 128)
    with torch.no_grad():
        expected = network(pictures)
        told = network.folded()(network.feature(pictures))

    torch.testing.assert_close(told, expected, atol=1e-4, rtol=1e-4)


def test_the_first_layers_and_all_normalisations_stay_as_they_were() -> None:
    """A batch is a few alike films, whose own statistics would mislead."""
    network = quality.build().train()
    before = {name: value.clone() for name, value in network.backbone.state_dict().items()}
    network(torch.randn(2, 3, 128, 128)).sum().backward()

    frozen = [name for name, value in network.backbone.named_parameters() if value.grad is None]
    assert frozen
    assert all(name.startswith(quality.FROZEN) for name in frozen)
    after = network.backbone.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


@pytest.mark.slow
def test_a_miniature_of_the_recipe_runs_from_end_to_end(
    amount: films.Footage, tmp_path: Path
) -> None:
    """Material, training, measures; what is written loads; the card says of which labels."""
    chosen = quality.RECIPE
    settings = replace(chosen.settings, steps=2, pairs=2, threads=1)
    trained, card = recipe.make(chosen, seed=1, amount=amount, settings=settings)
    builtin_weights.save(*chosen.ship(trained), card, tmp_path)

    assert builtin_weights.answers("quality", tmp_path).out_features == 6
    assert hash_of(Path(amount.folder) / LABELS)[:12] in card.data
    assert list(card.validation) == ["scenes held out"]
    assert np.isfinite(list(card.validation["scenes held out"].values())).all()


def test_footage_without_films_says_what_to_run(
    tmp_path: Path,
) -> None:
    """Before any network is built."""
    with pytest.raises(DataError, match=r"No such file or directory\); run `vq footage fetch"):
        dispatch(["pretrain", "quality", "--footage", str(tmp_path)])


def test_labels_of_an_older_version_are_named(footage: Path, tmp_path: Path) -> None:
    """Which column they lack, and how to get it."""
    table = pd.read_csv(footage / "labels.csv").drop(columns="stalls")
    table.to_csv(tmp_path / "labels.csv", index=False)

    with pytest.raises(DataError, match=r"has no column 'stalls'; make it again with `vq footage"):
        films.read(tmp_path)


def test_a_recipe_takes_no_argument_of_another() -> None:
    """`--scenes` means nothing to films: said, not ignored."""
    with pytest.raises(ParamsError, match="vq pretrain quality takes no --scenes"):
        dispatch(["pretrain", "quality", "--scenes", "3"])
