import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from matplotlib.colors import hsv_to_rgb, rgb_to_hsv
from scipy.ndimage import gaussian_filter

from robustpath.core.randomness import generator
from robustpath.data.corruptions import CORRUPTIONS, _blur, _integrated
from robustpath.data.shift_names import TEST_CORRUPTIONS, VALIDATION_CORRUPTIONS


def blots(size, count=64):
    """Bright blots on black, in [0, 1], wide enough for pixels to part as they move: float32 [count, size, size]."""
    noise = torch.randn(count, size, size, generator=generator("blots", size))
    return (size * _blur(noise, lambda across: _integrated(across, size / 6))).clamp(0, 1)


@pytest.mark.parametrize("size", [8, 28])
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_severity_moves_the_images_further_and_keeps_them_images(name, size):
    images = blots(size)
    distances = []
    for severity in range(1, 6):
        corrupted = CORRUPTIONS[name](images, severity, generator("corruption"))
        assert corrupted.shape == images.shape
        assert corrupted.dtype == torch.float32
        assert corrupted.min() >= 0
        assert corrupted.max() <= 1
        distances.append((corrupted - images).norm(dim=(1, 2)).mean().item())
    assert distances[0] > 0.01
    assert all(near < far for near, far in pairwise(distances))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_generator_alone_decides(name):
    images = blots(8)
    untouched = images.clone()
    torch.manual_seed(1)
    first = CORRUPTIONS[name](images, 3, generator("corruption", 0))
    torch.manual_seed(2)
    assert torch.equal(first, CORRUPTIONS[name](images, 3, generator("corruption", 0)))
    assert torch.equal(images, untouched)
    random = name not in ("contrast", "gaussian_blur", "brightness")
    assert torch.equal(first, CORRUPTIONS[name](images, 3, generator("corruption", 1))) != random


def test_four_may_be_tuned_on_and_six_never():
    assert set(CORRUPTIONS) == {*TEST_CORRUPTIONS, *VALIDATION_CORRUPTIONS}
    assert (len(TEST_CORRUPTIONS), len(VALIDATION_CORRUPTIONS)) == (6, 4)


def test_contrast_and_brightness_have_their_formulae():
    images = blots(8)
    mean = images.mean((1, 2), keepdim=True)
    assert torch.allclose(CORRUPTIONS["contrast"](images, 2, generator()), 0.3 * images + 0.7 * mean, atol=1e-6)
    assert torch.allclose(CORRUPTIONS["brightness"](images, 3, generator()), (images + 0.3).clamp(max=1), atol=1e-6)


def test_translation_by_whole_pixels_moves_pixels():
    images = blots(28)
    moved = CORRUPTIONS["translate"](images, 3, generator("sides"))
    sides = set()
    for image, result in zip(images, moved, strict=True):
        padded = torch.nn.functional.pad(image, (3, 3, 3, 3))
        crops = {(y, x): padded[y : y + 28, x : x + 28] for y in (0, 6) for x in (0, 6)}
        found = [corner for corner, crop in crops.items() if torch.allclose(crop, result, atol=1e-6)]
        assert len(found) == 1
        sides.add(found[0])
    assert len(sides) == 4


def test_translation_by_part_of_a_pixel_shares_it_out():
    images = torch.zeros(1, 8, 8)
    images[0, 4, 4] = 1
    part = 8 / 28
    moved = CORRUPTIONS["translate"](images, 1, generator())
    expected = sorted([(1 - part) ** 2, part * (1 - part), part * (1 - part), part**2])
    assert moved.flatten().sort().values[-4:].tolist() == pytest.approx(expected, abs=1e-6)
    assert moved.sum().item() == pytest.approx(1, abs=1e-6)


def test_rotation_turns_by_the_angle_both_ways():
    images = torch.zeros(32, 28, 28)
    images[:, 13:15, 22:24] = 1
    turned = CORRUPTIONS["rotate"](images, 3, generator("turn"))
    place = torch.arange(28.0) - 13.5
    x, y = turned.sum(1) @ place / turned.sum((1, 2)), turned.sum(2) @ place / turned.sum((1, 2))
    angles = torch.atan2(y, x)
    assert torch.allclose(angles.abs(), torch.full_like(angles, 0.6), atol=0.02)
    assert {-1, 1} == set(angles.sign().int().tolist())


def test_noises_have_their_strengths():
    grey = torch.full((200, 28, 28), 0.5)
    tolerance = {"rel": 0.02}
    assert CORRUPTIONS["gaussian_noise"](grey, 1, generator("n")).std().item() == pytest.approx(0.08, **tolerance)
    assert CORRUPTIONS["speckle_noise"](grey, 2, generator("n")).std().item() == pytest.approx(0.1, **tolerance)
    shot = CORRUPTIONS["shot_noise"](grey, 1, generator("n"))
    assert shot.mean().item() == pytest.approx(0.5, **tolerance)
    assert shot.std().item() == pytest.approx(math.sqrt(0.5 / 60), **tolerance)
    impulses = CORRUPTIONS["impulse_noise"](grey, 5, generator("n"))
    assert (impulses == 0).float().mean().item() == pytest.approx(0.135, rel=0.03)
    assert (impulses == 1).float().mean().item() == pytest.approx(0.135, rel=0.03)


def test_blur_is_scipys_but_for_the_width_of_a_pixel():
    images = blots(28, 4)
    ours = CORRUPTIONS["gaussian_blur"](images, 3, generator())
    # A kernel integrated over pixels is wider by the variance of a pixel, 1/12.
    width = math.sqrt(3**2 + 1 / 12)
    theirs = gaussian_filter(images.double().numpy(), (0, width, width), mode="nearest", truncate=8)
    assert torch.allclose(ours.double(), torch.from_numpy(theirs), atol=2e-3)


def thrown(grain, threshold, edge, noise):
    """The mud of MNIST-C's `spatter` at severities 1 to 3 (corruptions.py of google-research/mnist-c), image by image,
    with the Gaussian filter that scikit-image calls there: nearest pixel at the border, cut off at four widths."""
    mud = []
    for image in noise.double().numpy():
        liquid = gaussian_filter(0.65 + 0.3 * image, grain, mode="nearest", truncate=4)
        one = gaussian_filter((liquid > threshold).astype(float), edge, mode="nearest", truncate=4)
        mud.append(np.where(one < 0.8, 0, one))
    return torch.from_numpy(np.stack(mud))


@pytest.mark.parametrize(("severity", "constants"), [(1, (4, 0.69, 0.6)), (2, (3, 0.68, 0.6)), (3, (2, 0.68, 0.5))])
def test_mud_is_that_of_mnist_c_pixel_by_pixel(severity, constants):
    images = blots(28, 50)
    mud = thrown(*constants, torch.randn(50, 28, 28, generator=generator("mud")))
    found = CORRUPTIONS["spatter"](images, severity, generator("mud"))
    expected = (images * (1 - mud) + 63 / 255 * mud).float()
    # A pixel whose liquid is at the threshold to the last digit may fall on either side.
    assert ((found - expected).abs() < 1e-5).float().mean() > 0.9995


def test_mud_changes_the_share_of_pixels_that_mnist_c_changes():
    """Shares measured with MNIST-C's own code at severities 1 to 3; the standard error over 1,000 images is .002."""
    shares = [
        (CORRUPTIONS["spatter"](torch.zeros(1000, 28, 28), severity, generator("mud")) > 0).float().mean().item()
        for severity in (1, 2, 3)
    ]
    assert shares == pytest.approx([0.092, 0.168, 0.254], abs=0.01)


def test_brightness_of_colours_is_added_to_the_value_of_hsv():
    """As matplotlib turns colours into HSV and back; black turns grey, and of grey nothing else can change."""
    colour = torch.rand(20, 3, 8, 8, generator=generator("colours"))
    colour[0], colour[1] = 0.0, 0.4
    found = CORRUPTIONS["brightness"](colour, 3, generator())
    hsv = rgb_to_hsv(colour.permute(0, 2, 3, 1).double().numpy())
    hsv[..., 2] = np.minimum(hsv[..., 2] + 0.3, 1)
    expected = torch.from_numpy(hsv_to_rgb(hsv)).permute(0, 3, 1, 2).float()
    assert torch.allclose(found, expected, atol=1e-6)
    assert torch.allclose(found[0], torch.tensor(0.3)) and torch.allclose(found[1], torch.tensor(0.7))
    assert not torch.allclose(found, (colour + 0.3).clamp(max=1), atol=0.05)


@pytest.mark.parametrize("size", [8, 14, 28])
def test_mud_covers_the_same_share_at_every_size(size):
    shares = []
    for severity in range(1, 6):
        mud = CORRUPTIONS["spatter"](torch.zeros(300, size, size), severity, generator("mud"))
        shares.append(mud.mean().item() * 255 / 63)
    assert shares == pytest.approx([0.081, 0.156, 0.236, 0.393, 0.562], abs=0.015)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_of_a_colour_image_the_channels_are_noised_apart_and_moved_together(name):
    grey = blots(32, 16)
    colour = grey[:, None].repeat(1, 3, 1, 1)
    corrupted = CORRUPTIONS[name](colour, 4, generator("colour"))
    assert corrupted.shape == colour.shape
    assert corrupted.min() >= 0 and corrupted.max() <= 1
    if "noise" in name:
        assert not torch.equal(corrupted[:, 0], corrupted[:, 1])
        alone = CORRUPTIONS[name](grey, 4, generator("colour"))
        distances = (corrupted - colour).norm(dim=(2, 3)).mean(0)
        assert distances == pytest.approx([(alone - grey).norm(dim=(1, 2)).mean().item()] * 3, rel=0.05)
    else:
        alone = CORRUPTIONS[name](grey, 4, generator("colour"))
        assert all(torch.allclose(corrupted[:, channel], alone, atol=1e-6) for channel in range(3))


def test_contrast_keeps_the_mean_of_each_channel():
    colour = torch.stack([blots(32, 4), blots(32, 4) * 0.5, torch.zeros(4, 32, 32)], dim=1)
    faint = CORRUPTIONS["contrast"](colour, 5, generator())
    assert torch.allclose(faint.mean((2, 3)), colour.mean((2, 3)), atol=1e-6)


def test_a_tall_image_turns_as_it_does_on_a_black_square():
    tall = torch.rand(6, 16, 8)
    square = torch.nn.functional.pad(tall, (4, 4))
    turned, inside = (CORRUPTIONS["rotate"](images, 4, torch.Generator().manual_seed(1)) for images in (tall, square))
    assert torch.allclose(turned, inside[:, :, 4:12], atol=1e-5)


@pytest.mark.parametrize("shape", [(16, 8), (8, 16), (3, 16, 8)])
def test_mud_covers_the_same_share_of_images_that_are_not_square(shape):
    found = CORRUPTIONS["spatter"](torch.zeros(300, *shape), 3, torch.Generator().manual_seed(1))
    assert found.shape == (300, *shape)
    assert (found / (63 / 255)).mean() == pytest.approx(0.24, abs=0.03)
