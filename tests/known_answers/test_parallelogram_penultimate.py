"""The parallelogram in another representation: it is the parallelogram of a pool with these inputs."""

import torch
from pools import acquisition, pool

from robustpath.core.randomness import generator


def test_only_the_representation_is_another():
    view = pool()
    moved = view._replace(representations={"inputs": view.representations["penultimate"]})
    here = acquisition("parallelogram_penultimate")(view, 8, generator("a"))
    assert torch.equal(here, acquisition("parallelogram")(moved, 8, generator("a")))
    assert not torch.equal(here, acquisition("parallelogram")(view, 8, generator("a")))
