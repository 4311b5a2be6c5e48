"""The zoo: every expert that params.yaml may name.

To add one, write a function that builds it and give it a line in `CATALOG`. Nothing here loads
torch until a network is built.
"""

import difflib
import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from vq.errors import ParamsError
from vq.params import Expert as Spec
from vq.video import PIXELS
from vq.zoo import plugins, presets, pretrained
from vq.zoo.expert import CLIP_FRAMES, Expert, Input, Kind, Tags
from vq.zoo.hub_lock import HubLock
from vq.zoo.image_quality import PictureStatistics
from vq.zoo.presets import Preset
from vq.zoo.pretrained import PretrainedModel
from vq.zoo.statistics import SpatialStatistics
from vq.zoo.temporal import TemporalStatistics

MOMENTS = 8
"""Of a video, where its cost is listed; `extract.moments` says how many are looked at."""
SETTINGS = frozenset(Spec.model_fields) - {"catalog", "fusion"}
"""What params may say of a network."""
LAYOUT = 1
"""Goes up when arrays in the cache mean something else than before."""


@dataclass(frozen=True)
class Entry:
    """An expert, or a family of them, before it is built."""

    build: Callable[[str, Spec, int, HubLock], Expert]
    """From its name and settings in params.yaml, the number of frames of a clip, and the hashes
    that files of hubs must have."""
    kind: Kind
    dim: int | None
    """None: depends on the network."""
    tags: Tags
    summary: str
    input: Input | None = None
    """None: depends on the network."""
    parameters: int | None = None
    """None: depends on the network."""
    gmacs: float | None = None
    """Multiply-accumulates of a video at eight moments, in 1e9; None: depends."""


NATIVE = Input(side_px=None)


def _handcrafted(
    expert: SpatialStatistics | PictureStatistics | TemporalStatistics, summary: str
) -> Entry:
    def build(name: str, spec: Spec, clip_frames: int, _: HubLock) -> Expert:
        _refuse(name, spec, keep=())
        if isinstance(expert, TemporalStatistics):
            return replace(expert, name=name, frames=clip_frames)
        return replace(expert, name=name)

    return Entry(
        build,
        expert.kind,
        expert.dim,
        expert.tags,
        summary,
        NATIVE,
        expert.parameters,
        round(expert.gmacs * MOMENTS, 3),
    )


def _builtin(tags: Tags, kind: Kind, *, dim: int, parameters: int, gmacs: float) -> Entry:
    """A network that this project pretrained: the one whose card has the name of the entry."""

    def build(name: str, spec: Spec, clip_frames: int, _: HubLock) -> Expert:
        from vq.zoo.images import create_builtin

        _refuse(name, spec, keep=())
        return create_builtin(name, spec, clip_frames)

    return Entry(
        build,
        kind,
        dim,
        tags,
        "pretrained by this project, see `vq pretrain`",
        Input(None, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        parameters=parameters,
        gmacs=gmacs,
    )


def _timm(name: str, spec: Spec, _: int, lock: HubLock) -> Expert:
    from vq.zoo.images import create_timm

    return create_timm(name, spec, lock)


def _clip(name: str, spec: Spec, clip_frames: int, lock: HubLock) -> Expert:
    from vq.zoo.clips import create_clip

    _refuse(name, spec, keep=SETTINGS - {"layer"})
    return create_clip(name, spec, clip_frames, lock)


def _pretrained(network: PretrainedModel) -> Entry:
    """A network of timm or torchvision with preset settings; params need not repeat them."""

    def build(name: str, spec: Spec, clip_frames: int, lock: HubLock) -> Expert:
        _refuse(name, spec, keep=SETTINGS - {"model"})
        # What a file holds, the entry says; of chance it says nothing.
        tags = {} if spec.weights == "random" else network.tags.as_dict()
        full = spec.model_copy(
            update={
                "model": network.model,
                "weights": spec.weights or "hub",
                "side_px": spec.side_px or network.input.side_px,
                "tags": tags | dict(spec.tags),
            }
        )
        create = _timm if network.kind == "image" else _clip
        return create(name, full, clip_frames, lock)

    return Entry(
        build,
        network.kind,
        network.dim,
        network.tags,
        f"{network.model} of {'timm' if network.kind == 'image' else 'torchvision'}",
        network.input,
        network.parameters,
        network.gmacs,
    )


def _packaged(preset: Preset) -> Entry:
    """A network with weights from a package; params may give the same weights as a file."""

    def build(name: str, spec: Spec, _: int, lock: HubLock) -> Expert:
        _refuse(name, spec, keep=("weights", "tags"))
        if spec.weights == "hub":
            raise ParamsError(
                f"extract.experts.{name}.weights: those of {spec.catalog or name} are in "
                f"{preset.package}, not on a hub; leave them out, or give "
                "{file: PATH, sha256: HASH}"
            )
        own = {"weights": spec.weights or preset.spec.weights}
        tags = {} if spec.weights == "random" else dict(preset.spec.tags)
        full = preset.spec.model_copy(update=own | {"tags": tags | dict(spec.tags)})
        return (_timm if full.catalog == "timm" else _onnx)(name, full, 0, lock)

    return Entry(
        build,
        "image",
        preset.dim,
        Tags(**preset.spec.tags),
        f"weights of {preset.package}, downloaded when they are needed",
        Input(None, preset.spec.mean, preset.spec.std),
        preset.parameters,
        preset.gmacs,
    )


def _onnx(name: str, spec: Spec, _: int, __: HubLock) -> Expert:
    from vq.zoo.onnx_file import create_onnx

    _refuse(name, spec, keep=SETTINGS - {"model", "layer"})
    return create_onnx(name, spec)


def _scnn(name: str, spec: Spec, _: int, __: HubLock) -> Expert:
    from vq.zoo.scnn import create_scnn

    _refuse(name, spec, keep=("weights", "tags"))
    return create_scnn(name, spec)


_CHOSEN = Tags("as `model`", "as `weights`", "as `weights`", "as `weights`")

CATALOG: Mapping[str, Entry] = MappingProxyType(
    {
        "spatial_statistics": _handcrafted(
            SpatialStatistics(), "natural scene statistics of a frame (BRISQUE)"
        ),
        "picture_statistics": _handcrafted(
            PictureStatistics(), "exposure, colour, sharpness and artefacts of a frame"
        ),
        "temporal_statistics": _handcrafted(
            TemporalStatistics(), "repeats, flicker and statistics of frame differences"
        ),
        "quality": _builtin(
            Tags("efficientnet", "grades of damage", "films of footage", "Apache-2.0"),
            "image",
            dim=1190,
            parameters=2_958_848,
            gmacs=3.802,
        ),
        "distortion": _builtin(
            Tags("mobilenetv3", "distortion type and strength", "generated by vq", "Apache-2.0"),
            "image",
            dim=672,
            parameters=272_288,
            gmacs=0.892,
        ),
        "scnn": Entry(
            _scnn,
            "image",
            256,
            Tags("scnn", "39 synthetic distortions", "Waterloo exploration and PASCAL VOC", "MIT"),
            "the branch of DB-CNN that knows distortions; needs `weights`",
            Input(None, *pretrained.NORMS["imagenet"]),
            parameters=630_960,
            gmacs=44.45,
        ),
        "motion": _builtin(
            Tags("factorised3d", "how time passes in a clip", "generated by vq", "Apache-2.0"),
            "clip",
            dim=608,
            parameters=258_688,
            gmacs=10.086,
        ),
        "timm": Entry(_timm, "image", None, _CHOSEN, "any image model of timm"),
        "torchvision_clip": Entry(_clip, "clip", None, _CHOSEN, "any video model of torchvision"),
        "onnx": Entry(_onnx, "image", None, _CHOSEN, "chosen feature maps of an ONNX file"),
        **{name: _packaged(preset) for name, preset in presets.read().items()},
        **{name: _pretrained(network) for name, network in pretrained.read().items()},
    }
)


def create(
    name: str, spec: Spec, *, clip_frames: int = CLIP_FRAMES, lock: HubLock | None = None
) -> Expert:
    """Build the expert that params call `name`, with its weights.

    Args:
        name: what params call it.
        spec: what they say of it.
        clip_frames: of the clips that a clip expert will see: its cost depends on it.
        lock: hashes that files of hubs must have; without it they may have any.

    Raises:
        ParamsError: neither the catalog nor another package has such an entry (the message offers
            the nearest), or it takes other settings.
        WeightsError: the weights are missing, altered or do not fit.
    """
    entry = spec.catalog or name
    if entry in CATALOG:
        return CATALOG[entry].build(name, spec, clip_frames, lock or HubLock())
    points = plugins.discover()
    if entry not in points:
        names = [*CATALOG, *points]
        near = difflib.get_close_matches(entry, names) or names[:6]
        raise ParamsError(
            f"extract.experts.{name}: the zoo has no {entry!r}; did you mean {', '.join(near)}? "
            "(`vq zoo` lists them)"
        )
    return plugins.create(name, spec, points[entry])


def key(expert: Expert, *, moments: int, clip_frames: int, runtime: str = "onnx") -> str:
    """Under what the features of an expert are kept: `name-` and a hash of all that decides them.

    Fusion is no part of it: rows are kept, and fused when they are read. What runs a network is:
    sums in another order are other numbers.
    """
    sampling = {"moments": moments} | (
        {"clip_frames": clip_frames} if expert.kind == "clip" else {}
    )
    decides = [
        expert.catalog,
        expert.identity,
        expert.version,
        expert.dtype,
        sampling,
        LAYOUT,
        PIXELS,
    ]
    if runtime != "onnx":
        decides.append(runtime)
    return f"{expert.name}-{short_hash(decides)}"


def short_hash(values: object) -> str:
    """Twelve hexadecimal digits that stand for JSON-like values."""
    return full_hash(values)[:12]


def full_hash(values: object) -> str:
    """Hash of JSON-like values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _refuse(name: str, spec: Spec, keep: Collection[str]) -> None:
    fields = Spec.model_fields
    useless = sorted(SETTINGS - set(keep))
    conflicting = [key for key in useless if getattr(spec, key) != fields[key].default]
    if conflicting:
        raise ParamsError(
            f"extract.experts.{name}: {spec.catalog or name} takes no {', '.join(conflicting)}; "
            "remove it, or choose `catalog: timm` or `catalog: torchvision_clip`"
        )
