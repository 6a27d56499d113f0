"""Ten image corruptions of severity 1..5 with the constants of MNIST-C (Mu and Gilmer 2019, arXiv:1906.02337).

Each is `f(images, severity, generator) -> images` on images float32 [N, H, W] (colour: [N, 3, H, W]) in [0, 1], all
images at once. What moves or covers an image does the same to its three channels; noise is drawn for each channel and
contrast shrinks towards each channel's mean, as in CIFAR-10-C. Lengths in pixels are those of a 28-pixel image and
scale with the image. Random numbers are drawn on the CPU, so that every device sees the same corruption.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from robustpath.data.resampling import resize

REFERENCE_SIZE = 28
Corruption = Callable[[Tensor, int, Generator], Tensor]


def _normal(like: Tensor, generator: Generator) -> Tensor:
    return torch.randn(like.shape, generator=generator).to(like.device)


def _uniform(like: Tensor, generator: Generator) -> Tensor:
    return torch.rand(like.shape, generator=generator).to(like.device)


def _sides(count: int, generator: Generator) -> Tensor:
    """A random side for each of `count` images: 0 or 1, int64."""
    return torch.randint(2, (count,), generator=generator)


def gaussian_noise(images: Tensor, severity: int, generator: Generator) -> Tensor:
    """Add white noise of a fixed standard deviation."""
    deviation = (0.08, 0.12, 0.18, 0.26, 0.38)[severity - 1]
    return (images + deviation * _normal(images, generator)).clamp(0, 1)


def shot_noise(images: Tensor, severity: int, generator: Generator) -> Tensor:
    """Count photons: Poisson with x times a rate for mean, divided by the rate."""
    rate = (60, 25, 12, 5, 3)[severity - 1]
    return (torch.poisson(images.cpu() * rate, generator=generator) / rate).clamp(0, 1).to(images.device)


def impulse_noise(images: Tensor, severity: int, generator: Generator) -> Tensor:
    """Set a share of the pixels to black or white, as often one as the other."""
    share = (0.03, 0.06, 0.09, 0.17, 0.27)[severity - 1]
    chance = _uniform(images, generator)
    return images.masked_fill(chance < share, 0.0).masked_fill(chance < share / 2, 1.0)


def contrast(images: Tensor, severity: int, generator: Generator) -> Tensor:
    """Pull every pixel towards the mean of its channel: c (x - mean) + mean. Not random."""
    factor = (0.4, 0.3, 0.2, 0.1, 0.05)[severity - 1]
    mean = images.mean((-2, -1), keepdim=True)
    return (factor * (images - mean) + mean).clamp(0, 1)


def rotate(images: Tensor, severity: int, generator: Generator) -> Tensor:
    """Turn about the centre by a fixed angle in radians to a random side, bilinear, black outside."""
    angle = (0.2, 0.4, 0.6, 0.8, 1.0)[severity - 1]
    angles = angle * (2 * _sides(len(images), generator).double() - 1)
    cosine, sine, zero = angles.cos(), angles.sin(), torch.zeros_like(angles)
    tall = images.shape[-2] / images.shape[-1]  # the grid has both sides from -1 to 1, and a turn keeps lengths
    turn = torch.stack([cosine, -sine * tall, zero, sine / tall, cosine, zero], dim=1).reshape(-1, 2, 3).to(images)
    grid = F.affine_grid(turn, [len(images), 1, *images.shape[-2:]], align_corners=False)
    planes = images if images.dim() == 4 else images[:, None]
    return F.grid_sample(planes, grid, align_corners=False).reshape(images.shape).clamp(0, 1)


def _over_channels(planes: Tensor, images: Tensor) -> Tensor:
    """One plane an image [N, ., .], set to act on all channels alike where the images have them."""
    return planes[:, None] if images.dim() == 4 else planes


def _shift_matrix(size: int, pixels: float) -> Tensor:
    """The matrix [size, size] that moves a row right by `pixels`, linear between pixels, black outside."""
    places = torch.arange(size, dtype=torch.float64)
    return (1 - (places[:, None] - pixels - places).abs()).clamp_min(0)


def translate(images: Tensor, severity: int, generator: Generator) -> Tensor:
    """Move by 1..5 pixels of 28 along both axes, each to a random side, bilinear, black outside."""
    height, width = images.shape[-2:]
    pixels = severity / REFERENCE_SIZE

    def moves(size: int) -> Tensor:
        both = torch.stack([_shift_matrix(size, -pixels * size), _shift_matrix(size, pixels * size)])
        return both[_sides(len(images), generator)].to(images)

    down, right = (_over_channels(matrices, images) for matrices in (moves(height), moves(width)))
    return down @ images @ right.transpose(-2, -1)


def speckle_noise(images: Tensor, severity: int, generator: Generator) -> Tensor:
    """Add white noise in proportion to the pixel: x + x e."""
    deviation = (0.15, 0.2, 0.35, 0.45, 0.6)[severity - 1]
    return (images + deviation * images * _normal(images, generator)).clamp(0, 1)


def _integrated(size: int, width: float) -> Tensor:
    """A Gaussian kernel of `width` pixels over offsets -size..size, integrated over each pixel: sampled at the centres
    it would vanish where `width` is a third of one."""
    offsets = torch.arange(-size, size + 1, dtype=torch.float64)
    edges = torch.erf(torch.stack([offsets - 0.5, offsets + 0.5]) / (width * math.sqrt(2)))
    return edges[1] - edges[0]


def _sampled(width: float) -> Tensor:
    """A Gaussian kernel of `width` pixels sampled at their centres and cut off at four widths, as in scikit-image."""
    reach = int(4 * width + 0.5)
    return torch.exp(-0.5 * (torch.arange(-reach, reach + 1, dtype=torch.float64) / width) ** 2)


def _blur(images: Tensor, kernel: Callable[[int], Tensor]) -> Tensor:
    """Images [..., H, W] blurred with kernel(size) along both axes; the border pixel is repeated outwards."""
    down, across = (_blur_matrix(size, kernel(size)).to(images) for size in images.shape[-2:])
    return down @ images @ across.T


def _blur_matrix(size: int, kernel: Tensor) -> Tensor:
    reach = len(kernel) // 2
    reached = (torch.arange(size)[:, None] + torch.arange(-reach, reach + 1)).clamp(0, size - 1)
    matrix = torch.zeros(size, size, dtype=torch.float64)
    return matrix.scatter_add_(1, reached, (kernel / kernel.sum()).expand(size, -1))


def gaussian_blur(images: Tensor, severity: int, generator: Generator) -> Tensor:
    """Blur with a Gaussian of 1..6 pixels of 28. Not random."""
    width = (1, 2, 3, 4, 6)[severity - 1] / REFERENCE_SIZE * images.shape[-1]
    return _blur(images, lambda size: _integrated(size, width)).clamp(0, 1)


def spatter(images: Tensor, severity: int, generator: Generator) -> Tensor:
    """Throw grey mud: where smoothed noise passes a threshold the image gives way to grey 63/255.

    The mud is thrown at 28 pixels a width, on a square that holds the image, and then brought to the image's size, so
    that it covers the same share at each size: .08, .16, .24, .39, .56. Severities 1 to 3 are MNIST-C's, step by step;
    4 and 5 are our own, since MNIST-C's cover less than its third (.12, .18).
    """
    grain = (4, 3, 2, 2, 2)[severity - 1]
    threshold = (0.69, 0.68, 0.68, 0.66, 0.64)[severity - 1]
    edge = (0.6, 0.6, 0.5, 0.5, 0.5)[severity - 1]
    height, width = images.shape[-2:]
    side = max(height, width)
    thrown = REFERENCE_SIZE * side // width
    noise = torch.randn(len(images), thrown, thrown, generator=generator)
    liquid = _blur(0.65 + 0.3 * noise, lambda size: _sampled(grain))
    mud = _blur((liquid > threshold).float(), lambda size: _sampled(edge))
    mud = resize(mud.masked_fill(mud < 0.8, 0), side)[..., :height, :width]
    mud = _over_channels(mud.to(images.device), images)
    return (images * (1 - mud) + 63 / 255 * mud).clamp(0, 1)


def brightness(images: Tensor, severity: int, generator: Generator) -> Tensor:
    """Add 0.1..0.5 to the brightness: to grey pixels, and of colours to the value of HSV. Not random.

    The value is the largest of the three channels; hue and saturation stay, so that the channels keep their ratios. All
    values stop at 1. Stands in for `saturate`, the fourth validation corruption of CIFAR-10-C: grey images have no
    saturation, and the corruptions are to be the same for all.
    """
    more = (0.1, 0.2, 0.3, 0.4, 0.5)[severity - 1]
    if images.dim() == 3:
        return (images + more).clamp(0, 1)
    value = images.amax(1, keepdim=True)
    ratio = torch.where(value > 0, images / value, torch.ones_like(images))
    return ratio * (value + more).clamp(0, 1)


CORRUPTIONS: dict[str, Corruption] = {
    function.__name__: function
    for function in (
        gaussian_noise,
        shot_noise,
        impulse_noise,
        contrast,
        rotate,
        translate,
        speckle_noise,
        gaussian_blur,
        spatter,
        brightness,
    )
}
