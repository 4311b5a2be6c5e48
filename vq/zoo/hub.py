"""The file of weights that timm or torchvision loads for a network, downloaded as they do."""

from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import EntryNotFoundError
from torch import hub

from vq.zoo.hub_lock import HubFile

SAFE = {
    "pytorch_model.bin": "model.safetensors",
    "open_clip_pytorch_model.bin": "open_clip_model.safetensors",
}
"""What timm looks for first where it wants another file: tensors alone, no pickle."""


def of_timm(cfg: Any) -> HubFile:  # noqa: ANN401 - timm has no types
    """The file that timm loads for a pretrained configuration.

    Raises:
        RuntimeError: the configuration names none.
        HfHubHTTPError, OSError, ValueError: the hub is out of reach, or does not give it.
    """
    if cfg.hf_hub_id:
        return _of_hugging_face(cfg.hf_hub_id, cfg.hf_hub_filename or "pytorch_model.bin")
    if cfg.url:
        return of_url(cfg.url)
    raise RuntimeError("timm has no pretrained weights for it")


def timm_overlay(cfg: Any, file: HubFile) -> dict[str, object]:  # noqa: ANN401 - timm has no types
    """What makes timm load this file in place of what it would download.

    Some configurations have weights in a form of their own, which the model reads itself; on the
    Hugging Face hub these are the ones that say so with `hf`.
    """
    own_form = cfg.custom_load == "hf" if cfg.hf_hub_id else bool(cfg.custom_load)
    return {"file": str(file.path), "custom_load": own_form}


def of_url(url: str) -> HubFile:
    """A file by its address, where `torch.hub` keeps it.

    Raises:
        RuntimeError: its hash is not the one in its name.
        OSError: it cannot be had.
    """
    folder = Path(hub.get_dir(), "checkpoints")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / PurePosixPath(urlsplit(url).path).name
    if not path.exists():
        named = hub.HASH_REGEX.search(path.name)
        hub.download_url_to_file(url, str(path), named and named[1], progress=False)
    return HubFile(url, path)


def _of_hugging_face(repository: str, name: str) -> HubFile:
    repository, _, revision = repository.partition("@")
    safe = SAFE.get(name, f"{name.removesuffix('.bin')}.safetensors")
    for file in (safe, name) if name.endswith(".bin") else (name,):
        try:
            path = hf_hub_download(repository, file, revision=revision or None)
        except EntryNotFoundError:
            if file == name:
                raise
        else:
            return HubFile(f"hf-hub:{repository}/{file}", Path(path))
    raise AssertionError("the last file is found or raises")
