import pytest
import torch

from robustpath.data.resampling import area, area_matrix, resize, uci_blocks


def test_area_averages_exactly():
    image = torch.arange(16.0).reshape(1, 4, 4)
    assert torch.equal(area(image, 2), torch.tensor([[[2.5, 4.5], [10.5, 12.5]]]))
    assert torch.allclose(area_matrix(3, 2).float(), torch.tensor([[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]]))


@pytest.mark.parametrize("size", [3, 8, 14, 27])
def test_area_keeps_the_mean_of_the_image(size):
    images = torch.rand(5, 28, 28, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(area(images, size).mean((1, 2)), images.mean((1, 2)), atol=1e-6)


def test_resize_leaves_the_same_size_alone_and_interpolates_upwards():
    image = torch.tensor([[[0.0, 1.0], [0.0, 1.0]]])
    assert resize(image, 2) is image
    assert torch.allclose(resize(image, 4)[0, 0], torch.tensor([0.0, 0.25, 0.75, 1.0]))


@pytest.mark.parametrize("size", [8, 28, 32, 40])
def test_of_a_colour_image_each_channel_is_resized_as_a_grey_one(size):
    images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    resized = resize(images, size)
    assert resized.shape == (4, 3, size, size)
    assert all(torch.equal(resized[:, channel], resize(images[:, channel], size)) for channel in range(3))


def test_uci_blocks_of_a_bar_wherever_it_lies():
    # Full height and 20 of 32 pixels wide: columns 0 and 7 of the blocks stay empty, 1 and 6 are half full.
    expected = torch.tensor([0, 0.5, 1, 1, 1, 1, 0.5, 0]).expand(8, 8)
    for top, left in ((0, 0), (4, 9), (12, 3)):
        image = torch.zeros(1, 28, 28)
        image[0, top : top + 16, left : left + 10] = 1
        assert torch.equal(uci_blocks(image)[0], expected)


def test_uci_blocks_of_a_cross_are_counts_of_sixteenths():
    image = torch.zeros(1, 28, 28)
    image[0, 6:22, 11:15] = 1  # upright, 16 high
    image[0, 12:16, 8:18] = 1  # crossbar, 10 wide
    blocks = uci_blocks(image)[0]
    # Scaled by 2 both ways: the upright covers columns 12..19 of 32, the bar rows 12..19 and columns 6..25.
    expected = torch.zeros(8, 8)
    expected[:, 3:5] = 1
    expected[3:5, 2:6] = 1
    expected[3:5, [1, 6]] = 0.5
    assert torch.equal(blocks, expected)


def test_uci_blocks_threshold_at_one_half():
    image = torch.zeros(1, 28, 28)
    image[0, 4:20, 4:14] = 0.45
    image[0, 4:12, 4:14] = 0.95
    blocks = uci_blocks(image)[0]
    assert blocks[0].tolist() == [0, 0.5, 1, 1, 1, 1, 0.5, 0]
    assert not blocks[5:].any()
