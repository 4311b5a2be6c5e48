"""What videos alike to one were rated: the part of the conversions that few labels suffice for."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Kernel(nn.Module):
    """One expert's score of a video: a weighted sum of how alike it is to each landmark.

    Likeness is a Gaussian of the distance of standardised features. All of it is fitted at once, in
    closed form (`vq.training.ridge`), and then held: no gradient passes.
    """

    def __init__(self, width: int, landmarks: int) -> None:
        super().__init__()
        self.register_buffer("landmarks", torch.zeros(landmarks, width))
        self.register_buffer("weight", torch.zeros(landmarks))
        self.register_buffer("rate", torch.ones(()))

    @torch.no_grad()
    def forward(self, initial: Float[Tensor, "batch width"]) -> Float[Tensor, " batch"]:
        """Score a batch of videos, in whole precision: those alike differ by little."""
        with torch.autocast(initial.device.type, enabled=False):
            return likeness(initial.float(), self.landmarks, self.rate) @ self.weight


def likeness(
    videos: Float[Tensor, "videos width"],
    others: Float[Tensor, "others width"],
    rate: Tensor | float,
) -> Float[Tensor, "videos others"]:
    """How alike videos are: `exp(-rate x squared distance)`, 1 for the same features."""
    squares = videos.square().sum(1)[:, None] + others.square().sum(1)
    return torch.exp(-rate * (squares - 2 * videos @ others.T).clamp_min(0))
