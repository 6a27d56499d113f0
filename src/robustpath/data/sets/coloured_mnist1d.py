"""MNIST-1D in two colours: is the digit below 5? A quarter of the labels is wrong, so that colour can tell more.

The recipe of coloured MNIST (Arjovsky et al. 2019) on the signals of data/signal_generator.py: the label is that of the
digit, exchanged with probability 1/4; a colour is one of two channels, and the signal stands in that of its colour, the
other being zero. There, colour and label agree in 80 and in 90 of 100 training examples and in 10 of 100 test examples;
here the pool has equal groups, and an experiment's `correlation` and the shift `colour` say how often they agree.
"""

from functools import lru_cache

from robustpath.data.grouped import GroupedDataSet

WRONG = 0.25
POOL, TEST = 22_000, 2500  # examples of each group
LENGTH = 80  # numbers of an example, in both colours
DISAGREE = (0.1, 0.3, 0.5, 0.7, 0.9)  # share of the test examples whose colour is not their label, by severity
ENTRY = GroupedDataSet(
    name="coloured_mnist1d",
    title="MNIST-1D in two colours, generated",
    kind="signal",
    classes=2,
    examples=4 * POOL,
    official_test=4 * TEST,
    smallest_class=2 * POOL,
    files=(),
    licence="Apache-2.0 (the recipe); the signals are generated here",
    citation="greydanus2024mnist1d",
    knobs=("colour",),
    pool_groups=((POOL, POOL), (POOL, POOL)),
    test_groups=((TEST, TEST), (TEST, TEST)),
    chance=0.5,
    ceiling=1 - WRONG,
)


def read(files):
    """Signals float32 [98000, 2, 40], labels (1 for digits below 5, but for the wrong ones), official-test mask, group
    (each example of the pool its own) and attribute (the channel): generated, so `files` is empty."""
    import numpy as np

    from robustpath.data.formats import official

    parts = _part("pool", 4 * POOL), _part("test", 4 * TEST)
    signals, labels, colours = (np.concatenate(both) for both in zip(*parts, strict=True))
    group = np.where(np.arange(len(labels)) < 4 * POOL, np.arange(len(labels)), -1)
    return _in_colour(signals, colours), labels, official(4 * POOL, 4 * TEST), group, None, None, colours


def drawn(name, count):
    """Digits, labels and colours of a part, "pool" or "test": int64 [count] each, groups in turn."""
    import torch

    from robustpath.core.randomness import generator

    turn = torch.arange(count) % 4
    labels, colours = turn // 2, turn % 2
    numbers = torch.rand(2, count, dtype=torch.float64, generator=generator("coloured_mnist1d", name, "digit"))
    below = torch.where(numbers[0] < WRONG, 1 - labels, labels)
    return (5 * numbers[1]).long() + 5 * (1 - below), labels, colours


def _part(name, count):
    """Signals float32 [count, 40], standardised as MNIST-1D is, labels and colours int64 [count]."""
    from robustpath.data import signal_generator

    digits, labels, colours = drawn(name, count)
    signals = signal_generator.signals(digits, signal_generator.draw(count, f"coloured {name}"))
    many = signal_generator.EXAMPLES["pool"]
    usual = signal_generator.signals(signal_generator.labels(many), signal_generator.draw(many, "pool"))
    standard = ((signals - usual.mean()) / usual.std(correction=0)).float()
    return standard.numpy(), labels.numpy(), colours.numpy()


def _in_colour(signals, colours):
    """Each signal in the channel of its colour, the other zero: float32 [N, 2, 40]."""
    import numpy as np

    return signals[:, None] * (colours[:, None] == np.arange(2)).astype(np.float32)[:, :, None]


def preprocess(raw, size):
    """As generated; `size` is None."""
    import torch

    return torch.from_numpy(raw), (
        "generated in double precision, standardised by the mean and standard deviation of MNIST-1D's pool, in one of "
        "two channels; image size has no part"
    )


def recipe():
    """The values of the generator's knobs."""
    from robustpath.data.signal_generator import RECIPE

    return RECIPE | {"wrong_labels": WRONG, "examples_of_each_group": [POOL, TEST]}


def shifted_test(knob, severity):
    """The official test part whose colours disagree with a share DISAGREE of the labels: float32 [10000, 2, 40]; at a
    higher severity those of a lower one disagree, and more."""
    import torch

    from robustpath.core.randomness import generator

    signals, labels, _ = _tested()
    numbers = torch.rand(len(labels), dtype=torch.float64, generator=generator("coloured_mnist1d", "test", knob))
    colours = labels ^ (numbers.numpy() < DISAGREE[severity - 1])
    return torch.from_numpy(_in_colour(signals, colours))


@lru_cache(maxsize=1)
def _tested():
    return _part("test", 4 * TEST)
