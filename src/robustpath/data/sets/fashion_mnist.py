"""Fashion-MNIST, as Debian's package dataset-fashion-mnist ships it."""

from robustpath.data import idx
from robustpath.data.entries import DataSet, File

PAYLOADS = (  # sha256 and bytes, in the order of idx.PARTS
    ("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", 47040016),
    ("bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9", 60008),
    ("5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", 7840016),
    ("0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34", 10008),
)

ENTRY = DataSet(
    name="fashion_mnist",
    title="Fashion-MNIST",
    kind="image",
    classes=10,
    examples=60000,
    official_test=10000,
    smallest_class=6000,
    files=tuple(
        File(
            name,
            sha256,
            size,
            folder="/usr/share/datasets/fashion-mnist",
            system_package="dataset-fashion-mnist",
            urls=(
                f"https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/{name}",
                f"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/{name}",
            ),
        )
        for name, (sha256, size) in zip(idx.PARTS, PAYLOADS, strict=True)
    ),
    licence="MIT",
    citation="xiao2017fashion",
)


def read(payloads):
    """Images uint8 [70000, 28, 28] in 0..255, labels, official-test mask: the 60000 training images come first."""
    from robustpath.data import formats

    return idx.joined([formats.idx(payloads[name]) for name in idx.PARTS])
