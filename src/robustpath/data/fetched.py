"""The data sets that no package ships: fetched from their authors or a mirror, for runs on a cluster.

Digits are prepared as one grey channel at the scale's image size, so that those of one set are a natural shift of
another's: SVHN loses its colour for it. Photographs keep three channels and a size of their own.
"""

from robustpath.data.entries import DataSet, File

KEPT_CORRUPTED = 1000  # images of every published corruption and severity: all of CIFAR-10-C would fill 12 GB
CORRUPTED = 15 * 5 * KEPT_CORRUPTED
TORONTO = "https://www.cs.toronto.edu/~kriz/"
ZENODO = "https://zenodo.org/records/"
MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
KMNIST = ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",)
IDX = tuple(f"{part}-{what}-ubyte.gz" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1"))
LIBSVM = "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/"
SVHN = "http://ufldl.stanford.edu/housenumbers/"
CIFAR_101 = (
    "https://raw.githubusercontent.com/modestyachts/CIFAR-10.1/master/datasets/",
    "https://github.com/modestyachts/CIFAR-10.1/raw/master/datasets/",
)


def _idx(folder: str, mirrors: tuple[str, ...], md5s: tuple[str, ...], sizes: tuple[int, ...]) -> tuple[File, ...]:
    """The four files of MNIST and its kin; the folder keeps their common names apart."""
    return tuple(
        File(f"{folder}/{name}", urls=tuple(mirror + name for mirror in mirrors), md5=md5, raw_size=size)
        for name, md5, size in zip(IDX, md5s, sizes, strict=True)
    )


FETCHED: tuple[DataSet, ...] = (
    DataSet(
        name="mnist",
        title="MNIST, whole",
        kind="image",
        classes=10,
        examples=60000,
        official_test=10000,
        smallest_class=5421,
        smallest_test_class=892,
        files=_idx(
            "mnist",
            MNIST_MIRRORS,
            (
                "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                "d53e105ee54ea40749a09fcbcd1e9432",
                "9fb629c4189551a2d022fa330f9573f3",
                "ec29112dd5afa0611ce80d1b7f02629c",
            ),
            (9912422, 28881, 1648877, 4542),
        ),
        licence="CC BY-SA 3.0 (as commonly stated)",
        citation="lecun1998gradient",
        reader="mnist",
        natural_shift_to=("usps", "svhn"),
    ),
    DataSet(
        name="kmnist",
        title="Kuzushiji-MNIST",
        kind="image",
        classes=10,
        examples=60000,
        official_test=10000,
        smallest_class=6000,
        files=_idx(
            "kmnist",
            KMNIST,
            (
                "bdb82020997e1d708af4cf47b453dcf7",
                "e144d726b3acfaa3e44228e80efcd344",
                "5c965bf0a639b31b8f53240b1b52f4d7",
                "7320c461ea6c1c855c0b718fb2a4b134",
            ),
            (0, 0, 0, 0),
        ),
        licence="CC BY-SA 4.0",
        citation="clanuwat2018kmnist",
        reader="kmnist",
    ),
    DataSet(
        name="usps",
        title="USPS postal digits",
        kind="image",
        classes=10,
        examples=7291,
        official_test=2007,
        smallest_class=542,
        smallest_test_class=147,
        files=(
            File("usps/usps.bz2", urls=(f"{LIBSVM}usps.bz2",), md5="ec16c51db3855ca6c91edd34d0e9b197"),
            File("usps/usps.t.bz2", urls=(f"{LIBSVM}usps.t.bz2",), md5="8ea070ee2aca1ac39742fdd1ef5ed118"),
        ),
        licence="none stated by its authors",
        citation="hull1994database",
        reader="usps",
        natural_shift_to=("mnist", "svhn"),
    ),
    DataSet(
        name="svhn",
        title="Street View House Numbers, cropped digits without the extra part, in grey",
        kind="image",
        classes=10,
        examples=73257,
        official_test=26032,
        smallest_class=4659,
        smallest_test_class=1595,
        files=(
            File(
                "svhn/train_32x32.mat",
                urls=(f"{SVHN}train_32x32.mat",),
                md5="e26dedcc434d2e4c54c9b2d4a06d8373",
                raw_size=182040794,
            ),
            File(
                "svhn/test_32x32.mat",
                urls=(f"{SVHN}test_32x32.mat",),
                md5="eb5a983be6a315427106f1b164d9cef3",
                raw_size=64275384,
            ),
        ),
        licence="for non-commercial use only",
        citation="netzer2011reading",
        reader="svhn",
        natural_shift_to=("mnist", "usps"),
    ),
    DataSet(
        name="cifar10",
        title="CIFAR-10",
        kind="image",
        classes=10,
        examples=50000,
        official_test=10000,
        smallest_class=5000,
        files=(
            File(
                "cifar-10-python.tar.gz",
                urls=(f"{TORONTO}cifar-10-python.tar.gz",),
                md5="c58f30108f718f92721af3b95e74349a",
                raw_size=170498071,
            ),
        ),
        licence="none stated by its authors",
        citation="krizhevsky2009learning",
        reader="cifar10",
        natural_shift_to=("cifar10_1",),
        channels=3,
        side=32,
        published="cifar10_c",
    ),
    DataSet(
        name="cifar10_1",
        title="CIFAR-10.1, a new test set for CIFAR-10 (version 6)",
        kind="image",
        classes=10,
        examples=0,
        official_test=2000,
        smallest_class=0,
        files=(
            File(
                "cifar10.1_v6_data.npy",
                urls=tuple(f"{mirror}cifar10.1_v6_data.npy" for mirror in CIFAR_101),
                raw_sha256="2997188e5816f5bd545dc77771b6227828c28146049fcecf3fa10775474cacc6",
                raw_size=6144128,
            ),
            File(
                "cifar10.1_v6_labels.npy",
                urls=tuple(f"{mirror}cifar10.1_v6_labels.npy" for mirror in CIFAR_101),
                raw_sha256="ae40beda001693674edc94d925ee8268cfe68905f8f9aff800c8dcdfcd6c9448",
                raw_size=8128,
            ),
        ),
        licence="MIT",
        citation="recht2018cifar",
        reader="cifar10_1",
        channels=3,
        side=32,
    ),
    DataSet(
        name="cifar10_c",
        title="CIFAR-10-C, the first 100 test images of each class under every corruption and severity",
        kind="image",
        classes=10,
        examples=0,
        official_test=CORRUPTED,
        smallest_class=0,
        files=(
            File(
                "CIFAR-10-C.tar",
                urls=(f"{ZENODO}2535967/files/CIFAR-10-C.tar?download=1",),
                raw_sha256="c72763e101c723b7c507b96205f7e938912a5d587376173b825850cf3cb876a7",
                raw_size=2918471680,
            ),
        ),
        licence="CC BY 4.0",
        citation="hendrycks2019corruptions",
        reader="cifar10_c",
        channels=3,
        side=32,
    ),
    DataSet(
        name="cifar100",
        title="CIFAR-100, fine labels",
        kind="image",
        classes=100,
        examples=50000,
        official_test=10000,
        smallest_class=500,
        files=(
            File(
                "cifar-100-python.tar.gz",
                urls=(f"{TORONTO}cifar-100-python.tar.gz",),
                md5="eb9058c3a382ffc7106e4002c42a8d85",
                raw_size=169001437,
            ),
        ),
        licence="none stated by its authors",
        citation="krizhevsky2009learning",
        reader="cifar100",
        channels=3,
        side=32,
        published="cifar100_c",
    ),
    DataSet(
        name="cifar100_c",
        title="CIFAR-100-C, the first 10 test images of each class under every corruption and severity",
        kind="image",
        classes=100,
        examples=0,
        official_test=CORRUPTED,
        smallest_class=0,
        files=(
            File(
                "CIFAR-100-C.tar",
                urls=(f"{ZENODO}3555552/files/CIFAR-100-C.tar?download=1",),
                md5="11f0ed0f1191edbf9fa23466ae6021d3",
                raw_size=2918473216,
            ),
        ),
        licence="CC BY 4.0",
        citation="hendrycks2019corruptions",
        reader="cifar100_c",
        channels=3,
        side=32,
    ),
    DataSet(
        name="tiny_imagenet",
        title="Tiny ImageNet at 32 pixels, its validation images for testing",
        kind="image",
        classes=200,
        examples=100000,
        official_test=10000,
        smallest_class=500,
        files=(
            File(
                "tiny-imagenet-200.zip",
                urls=(
                    "http://cs231n.stanford.edu/tiny-imagenet-200.zip",
                    f"{ZENODO}10720917/files/tiny-imagenet-200.zip?download=1",
                ),
                md5="90528d7ca1a48142e341f4ef8d21d0de",
                raw_size=248100043,
            ),
        ),
        licence="terms of ImageNet: non-commercial research",
        citation="le2015tiny",
        reader="tiny_imagenet",
        channels=3,
        side=32,
        published="tiny_imagenet_c",
    ),
    DataSet(
        name="tiny_imagenet_c",
        title="Tiny ImageNet-C at 32 pixels, the first 5 images of each class under every corruption and severity",
        kind="image",
        classes=200,
        examples=0,
        official_test=CORRUPTED,
        smallest_class=0,
        files=(
            File(
                "TinyImageNet-C.tar",
                urls=(f"{ZENODO}2469796/files/TinyImageNet-C.tar?download=1",),
                md5="3d9c6e89c2609aeb4198f84c8edd1ff0",
            ),
        ),
        licence="CC BY 4.0; the images under the terms of ImageNet",
        citation="hendrycks2019corruptions",
        reader="tiny_imagenet_c",
        channels=3,
        side=32,
    ),
    DataSet(
        name="waterbirds",
        title="Waterbirds at 64 pixels: birds on land or water, background correlated with the bird in training",
        kind="image",
        classes=2,
        examples=4795,
        official_test=5794,
        smallest_class=1113,
        smallest_test_class=1284,
        files=(
            File(
                "waterbird_complete95_forest2water2.tar.gz",
                urls=("https://nlp.stanford.edu/data/dro/waterbird_complete95_forest2water2.tar.gz",),
                raw_size=500_000_000,
            ),
        ),
        licence="for non-commercial research only",
        citation="sagawa2020distributionally",
        reader="waterbirds",
        channels=3,
        side=64,
    ),
)
