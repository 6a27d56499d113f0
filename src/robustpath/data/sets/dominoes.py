"""Dominoes: a digit 0 or 1 of MNIST-5k above a dress or a coat of Fashion-MNIST; the label is the clothing.

Images of one data set above those of another, of which one is easier to learn: Shah et al. 2020 (MNIST and CIFAR-10).
"""

from robustpath.data.grouped import GroupedDataSet
from robustpath.data.sets import fashion_mnist, mnist5k

CLOTHES = (3, 4)  # Fashion-MNIST's numbers of dress and coat
DIGITS = (0, 1)
HELD = 100  # digits of each kind that are above test examples alone
POOL, TEST = 3000, 1000  # examples of each group
ENTRY = GroupedDataSet(
    name="dominoes",
    title="Dominoes: a digit of MNIST above a dress or a coat of Fashion-MNIST",
    kind="image",
    classes=2,
    examples=4 * POOL,
    official_test=4 * TEST,
    smallest_class=2 * POOL,
    files=(*mnist5k.ENTRY.files, *fashion_mnist.ENTRY.files),
    licence="; ".join(f"{each.ENTRY.title}: {each.ENTRY.licence}" for each in (mnist5k, fashion_mnist)),
    citation="shah2020pitfalls",
    pool_groups=((POOL, POOL), (POOL, POOL)),
    test_groups=((TEST, TEST), (TEST, TEST)),
    chance=0.5,
)


def read(payloads):
    """(digits uint8 [1000, 28, 28], clothes uint8 [14000, 28, 28], which of each make an example int64 [16000, 2]),
    labels (1 for coats), official-test mask, group (each example of the pool its own) and attribute (the digit).

    Each training image of Fashion-MNIST is in one example of the pool, half of each class with a 1; each test image is
    in two of the test, one with each digit. A digit is in several examples, but in those of one part only.
    """
    import numpy as np

    from robustpath.data.formats import official, table

    rows = payloads["mnist_5k.csv.gz"].splitlines()
    wanted = tuple(f",{kind}".encode() for kind in DIGITS)  # to read all digits takes five times as long
    digits, digit = table(b"\n".join(row for row in rows if row.endswith(wanted)), 28)
    clothes, clothing, tested = fashion_mnist.read(payloads)
    ours = np.isin(clothing, CLOTHES)
    clothes, clothing, tested = clothes[ours], (clothing[ours] == CLOTHES[1]).astype(np.int64), tested[ours]
    above = [np.flatnonzero(digit == kind) for kind in DIGITS]
    parts = []
    for label in range(2):
        below = np.flatnonzero((clothing == label) & ~tested)
        parts += [_paired(half, above[kind][HELD:], kind, label) for kind, half in enumerate(np.split(below, 2))]
    for label in range(2):
        below = np.flatnonzero((clothing == label) & tested)
        parts += [_paired(below, above[kind][:HELD], kind, label) for kind in range(2)]
    pairs, attribute, labels = (np.concatenate(column) for column in zip(*parts, strict=True))
    group = np.where(np.arange(len(labels)) < 4 * POOL, np.arange(len(labels)), -1)
    return (digits, clothes, pairs), labels, official(4 * POOL, 4 * TEST), group, None, None, attribute


def _paired(below, above, kind, label):
    """Pairs (digit, clothing) of all clothes `below`, digits in turn, and their attributes and labels."""
    import numpy as np

    pairs = np.stack([np.resize(above, len(below)), below], 1)
    return pairs, np.full(len(below), kind), np.full(len(below), label)


def preprocess(raw, size):
    """Each half as its own data set prepares it, one above the other: [16000, 2 size, size]."""
    import torch

    from robustpath.data.preprocessing import grey

    digits, clothes, pairs = raw
    (upper, of_digits), (lower, of_clothes) = mnist5k.preprocess(digits, size), grey(clothes, size)
    digit, clothing = torch.from_numpy(pairs).T
    words = f"above {mnist5k.ENTRY.name}: {of_digits}; below {fashion_mnist.ENTRY.name}: {of_clothes}"
    return torch.cat([upper[digit], lower[clothing]], 1), words
