"""A small convolutional network whose last layer reads what an attention map lets through."""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from robustpath.core.types import Params
from robustpath.models.functional import activations
from robustpath.models.layers import Planes, Pool, channels

KINDS = ("image", "signal")
MEASURED = False
PORTION = (16, 250)
WIDTHS = (16, 32, 64)
GROUPS = 8
SIZE = 3  # pixels a side that a number of the map looks at; 7 in CBAM, for maps larger than ours

FEATURES, ATTENDED, POOLED, HEAD = "features", "attention", "pool", "head"  # names of layers that others read


def attention(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The map sigmoid(A) [b, H, W] in (0, 1) of features [b, C, H, W].

    A is a convolution of two planes, the maximum and the mean over channels: the spatial gate of CBAM (Woo et al. 2018,
    eq. 3) without its normalisation, which would couple the examples of a batch.
    """
    planes = torch.stack([features.amax(1), features.mean(1)], 1)
    return nn.functional.conv2d(planes, weight, bias, padding=SIZE // 2)[:, 0].sigmoid()


class Attention(nn.Module):
    """Features [b, C, H, W] -> c = sigmoid(A) x; what it leaves, s = x - c, is sigmoid(-A) x (Wang et al. 2021)."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, 2, SIZE, SIZE))
        self.bias = nn.Parameter(torch.empty(1))

    def start(self, generator: torch.Generator) -> dict[str, Tensor]:
        """A = 0, as in the authors' program: both parts begin with half of the features."""
        return {name: torch.zeros(tensor.shape) for name, tensor in self.named_parameters()}

    def forward(self, features: Tensor) -> Tensor:
        return attention(features, self.weight, self.bias)[:, None] * features


def network(shape: Sequence[int], classes: int, hidden: Sequence[int]) -> nn.Module:
    """Logits [b, classes] from c, the part of the features that the attention lets through, as a mean over pixels.

    Three times a 3 x 3 convolution, GroupNorm and ReLU, the first two with a maximum over 2 x 2, then the attention. A
    signal [L] is an image of one row. The logits come from c and not from the mixture c + s = x, in which the attention
    has no part: with c, any method trains the attention, and what is evaluated is what the authors' program evaluates.
    In that program every block has an attention of channels and pixels, and a residual connection goes around it; here
    is one attention, of pixels alone, so that it is a map, and nothing goes around it. `hidden` is not used: the widths
    are those of the file.
    """
    shape = tuple(shape)
    signal = len(shape) == 1
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    if signal:
        layers["row"] = nn.Unflatten(1, (1, *shape))
    layers["planes"] = Planes()
    entering = 1 if signal else channels(shape)
    with torch.device("meta"):
        for number, width in enumerate(WIDTHS):
            last = number == len(WIDTHS) - 1
            layers[f"convolution{number}"] = nn.Conv2d(entering, width, 3, padding=1)
            layers[f"norm{number}"] = nn.GroupNorm(GROUPS, width)
            layers[FEATURES if last else f"relu{number}"] = nn.ReLU()
            if not last:
                layers[f"maximum{number}"] = nn.MaxPool2d(2, ceil_mode=True)
            entering = width
        layers |= {ATTENDED: Attention(), POOLED: Pool(), HEAD: nn.Linear(entering, classes)}
    return nn.Sequential(layers)


def maps(model: nn.Sequential, params: Params, inputs: Tensor) -> Tensor:
    """The attention map sigmoid(A) [b, H, W] of each example of inputs [b, …], a quarter of their size a side."""
    features = activations(model)(params, inputs)[FEATURES]
    return attention(features, params[f"{ATTENDED}.weight"], params[f"{ATTENDED}.bias"])
