"""BADGE against gradients that are written out, and D² sampling against its probabilities (case C12).

Official program: JordanAsh/badge at commit 173a184, get_grad_embedding and init_centers.
"""

import math

import torch
from pools import HIDDEN, acquisition, of_logits, pool
from torch.func import grad, vmap
from torch.nn.functional import cross_entropy

from robustpath.core.randomness import generator
from robustpath.methods.shortcuts.badge import prediction_errors, squared_distances


def explicit(view):
    """The gradient of -ln p of the predicted class by the weights of the last layer, of every unlabelled example."""
    features = view.representations["penultimate"][view.unlabelled].double()
    weight = view.head(torch.eye(HIDDEN)).double()
    predicted = view.logits[view.unlabelled].argmax(1)

    def loss(w, z, y):
        return cross_entropy((z @ w)[None], y[None])

    return vmap(grad(loss), in_dims=(None, 0, 0))(weight, features, predicted).flatten(1)


def factored(view):
    features = view.representations["penultimate"][view.unlabelled].double()
    errors = prediction_errors(view.logits[view.unlabelled])
    return errors, features, errors.square().sum(1) * features.square().sum(1)


def test_lengths_and_distances_are_those_of_the_written_out_gradients():
    view = pool()
    gradients, (errors, features, lengths) = explicit(view), factored(view)
    torch.testing.assert_close(lengths, gradients.square().sum(1), rtol=1e-5, atol=1e-6)
    for position in (0, 7, len(gradients) - 1):
        slow = (gradients - gradients[position]).square().sum(1)
        found = squared_distances(errors, features, lengths, position)
        torch.testing.assert_close(found, slow, rtol=1e-5, atol=1e-6)
        assert found[position] == 0


def test_equal_gradients_have_no_distance_and_sure_predictions_have_some_length():
    stream = generator("badge")
    logits, features = torch.randn(31, 10, generator=stream).repeat(2, 1), torch.randn(31, 97, generator=stream)
    doubled = of_logits(logits, representations={"penultimate": features.repeat(2, 1)})
    for position in range(31):
        assert squared_distances(*factored(doubled), position)[position + 31] == 0
    (error,) = prediction_errors(torch.tensor([[40.0, 0.0]], dtype=torch.float64))
    torch.testing.assert_close(error, torch.tensor([-1.0, 1.0]).double() / (1 + math.exp(40)), rtol=1e-12, atol=0)


def test_the_longest_gradient_comes_first():
    for seed in range(5):
        view = pool(seed=seed)
        longest = view.unlabelled[explicit(view).square().sum(1).argmax()]
        assert acquisition("badge")(view, 1, generator("badge", seed)) == longest


def test_the_second_is_drawn_in_proportion_to_its_squared_distance():
    view, stream = pool(examples=12, labelled=4), generator("badge")
    gradients = explicit(view)
    first = gradients.square().sum(1).argmax()
    p = (gradients - gradients[first]).square().sum(1)
    p /= p.sum()
    draws = 3000
    found = torch.stack([acquisition("badge")(view, 2, stream)[1] for _ in range(draws)])
    shares = (found[:, None] == view.unlabelled).double().mean(0)
    assert ((shares - p).abs() < 5 * (p * (1 - p) / draws).sqrt() + 1e-12).all()


def test_sure_predictions_have_no_gradient_and_at_most_one_is_chosen_while_others_differ():
    """A gradient of 0 has a distance from the others, so that one may be drawn; after it the next has none."""
    logits = torch.randn(12, 3, generator=generator("badge"))
    logits[:6] = torch.tensor([4000.0, 0.0, 0.0])
    features = torch.randn(12, 5, generator=generator("badge", 1)).abs() + 0.1
    view = of_logits(logits, representations={"penultimate": features})
    assert (prediction_errors(logits)[:6] == 0).all()
    chosen = [acquisition("badge")(view, 4, generator("badge", seed)) for seed in range(30)]
    assert all(found[0] >= 6 for found in chosen)
    assert {int((found < 6).sum()) for found in chosen} == {0, 1}
    assert sorted(acquisition("badge")(view, 12, generator("badge")).tolist()) == list(range(12))
