"""From bytes to what the networks of this project take: -1 to 1."""

import torch
from torch import Tensor

MEAN = (0.5, 0.5, 0.5)
STD = (0.5, 0.5, 0.5)


def normalise(pictures: Tensor) -> Tensor:
    """From uint8 "batch height width 3" to what a network of pictures takes."""
    scaled = pictures.permute(0, 3, 1, 2).float() / 255
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    return ((scaled - mean) / std).contiguous(memory_format=torch.channels_last)


def normalise_clips(clips: Tensor) -> Tensor:
    """From uint8 "batch time height width 3" to what a network of clips takes."""
    frames = normalise(clips.flatten(0, 1))
    return frames.unflatten(0, clips.shape[:2]).transpose(1, 2)
