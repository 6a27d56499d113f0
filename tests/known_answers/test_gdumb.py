"""GDumb: SGD in everything but what its batches are drawn from."""

from .conftest import bound
from .streams import Visit, live, random_batch, same, start


def test_on_the_same_batches_it_is_sgd():
    visits = [Visit(random_batch(number, [0, 1]), [{}, {}]) for number in range(3)]
    ends = [live(bound(name, learning_rate=0.2), start(), visits).params for name in ("gdumb", "online_sgd")]
    assert all(same(a, b) for a, b in zip(*ends, strict=True))


def test_its_batches_are_drawn_from_elsewhere():
    assert (bound("gdumb").order, bound("online_sgd").order) == ("memory", "batches")
