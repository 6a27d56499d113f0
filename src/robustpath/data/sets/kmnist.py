"""Kuzushiji-MNIST: cursive Japanese characters in the form of MNIST."""

from robustpath.data import idx
from robustpath.data.entries import DataSet

ENTRY = DataSet(
    name="kmnist",
    title="Kuzushiji-MNIST",
    kind="image",
    classes=10,
    examples=60000,
    official_test=10000,
    smallest_class=6000,
    files=idx.files(
        "kmnist",
        (
            "bdb82020997e1d708af4cf47b453dcf7",
            "e144d726b3acfaa3e44228e80efcd344",
            "5c965bf0a639b31b8f53240b1b52f4d7",
            "7320c461ea6c1c855c0b718fb2a4b134",
        ),
        urls=("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
    ),
    licence="CC BY-SA 4.0",
    citation="clanuwat2018kmnist",
)


def read(paths):
    """Cursive Japanese characters uint8 [70000, 28, 28], the 60000 training images first."""
    return idx.read("kmnist", paths, ENTRY)
