"""Parameters as one vector and back, of one model and of several."""

import pytest
import torch

from robustpath.core.parameters import apart, flatten, stack, unflatten

TREE = {"b": torch.arange(6.0).reshape(2, 3), "a": torch.tensor(6.0), "c": torch.tensor([7.0, 8.0])}
SHAPES = {name: tensor.shape for name, tensor in TREE.items()}


def equal(one, other):
    return list(one) == list(other) and all(torch.equal(one[name], other[name]) for name in one)


def test_one_tensor_after_another_in_the_order_of_the_dict():
    assert flatten(TREE).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert flatten({"c": TREE["c"], "b": TREE["b"]}).tolist() == [7, 8, 0, 1, 2, 3, 4, 5]


def test_back_again():
    assert equal(unflatten(torch.arange(9.0), SHAPES), TREE)


def test_several_models_are_several_vectors():
    other = {name: -tensor for name, tensor in TREE.items()}
    together = stack([TREE, other])
    vectors = flatten(together, 1)
    assert vectors.tolist() == [list(range(9)), [-value for value in range(9)]]
    assert equal(unflatten(vectors, SHAPES), together)
    assert all(equal(one, expected) for one, expected in zip(apart(together), [TREE, other], strict=True))


def test_a_vector_of_another_length_is_refused():
    with pytest.raises(RuntimeError, match="split_with_sizes"):
        unflatten(torch.arange(10.0), SHAPES)


def test_under_vmap_a_member_is_a_model():
    vectors = torch.arange(18.0).reshape(2, 9)
    doubled = torch.vmap(lambda vector: flatten(unflatten(2 * vector, SHAPES)))(vectors)
    assert torch.equal(doubled, 2 * vectors)
