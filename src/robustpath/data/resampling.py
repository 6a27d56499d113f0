"""Bringing images to another size, and MNIST to the form of the UCI digits."""

import torch
import torch.nn.functional as F
from torch import Tensor

UCI_SIDE = 32
UCI_BOX = (32, 20)  # height and width in pixels of the box that a digit fills
UCI_BLOCK = 4
UCI_THRESHOLD = 0.5


def area_matrix(source: int, target: int) -> Tensor:
    """The matrix [target, source] that averages a row of pixels over each new, larger pixel: float64, rows sum to 1."""
    edges = torch.arange(target + 1, dtype=torch.float64) * source / target
    pixels = torch.arange(source, dtype=torch.float64)
    overlap = torch.minimum(edges[1:, None], pixels + 1) - torch.maximum(edges[:-1, None], pixels)
    return overlap.clamp_min(0) * target / source


def area(images: Tensor, size: int) -> Tensor:
    """Square images [..., S, S] reduced to [..., size, size] by averaging over area, exact for any pair of sizes."""
    matrix = area_matrix(images.shape[-1], size).to(images)
    return matrix @ images @ matrix.T


def resize(images: Tensor, size: int) -> Tensor:
    """Square images [N, S, S] or [N, 3, S, S] at another size: averaged over area downwards, bilinear upwards, else
    unchanged."""
    source = images.shape[-1]
    if size < source:
        return area(images, size)
    if size > source:
        planes = images if images.dim() == 4 else images[:, None]
        enlarged = F.interpolate(planes, (size, size), mode="bilinear", align_corners=False)
        return enlarged.reshape(*images.shape[:-2], size, size)
    return images


def uci_blocks(images: Tensor) -> Tensor:
    """Digits [N, S, S] in [0, 1] put through the preparation of the UCI digits: float32 [N, 8, 8] in 0, 1/16 .. 1.

    Crop to the ink's bounding box, scale the box bilinearly to 32 x 20 pixels in the middle of 32 x 32, threshold at
    one half, count the set pixels of each 4 x 4 block (Alpaydin and Kaynak 1998). The box is that of NIST's routines,
    which they used (Garris et al. 1994, NISTIR 5469): the UCI images have empty outer columns, as it implies.
    """
    count, size = len(images), images.shape[1]
    ink = images > 0
    top, height = _extent(ink.any(2))
    left, width = _extent(ink.any(1))
    crop = torch.zeros(count, 2, 3)
    crop[:, 0, 0] = width * (UCI_SIDE / UCI_BOX[1]) / size
    crop[:, 1, 1] = height * (UCI_SIDE / UCI_BOX[0]) / size
    crop[:, 0, 2] = (2 * left + width) / size - 1
    crop[:, 1, 2] = (2 * top + height) / size - 1
    grid = F.affine_grid(crop, [count, 1, UCI_SIDE, UCI_SIDE], align_corners=False)
    scaled = F.grid_sample(images[:, None], grid, align_corners=False)
    return F.avg_pool2d((scaled > UCI_THRESHOLD).float(), UCI_BLOCK)[:, 0]


def _extent(occupied: Tensor) -> tuple[Tensor, Tensor]:
    """First place and length of the span that is occupied: float32 [N] each, from bool [N, S]; whole if empty."""
    first = occupied.int().argmax(1)
    last = occupied.shape[1] - occupied.flip(1).int().argmax(1)
    return first.float(), (last - first).float()
