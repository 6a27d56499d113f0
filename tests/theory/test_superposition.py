"""The bands on what the pilot measured and on known arrangements, and the training against a plain PyTorch loop."""

import math
from pathlib import Path

import pytest
import quick_yaml
import torch
import toy_models

from robustpath.core.types import Batch
from robustpath.theory import superposition as case

ROOT = Path(__file__).parents[2]
# What the pilot measured; where it gives a range, a value inside.
PILOT = {
    "represented features at density 1": 2,
    "least norm of a represented feature at density 1": 1.0,
    "largest norm of a represented feature at density 1": 1.0,
    "largest norm of another feature at density 1": 0.0,
    "least dimensionality at density 1": 1.0,
    "squared norm of W at density 1": 2.0,
    "represented features at density 0.2": 4,
    "least dimensionality at density 0.2": 0.5,
    "largest dimensionality at density 0.2": 0.5,
    "squared norm of W at density 0.2": 4.1,
    "represented features at density 0.05": 5,
    "least dimensionality at density 0.05": 0.4,
    "largest dimensionality at density 0.05": 0.4,
    "least norm of a represented feature at density 0.05": 1.12,
    "largest norm of a represented feature at density 0.05": 1.14,
    "squared norm of W at density 0.05": 6.4,
    "share of densities up to 0.55 with an antipodal pair, r = 1": 1.0,
    "antipodal pair at density 0.6, r = 1": 0.0,
    "antipodal pair at density 0.4, r = 0.5": 1.0,
    "dimension of its own at density 0.5, r = 0.5": 1.0,
    "dimensions a feature at 1 / p = 1.0": 1.0,
    "dimensions a feature at 1 / p = 2.0": 0.56,
    "dimensions a feature at 1 / p = 2.9": 0.53,
    "dimensions a feature at 1 / p = 4.1": 0.46,
    "dimensions a feature at 1 / p = 5.9": 0.32,
    "dimensions a feature at 1 / p = 8.4": 0.26,
    "median dimensionality at 1 / p = 2.0": 0.5,
    "median dimensionality at 1 / p = 2.9": 0.5,
    "densities whose dimensions a feature are within 0.03 of 1/2": 3,
    "densities whose median dimensionality is within 0.03 of 1/2": 3,
}
SMALL = case.Model("a toy model", 4, 2, 32, 2000, 1.0)


def held(found):
    last = case.claims(found)[-1]
    return last.value, last.expected


def test_the_bands_hold_for_what_the_pilot_measured():
    assert held(PILOT) == (30, 30)
    assert {row.source for row in case.claims(PILOT)} == {case.SOURCE}


@pytest.mark.parametrize(
    ("name", "values"),
    {
        "represented features at density 1": (1, 3),
        "least norm of a represented feature at density 1": (0.94,),
        "largest norm of a represented feature at density 1": (1.06,),
        "largest norm of another feature at density 1": (0.06,),
        "least dimensionality at density 1": (0.97,),
        "squared norm of W at density 1": (1.94, 2.06),
        "represented features at density 0.2": (3, 5),
        "least dimensionality at density 0.2": (0.47,),
        "largest dimensionality at density 0.2": (0.53,),
        "squared norm of W at density 0.2": (3.99, 4.21),
        "represented features at density 0.05": (4,),
        "least dimensionality at density 0.05": (0.37,),
        "largest dimensionality at density 0.05": (0.43,),
        "least norm of a represented feature at density 0.05": (1.10,),
        "largest norm of a represented feature at density 0.05": (1.16,),
        "squared norm of W at density 0.05": (6.1, 6.7),
        "share of densities up to 0.55 with an antipodal pair, r = 1": (10 / 11,),
        "antipodal pair at density 0.6, r = 1": (1.0,),
        "antipodal pair at density 0.4, r = 0.5": (0.0,),
        "dimension of its own at density 0.5, r = 0.5": (0.0,),
        "dimensions a feature at 1 / p = 1.0": (0.96, 1.04),
        "dimensions a feature at 1 / p = 2.0": (0.52, 0.60),
        "dimensions a feature at 1 / p = 2.9": (0.49, 0.57),
        "dimensions a feature at 1 / p = 4.1": (0.42, 0.50),
        "dimensions a feature at 1 / p = 5.9": (0.28, 0.36),
        "dimensions a feature at 1 / p = 8.4": (0.22, 0.30),
        "median dimensionality at 1 / p = 2.0": (0.48, 0.52, math.nan),
        "median dimensionality at 1 / p = 2.9": (0.48, 0.52),
        "densities whose dimensions a feature are within 0.03 of 1/2": (2,),
        "densities whose median dimensionality is within 0.03 of 1/2": (2,),
    }.items(),
)
def test_a_value_beyond_its_band_is_one_band_fewer(name, values):
    for value in values:
        assert held(PILOT | {name: value}) == (29, 30)


def test_a_row_tells_a_bound_a_range_or_a_value():
    rows = {row.quantity: row.expected for row in case.claims(PILOT)}
    assert rows["largest norm of another feature at density 1, at most"] == 0.05
    assert rows["densities whose dimensions a feature are within 0.03 of 1/2, at least"] == 3
    assert rows["squared norm of W at density 0.05, within 0.2"] == pytest.approx(6.4)
    assert rows["represented features at density 1"] == 2


def test_known_arrangements_have_the_values_of_their_bands():
    few = case.of_few(toy_models.few())
    pair = case.of_pair(case.phases([0.5, 1.0], toy_models.pair([0.5, 1.0])))
    many = case.of_many(toy_models.many())
    assert set(PILOT) <= {*few, *pair, *many}
    for name in [band.name for band in case.BANDS if band.place in (case.FEW, case.PAIR)]:
        assert (few | pair)[name] == pytest.approx(PILOT[name], abs=0.015), name
    assert few["represented features at density 0.5"] == 2
    assert [few[f"{end} norm of a represented feature at density 0.05"] for end in ("least", "largest")] == (
        pytest.approx([1.28**0.5] * 2)
    )
    assert many["dimensions a feature at 1 / p = 1.0"] == pytest.approx(1)
    assert many["dimensions a feature at 1 / p = 2.9"] == pytest.approx(1 / 2)
    assert many["dimensions a feature at 1 / p = 5.9"] == pytest.approx(8 / 25)
    assert many["median dimensionality at 1 / p = 5.9"] == pytest.approx(1 / 2)
    assert many["densities whose dimensions a feature are within 0.03 of 1/2"] == 6
    assert many["densities whose median dimensionality is within 0.03 of 1/2"] == 14


def test_features_that_are_not_represented_are_in_no_extreme():
    """Five features of norm 0.4 and one of norm 2: the dimensionality of the small ones is not looked at."""
    found = case.of_few(toy_models.arranged(*[torch.diag(torch.tensor([2.0, 0.4]))] * 5))
    assert found["represented features at density 1"] == 1
    assert found["least norm of a represented feature at density 1"] == 2
    assert found["largest norm of another feature at density 1"] == pytest.approx(0.4)
    none = case.of_few(toy_models.arranged(*[0.1 * torch.eye(2)] * 5))
    assert math.isnan(none["least dimensionality at density 1"])


def test_features_are_zero_or_uniform_and_share_their_numbers():
    uniform = torch.rand(40_000, 2, generator=torch.Generator().manual_seed(0))
    dense, sparse = case.features(uniform, torch.tensor([1.0, 0.1]))
    assert torch.equal(dense, uniform)
    on = sparse[sparse > 0]
    assert len(on) / sparse.numel() == pytest.approx(0.1, abs=0.005)
    quantiles = torch.tensor([0.1, 0.5, 0.9])
    assert on.quantile(quantiles).tolist() == pytest.approx(quantiles.tolist(), abs=0.02)
    assert (dense[sparse > 0] < 0.1).all()


def test_the_loss_is_that_of_its_definition():
    params = {"weights": torch.tensor([[1.0, -1.0]]), "biases": torch.tensor([0.0, 0.5])}
    inputs = torch.tensor([[1.0, 0.0], [0.25, 0.75]])
    # x' = ReLU(1, -1 + .5) = (1, 0) and ReLU(-.5, .5 + .5) = (0, 1).
    known = (0 + (0.25**2 + 3 * 0.25**2)) / 2
    assert case.loss(params, Batch(inputs, torch.tensor([1.0, 3.0]))).item() == pytest.approx(known)


def test_training_is_that_of_pytorchs_adamw():
    """Eight steps of two settings and two seeds, one model after the other, with PyTorch's default weight decay."""
    densities, importances = torch.tensor([1.0, 0.3]), torch.tensor([[1.0] * 4, [1.0, 0.5, 0.5, 0.1]])
    kept = {}

    def keep(model, densities, importances, params, seeds):
        kept.update(params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(case, "best", keep)
        case.trained(SMALL, densities, importances, 8, 2)
    begun = case.starts(SMALL, 2)
    for place in range(4):
        setting, seed = divmod(place, 2)
        leaves = {name: tensor[seed].clone().requires_grad_() for name, tensor in begun.items()}
        optimiser = torch.optim.AdamW(leaves.values(), lr=1e-3)
        for step in range(8):
            uniform = torch.rand(32, 4, generator=case.generator(case.CASE, SMALL.place, seed, step))
            inputs = torch.where(uniform < densities[setting], uniform / densities[setting], 0.0)
            hidden = torch.einsum("bn,mn->bm", inputs, leaves["weights"])
            outputs = torch.relu(torch.einsum("bm,mn->bn", hidden, leaves["weights"]) + leaves["biases"])
            optimiser.zero_grad()
            ((inputs - outputs).square() * importances[setting]).sum(1).mean().backward()
            optimiser.step()
        for name, leaf in leaves.items():
            torch.testing.assert_close(kept[name][place], leaf.detach(), rtol=1e-5, atol=1e-6)
            assert not torch.equal(leaf.detach(), begun[name][seed])


def test_a_model_does_not_depend_on_what_is_trained_beside_it():
    densities, importances = torch.tensor([0.5, 0.1]), torch.ones(2, 4)
    both = case.trained(SMALL, densities, importances, 5, 2)
    alone = case.trained(SMALL, densities[1:], importances[1:], 5, 2)
    torch.testing.assert_close(both.weights[1], alone.weights[0])
    torch.testing.assert_close(both.losses[1], alone.losses[0])
    again = case.trained(SMALL, densities, importances, 5, 2)
    assert torch.equal(both.weights, again.weights) and torch.equal(both.losses, again.losses)


def test_the_seed_with_the_lowest_loss_is_kept():
    """Of three seeds at two densities, that which stores a feature more; every loss on the same examples."""
    planted = torch.stack([torch.zeros(2, 4), torch.eye(2, 4), torch.tensor([[1.0, 0, 0, 0], [0, 0, 0, 0]])])
    params = {"weights": torch.cat([planted, planted.flip(0)]), "biases": torch.zeros(6, 4)}
    densities, importances = torch.tensor([1.0, 0.5]), torch.ones(2, 4)
    found = case.best(SMALL, densities, importances, params, 3)
    assert torch.equal(found.weights, torch.stack([torch.eye(2, 4), torch.eye(2, 4)]).double())
    assert found.losses.argmin(1).tolist() == [1, 1]
    assert found.losses[0].tolist() == pytest.approx([4 / 3, 2 / 3, 1.0], abs=0.05)
    assert torch.equal(found.losses[0].flip(0).argsort(), found.losses[1].argsort())


def test_starts_have_the_spread_of_xaviers_rule():
    model = case.Model("wide", 300, 100, 1, 1, 1.0)
    begun = case.starts(model, 2)
    assert begun["weights"].std().item() == pytest.approx(math.sqrt(2 / 400), rel=0.02)
    assert not begun["biases"].any()
    assert not torch.equal(*begun["weights"])


def test_a_short_run_is_not_judged_and_a_whole_one_is(monkeypatch):
    planted = {case.FEW: toy_models.few(), case.MANY: toy_models.many(), case.PAIR: toy_models.pair([0.5, 1.0])}
    monkeypatch.setattr(case, "trained", lambda model, *_: planted[model.place])
    monkeypatch.setattr(case.feature_geometry, "best_boundary", lambda importance: 1.0)
    whole = {"steps": case.STEPS, "seeds": case.SEEDS, "importances": [0.5, 1.0]}
    judged = case.run(whole)
    assert judged["quantity"].iloc[-1] == "bands that hold"
    for changed in ({"steps": 4999}, {"seeds": 2}, {"importances": [0.4, 1.0]}):
        if "importances" in changed:
            planted[case.PAIR] = toy_models.pair(changed["importances"])
        short = case.run(whole | changed)
        assert "bands that hold" not in set(short["quantity"])
        assert set(short["source"]) == {"", case.DERIVED}
    known = judged[judged["source"] == case.DERIVED]
    assert known["landscape"].tolist() == [
        *case.feature_geometry.POLYTOPES,
        *(f"{case.PAIR}, r = {r}" for r in ("0.5", "1")),
    ]
    assert known["value"].tolist() == pytest.approx(known["expected"].tolist(), abs=1e-4)


def test_the_shipped_scales_are_judged_but_for_the_smallest():
    scales = quick_yaml.loaded((ROOT / "config.yaml").read_text(encoding="utf-8"))["scales"]
    own = {name: scale["theory"]["superposition"] for name, scale in scales.items()}
    judged = {
        name: each["steps"] == case.STEPS and each["seeds"] >= case.SEEDS and {0.5, 1.0} <= set(each["importances"])
        for name, each in own.items()
    }
    assert judged == {"smoke": False, "laptop": True, "cluster": True}
