"""S-CNN, the branch of DB-CNN that knows synthetic distortions: a small network like VGG.

Zhang et al., Blind image quality assessment using a deep bilinear convolutional neural network
(IEEE TCSVT 2020). Trained to tell 39 classes, nine distortions by strength, of the Waterloo
exploration database and PASCAL VOC. The authors give weights under the MIT licence:
`pretrained_scnn/scnn.pkl` of github.com/zwx8981/DBCNN-PyTorch.
"""

from jaxtyping import Float
from torch import Tensor, nn

from vq.errors import ParamsError
from vq.models.onnx_export import WithNormalization
from vq.params import Expert as Spec
from vq.params import WeightsFile
from vq.zoo import cost, weights
from vq.zoo.expert import Tags
from vq.zoo.frame_window import WINDOW
from vq.zoo.images import identity
from vq.zoo.onnx_expert import Native
from vq.zoo.runtime import Network

LAYERS = (
    (3, 48, 1),
    (48, 48, 2),
    (48, 64, 1),
    (64, 64, 2),
    (64, 64, 1),
    (64, 64, 2),
    (64, 128, 1),
    (128, 128, 1),
    (128, 128, 2),
)
"""Channels in, channels out and stride of each 3 x 3 convolution."""
DIM = 256
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
TAGS = Tags("scnn", "39 synthetic distortions", "Waterloo exploration and PASCAL VOC", "MIT")


class Scnn(nn.Module):
    """Convolutions, the mean over the picture, and the projection that the classifier reads."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *(part for i, o, stride in LAYERS for part in _block(i, o, kernel=3, stride=stride))
        )
        self.projection = nn.Sequential(
            *_block(LAYERS[-1][1], DIM, kernel=1), *_block(DIM, DIM, kernel=1)
        )

    def forward(
        self, pictures: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch dim"]:
        """Describe each picture, of any size."""
        return self.projection(self.features(pictures).mean((2, 3), keepdim=True)).flatten(1)


def create_scnn(name: str, spec: Spec) -> Native:
    """Build S-CNN with weights as params say, at native resolution as DB-CNN uses it.

    Raises:
        ParamsError: `weights` is missing, or the hub, which has none.
        WeightsError: the weights cannot be had or do not fit.
    """
    if spec.weights in (None, "hub"):
        raise ParamsError(
            f"extract.experts.{name}: scnn takes weights: {{file: PATH, sha256: HASH}} alone, "
            "there is no hub for them; `pretrained_scnn/scnn.pkl` of "
            "github.com/zwx8981/DBCNN-PyTorch is such a file"
        )
    with weights.chance(name):
        network: nn.Module = Scnn()
    tags = TAGS.as_dict()
    if isinstance(source := weights.source(name, spec), WeightsFile):
        weights.load(network, weights.read(source), origin=str(source.file))
    else:
        tags |= {"pretext": "none: random weights", "data": "none", "licence": "Apache-2.0"}
    network = network.eval()
    return Native(
        name=name,
        catalog="scnn",
        dim=DIM,
        identity=identity(network, {"mean": MEAN, "std": STD}),
        tags=Tags(**(tags | dict(spec.tags))),
        parameters=cost.parameters(network),
        gmacs=cost.gmacs(network, 1, 3, *WINDOW),
        network=Network(WithNormalization(network, MEAN, STD), free=(1, 2)),
    )


def _block(channels: int, out: int, *, kernel: int, stride: int = 1) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(channels, out, kernel, stride, padding=kernel // 2)
    return convolution, nn.BatchNorm2d(out), nn.ReLU()
