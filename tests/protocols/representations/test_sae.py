"""Sparse autoencoders: training against gradients written out by hand, and measures whose value is arithmetic."""

import math

import numpy as np
import pytest
import torch

from robustpath.core.errors import UserError
from robustpath.protocols.representations import sae
from robustpath.protocols.representations.sae import Fitted

WIDTH, STEPS, BATCH = 12, 12, 6


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def activations():
    """Three members whose activations have other sizes and means, the second with an example of zeros."""
    drawn = torch.randn(3, 20, 4, generator=seeded(), dtype=torch.float64)
    drawn = drawn * torch.tensor([1.0, 5.0, 0.2])[:, None, None] + torch.tensor([0.0, 3.0, -0.1])[:, None, None]
    drawn[1, 3] = 0.0
    return drawn


def backward(points, before, kept, slope, encoder, decoder, pre_bias):
    """Gradients of encoder, latent bias, decoder and pre-bias where d loss / d output is `slope` [b, d]."""
    latents = before * kept
    inner = slope @ decoder.T * kept
    return [inner.T @ (points - pre_bias), inner.sum(0), latents.T @ slope, slope.sum(0) - inner.sum(0) @ encoder]


def by_hand(own, kind, sparsity, auxk, dead_after):
    """One member in numpy: the official losses with their gradients worked out, and Adam."""
    stream = seeded(1)
    start = torch.rand(WIDTH, own.shape[1], generator=stream).double().numpy() * 2 - 1
    start /= np.sqrt((start**2).sum(1, keepdims=True))
    scale = math.sqrt(((own - own.mean(0)) ** 2).sum(1).mean())
    data = own / scale
    centre = data.mean(0)
    for _ in range(20):
        near = 1 / np.sqrt(((data - centre) ** 2).sum(1))
        centre = (near[:, None] * data).sum(0) / near.sum()
    params = [start.copy(), np.zeros(WIDTH), start.copy(), centre]
    first, second = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
    silent = np.zeros(WIDTH)
    least = 0.01 * (data**2).sum(1).mean()
    limited = False
    for step in range(1, STEPS + 1):
        points = data[torch.randint(len(data), (BATCH,), generator=stream).numpy()]
        encoder, latent_bias, decoder, pre_bias = params
        before = (points - pre_bias) @ encoder.T + latent_bias
        kept = before > 0
        if kind == "topk":
            for row, own_kept in zip(before, kept, strict=True):
                own_kept[np.argsort(row)[: WIDTH - int(sparsity)]] = False
        error = points - ((before * kept) @ decoder + pre_bias)
        if kind == "topk":
            gradients = backward(points, before, kept, -2 * error / BATCH, encoder, decoder, pre_bias)
            silent = np.where(((before * kept) > 1e-3).any(0), 0, silent) + 1
            allowed = (before > 0) & (silent > dead_after)
            limited |= (allowed.sum(1) > own.shape[1] // 2).any()
            for row, own_allowed in zip(before, allowed, strict=True):
                largest = sorted(np.flatnonzero(own_allowed), key=lambda j, row=row: -row[j])[: own.shape[1] // 2]
                own_allowed[:] = np.isin(np.arange(WIDTH), largest)
            target = error + pre_bias
            varied = ((target - target.mean(0)) ** 2).sum()
            missed = target - ((before * allowed) @ decoder + pre_bias)
            extra = backward(points, before, allowed, -2 * auxk * missed / varied, encoder, decoder, pre_bias)
            gradients = [a + b for a, b in zip(gradients, extra, strict=True)]
        else:
            norms = np.maximum((points**2).sum(1), least)[:, None]
            gradients = backward(points, before, kept, -2 * error / norms / BATCH, encoder, decoder, pre_bias)
            inner = sparsity / np.sqrt(norms) / BATCH * kept
            gradients[0] += inner.T @ (points - pre_bias)
            gradients[1] += inner.sum(0)
            gradients[3] -= inner.sum(0) @ encoder
        gradients[2] -= (gradients[2] * decoder).sum(1, keepdims=True) * decoder
        for i, gradient in enumerate(gradients):
            first[i] = 0.9 * first[i] + 0.1 * gradient
            second[i] = 0.999 * second[i] + 0.001 * gradient**2
            corrected = np.sqrt(second[i] / (1 - 0.999**step)) + 6.25e-10
            params[i] = params[i] - 0.01 * first[i] / (1 - 0.9**step) / corrected
        params[2] /= np.sqrt((params[2] ** 2).sum(1, keepdims=True))
    return [*params[:3], params[3] * scale], limited


@pytest.mark.parametrize(("kind", "sparsity", "auxk"), [("topk", 2, 1 / 32), ("topk", 2, 0), ("l1", 0.3, 0)])
def test_training_is_that_of_each_member_by_hand(activations, kind, sparsity, auxk, monkeypatch):
    monkeypatch.setattr(sae, "DEAD_AFTER", 2)
    options = {"learning_rate": 0.01, "batch": BATCH}
    options |= {} if auxk else {"auxk": 0}
    fitted = sae.fit(activations, kind, WIDTH, STEPS, seeded(1), sparsity, **options)
    assert fitted.k == (2 if kind == "topk" else 0)
    limits = []
    for member, own in enumerate(activations.numpy()):
        known, limited = by_hand(own, kind, sparsity, auxk, 2)
        limits.append(limited)
        for found, expected in zip(fitted[:4], known, strict=True):
            np.testing.assert_allclose(found[member].numpy(), expected, rtol=1e-7, atol=1e-9)
    assert any(limits) or kind == "l1"  # there were more dead latents than AuxK may use


@pytest.mark.parametrize(("kind", "sparsity"), [("topk", 2), ("l1", 0.1)])
def test_a_member_is_the_same_beside_others_and_in_another_unit(activations, kind, sparsity):
    def fitted(own):
        found = sae.fit(own, kind, WIDTH, STEPS, seeded(1), sparsity, batch=BATCH)
        return found, sae.encode(found, own)

    (together, features), (alone, own) = fitted(activations), fitted(activations[1:2] * 4)
    torch.testing.assert_close(features[1], own[0], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(together.decoder[1], alone.decoder[0], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(together.pre_bias[1] * 4, alone.pre_bias[0], rtol=1e-9, atol=1e-12)
    again = sae.fit(activations, kind, WIDTH, STEPS, seeded(1), sparsity, batch=BATCH)
    assert all(torch.equal(a, b) for a, b in zip(again[:5], together[:5], strict=True))
    other = sae.fit(activations, kind, WIDTH, STEPS, seeded(2), sparsity, batch=BATCH)
    assert not torch.equal(other.decoder, together.decoder)
    torch.testing.assert_close(together.decoder.norm(dim=2), torch.ones(3, WIDTH, dtype=torch.float64))


def test_training_works_where_gradients_are_off_and_when_nothing_varies():
    still = torch.ones(1, 5, 3)
    with torch.no_grad():
        fitted = sae.fit(still, "topk", 4, 3, seeded(), 1)
    assert torch.isfinite(sae.encode(fitted, still)).all()
    assert not fitted.encoder.requires_grad


def orthonormal(k):
    """Two members whose atoms are the axes, in the units 1 and 2 and about other centres."""
    axes = torch.eye(4).repeat(2, 1, 1)
    return Fitted(axes, torch.zeros(2, 4), axes, torch.tensor([[0.0] * 4, [1.0] * 4]), torch.tensor([1.0, 2.0]), k)


def test_latents_of_an_orthonormal_dictionary_are_the_coordinates():
    coordinates = torch.tensor([[3.0, -1.0, 2.0, 0.5], [0.0, 0.0, 1.0, 4.0]])
    activations = torch.stack([coordinates, 1 + 2 * coordinates])
    every = sae.encode(orthonormal(0), activations)
    assert every.tolist() == [[[3, 0, 2, 0.5], [0, 0, 1, 4]]] * 2
    two = sae.encode(orthonormal(2), activations)
    assert two.tolist() == [[[3, 0, 2, 0], [0, 0, 1, 4]]] * 2
    assert sae.encode(orthonormal(4), activations).equal(every)  # what is below 0 is no latent
    assert sae.decode(orthonormal(2), two).tolist() == [
        [[3, 0, 2, 0], [0, 0, 1, 4]],
        [[7, 1, 5, 1], [1, 1, 3, 9]],
    ]


def test_the_unexplained_fraction_counted_point_by_point():
    activations = torch.tensor([[[3.0, -1.0, 2.0, 0.5], [0.0, 0.0, 1.0, 4.0]]])
    found = sae.fvu(Fitted(*(own[:1] for own in orthonormal(2)[:5]), 2), activations)
    missed = 1.0**2 + 0.5**2
    variance = 2 * (1.5**2 + 0.5**2 + 0.5**2 + 1.75**2)
    assert found.tolist() == pytest.approx([missed / variance])


def test_measures_of_latents_by_arithmetic():
    features = torch.zeros(3, 4, 8)
    features[0, :, :5] = 1.0  # five latents alike
    features[1, 0, 0], features[1, 1, 3] = 3.0, 1.0
    assert sae.dead(features).tolist() == [3 / 8, 6 / 8, 1]
    assert sae.active(features).tolist() == [5, 0.5, 0]
    shares = (0.75, 0.25)
    known = [5, math.exp(-sum(share * math.log(share) for share in shares)), 0]
    assert sae.effective(features).tolist() == pytest.approx(known)
    assert sae.effective(-features * 7).tolist() == pytest.approx(known)


def test_the_geometric_median_of_four_convex_points_is_where_the_diagonals_meet():
    """(0, 0)-(6, 6) and (5, 1)-(1, 3) meet at (7 / 3, 7 / 3)."""
    points = torch.tensor([[[0.0, 0.0], [5.0, 1.0], [6.0, 6.0], [1.0, 3.0]]], dtype=torch.float64)
    assert sae.geometric_median(points, 2000)[0].tolist() == pytest.approx([7 / 3, 7 / 3], abs=1e-6)
    far = torch.cat([points, 1e4 * torch.ones(1, 1, 2, dtype=torch.float64)], 1)
    assert sae.geometric_median(far, 2000).max() < 6


@pytest.mark.parametrize(
    ("kind", "sparsity", "said"),
    [
        ("relu", 1, "choose one of topk, l1"),
        ("topk", 13, "from 1 to 12"),
        ("topk", 0, "k = 0"),
        ("topk", 1.5, "k = 1.5"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_one_sentence(activations, kind, sparsity, said):
    with pytest.raises(UserError, match=said):
        sae.fit(activations, kind, WIDTH, 1, seeded(), sparsity)
