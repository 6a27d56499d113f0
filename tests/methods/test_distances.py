"""Distances of behaviour: what they see and what they cannot, their gradients, and their second order."""

import pytest
import torch

from robustpath.methods import distances
from robustpath.methods.base import grad

WEIGHT = torch.randn(4, 6, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
BIAS = torch.randn(4, generator=torch.Generator().manual_seed(4), dtype=torch.float64)


def efm(current, anchor, damping=0.1):
    return distances.efm(current, anchor, WEIGHT.to(current), BIAS.to(current), damping)


NAMES = ["l2", "l2_relative", "ldifs_code", "cosine", "mahalanobis", "logit_l2", "forward_kl", "reverse_kl", "cka"]
NAMES += ["procrustes", "mmd", "sliced_w2", "neighbours"]
ALL = {name: getattr(distances, name) for name in NAMES} | {"efm": efm}
STILL_AT_THE_ANCHOR = [name for name in ALL if name not in ("cka", "procrustes", "mmd", "sliced_w2", "neighbours")]


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


H = 1 + normal(12, 6)
CHANGES = {
    "norm of an example": H * torch.linspace(0.5, 2, 12, dtype=torch.float64)[:, None],
    "scale": 3 * H,
    "orthogonal map": H @ torch.linalg.qr(normal(6, 6, seed=1))[0],
    "translation": H + normal(6, seed=2),
    "one number added to an example": H + normal(12, 1, seed=5),
    "order of the examples": H.flip(0),
    "feature": H + normal(12, 6, seed=6),
}
UNSEEN = {
    "ldifs_code": {"norm of an example", "scale"},
    "cosine": {"norm of an example", "scale"},
    "forward_kl": {"one number added to an example"},
    "reverse_kl": {"one number added to an example"},
    "cka": {"scale", "orthogonal map", "translation"},
    "procrustes": {"orthogonal map", "translation"},
    "mmd": {"order of the examples"},
    "sliced_w2": {"order of the examples"},
    "neighbours": {"norm of an example", "scale", "orthogonal map"},
}


@pytest.mark.parametrize("name", ALL)
def test_what_a_distance_sees(name):
    assert abs(ALL[name](H, H).item()) < 1e-12
    unseen = {change for change, moved in CHANGES.items() if abs(ALL[name](moved, H)) < 1e-6}
    assert unseen == UNSEEN.get(name, set())
    assert all(ALL[name](moved, H) > 1e-3 for change, moved in CHANGES.items() if change not in unseen)


@pytest.mark.parametrize("name", ALL)
def test_gradients_are_those_of_finite_differences(name):
    moved = (H + 0.3 * normal(12, 6, seed=7)).requires_grad_()
    assert torch.autograd.gradcheck(lambda h: ALL[name](h, H), (moved,), atol=1e-6)


@pytest.mark.parametrize("name", ALL)
def test_vectorised_it_is_the_same(name):
    """Also with a feature and an example that are 0 everywhere, as dead ReLUs give."""
    old, new = normal(3, 12, 6, dtype=torch.float32).relu(), normal(3, 12, 6, seed=1, dtype=torch.float32).relu()
    old[:, :, 2], new[:, :, 2], old[:, 4], new[:, 4] = 0, 0, 0, 0
    together = torch.vmap(ALL[name])(new, old)
    torch.testing.assert_close(together, torch.stack([ALL[name](a, b) for a, b in zip(new, old, strict=True)]))
    assert torch.vmap(grad(ALL[name]))(new, old).isfinite().all()
    assert torch.vmap(grad(ALL[name]))(old, old).isfinite().all()


@pytest.mark.parametrize("name", STILL_AT_THE_ANCHOR)
def test_at_the_anchor_the_gradient_is_exactly_zero(name):
    h = normal(12, 6, dtype=torch.float32)
    assert torch.equal(grad(ALL[name])(h, h), torch.zeros(12, 6))


@pytest.mark.parametrize("name", ["forward_kl", "reverse_kl"])
def test_divergences_are_half_the_fisher_form(name):
    """KL = 1/2 dz' (diag p - p p') dz + O(dz³)."""
    change, p = 1e-4 * normal(12, 6, seed=8), H.softmax(1)
    form = (p * change.square()).sum(1) - (p * change).sum(1).square()
    assert ALL[name](H + change, H).item() == pytest.approx(0.5 * form.mean().item(), rel=1e-3)


def test_divergences_are_those_of_pytorch():
    other = H + normal(12, 6, seed=6)
    new, old = other.log_softmax(1), H.log_softmax(1)

    def divergence(first, second):
        return torch.nn.functional.kl_div(second, first, reduction="batchmean", log_target=True)

    torch.testing.assert_close(distances.forward_kl(other, H), divergence(old, new))
    torch.testing.assert_close(distances.reverse_kl(other, H), divergence(new, old))


def test_a_natural_gradient_step_has_the_divergence_that_it_aims_at():
    """For softmax regression, dw = sqrt(2 delta / g'F⁻¹g) F⁻¹ g has KL -> delta: within 2% at 1e-4, nearer the smaller
    delta is. F is singular for one number added to all weights of an input, where g is 0: its pseudo-inverse."""
    inputs, labels, w = normal(12, 3), torch.arange(12) % 4, normal(3, 4, seed=9)
    p = (inputs @ w).softmax(1)
    slope = (inputs.T @ (p - torch.nn.functional.one_hot(labels, 4)) / 12).flatten()
    curvature = torch.diag_embed(p) - p[:, :, None] * p[:, None]
    fisher = torch.einsum("ni,ncd,nj->icjd", inputs, curvature, inputs).reshape(12, 12) / 12
    natural = torch.linalg.pinv(fisher, hermitian=True) @ slope
    errors = []
    for delta in (1e-2, 1e-3, 1e-4):
        step = -((2 * delta / (slope @ natural)) ** 0.5) * natural
        reached = distances.forward_kl(inputs @ (w + step.reshape(3, 4)), inputs @ w)
        errors.append(abs(reached.item() / delta - 1))
    assert errors[0] > errors[1] > errors[2] and errors[2] < 0.02


def test_forms_of_ldifs():
    """By hand: (3, 4) and (4, 3) have the unit vectors (.6, .8) and (.8, .6): mean square .04, squared distance 2. Of
    tokens, the scale of a channel does not count in the program's form."""
    current, anchor = torch.tensor([[3.0, 4.0]]), torch.tensor([[4.0, 3.0]])
    assert distances.ldifs_code(current, anchor).item() == pytest.approx(0.04, abs=1e-7)
    assert distances.l2(current, anchor).item() == 2.0
    assert distances.l2_relative(current, anchor).item() == pytest.approx(2 / 25)
    tokens = normal(2, 5, 3)
    assert distances.ldifs_code(tokens * torch.tensor([1.0, 2.0, 3.0]), tokens).item() < 1e-12
    assert distances.ldifs_code(tokens + normal(2, 5, 3, seed=1), tokens).item() > 1e-3


def test_units():
    """In units of the anchor: a factor of both changes nothing; a linear map of both changes nothing at shrinkage 0."""
    other, mixed = H + normal(12, 6, seed=6), normal(6, 6, seed=1)
    for name in ("l2_relative", "mahalanobis", "procrustes", "mmd"):
        torch.testing.assert_close(ALL[name](3 * other, 3 * H), ALL[name](other, H))
    whole = torch.linalg.inv(torch.cov(H.T, correction=0))
    expected = torch.einsum("ni,ij,nj->n", other - H, whole, other - H).mean() / 6
    torch.testing.assert_close(distances.mahalanobis(other, H, 1e-9), expected, rtol=1e-6, atol=0)
    torch.testing.assert_close(distances.mahalanobis(other @ mixed, H @ mixed, 1e-9), expected, rtol=1e-4, atol=0)


def test_features_that_the_head_does_not_see():
    """A change in the null space of W, or one that adds a number to all logits, at damping 0; damping sees it."""
    shift = torch.linalg.pinv(WEIGHT) @ torch.ones(4, dtype=torch.float64)
    null = normal(6, seed=1) - torch.linalg.pinv(WEIGHT) @ (WEIGHT @ normal(6, seed=1))
    for change in (shift, null):
        assert efm(H + change, H, 0.0) < 1e-12
        assert efm(H + change, H).item() == pytest.approx(0.1 * change.square().sum().item())
    change = 1e-4 * normal(12, 6, seed=6)
    logits = [h @ WEIGHT.T + BIAS for h in (H + change, H)]
    assert efm(H + change, H, 0.0).item() == pytest.approx(2 * distances.forward_kl(*logits).item(), rel=1e-3)
