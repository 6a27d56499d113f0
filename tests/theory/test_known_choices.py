"""The bands on made-up values, what each arm chooses, and the reference, against plain loops."""

from pathlib import Path

import pytest
import quick_yaml
import torch
from torch.nn.functional import cross_entropy

from robustpath.methods.base import Batch, Context, Method
from robustpath.theory import known_choices as case

ROOT = Path(__file__).parents[2]
# What the pilot measured; of self-paced learning it says less.
PILOT = {
    **{(arm, case.WRONG): value for arm, value in case.SHARES.items()},
    **{(arm, case.RIGHT): value for arm, value in case.ACCURACIES.items()},
    ("self-paced", case.WRONG): 0.2,
}


@pytest.fixture(scope="module")
def data():
    return case.digits(2)


def held(found):
    last = case.claims(found)[-1]
    return last.value, last.expected


def test_the_bands_hold_for_what_the_pilot_measured():
    assert held(PILOT) == (16, 16)
    assert {row.source for row in case.claims(PILOT)} == {case.SOURCE}


@pytest.mark.parametrize(
    ("arm", "name", "value"),
    [
        ("RHO-LOSS", case.WRONG, 0.02),
        ("RHO-LOSS", case.WRONG, 0.15),
        ("uniform", case.WRONG, 0.29),
        ("uniform", case.WRONG, 0.43),
        ("largest loss", case.WRONG, 0.68),
        ("largest loss", case.WRONG, 0.82),
        ("smallest irreducible loss", case.WRONG, 0.07),
        ("RHO-LOSS", case.RIGHT, 0.97),
        ("uniform", case.RIGHT, 0.79),
        ("largest loss", case.RIGHT, 0.36),
        ("largest loss", case.RIGHT, 0.50),
        ("self-paced", case.WRONG, 0.37),
    ],
)
def test_a_value_beyond_its_band_is_one_band_fewer(arm, name, value):
    assert held(PILOT | {(arm, name): value}) == (15, 16)


def test_the_order_of_the_accuracies_is_two_bands_more():
    """Within their own bands, and RHO-LOSS below uniform."""
    assert held(PILOT | {("RHO-LOSS", case.RIGHT): 0.85, ("uniform", case.RIGHT): 0.87}) == (15, 16)
    assert held(PILOT | {("uniform", case.RIGHT): 0.40}) == (14, 16)


def test_the_parts_are_apart_and_the_noise_is_that_of_training_alone(data):
    assert [part.seen.shape for part in data] == [(2, 800), (2, 600), (2, 397)]
    whole = [torch.cat([part.images[seed] for part in data]) for seed in range(2)]
    assert len(whole[0]) == 1797  # each digit once, whichever the division
    torch.testing.assert_close(whole[0].sum(0), whole[1].sum(0))
    for part in (data.train, data.holdout):
        assert (part.seen != part.labels).double().mean().item() == pytest.approx(0.36, abs=0.03)
    assert torch.equal(data.test.seen, data.test.labels)
    assert not torch.equal(data.train.images[0], data.train.images[1])


def chosen(name, data, losses, given):
    """The places of the candidates that an arm chooses at a loss [n] and an irreducible loss [n], and its context."""
    seen = []

    def step(loss, params, state, batch, context):
        seen.append((batch, context.given))
        return params, state, {"loss": torch.zeros(())}

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(case, "adam", lambda: Method(lambda params: (), step))
        method = case.arms()[name]
    places = torch.arange(len(losses), dtype=torch.float64)
    nothing = torch.zeros(len(losses), 0)
    context = Context(
        torch.tensor(0.5),
        {
            "stream": Batch(places[:, None], torch.zeros(len(losses), dtype=torch.int64)),
            "irreducible": Batch(nothing, given),
            "truth": Batch(nothing, torch.zeros(len(losses), dtype=torch.int64)),
        },
        lambda params, inputs: torch.stack([torch.zeros_like(losses), losses.expm1().log()], 1),
    )
    method.step(None, {}, (), Batch(torch.zeros(3, 1), torch.zeros(3)), context)
    (batch, left), *_ = seen
    assert "truth" not in left
    return batch.inputs[:, 0].int().tolist()


def test_what_each_arm_chooses_of_six_candidates(data):
    """Losses 1 to 6; the reference finds candidates 4 and 5 as hard as the network does, and candidate 1 easy."""
    losses = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], dtype=torch.float64)
    given = torch.tensor([0.9, 0.1, 1.5, 3.0, 5.0, 6.0], dtype=torch.float64)
    expected = {"RHO-LOSS": [1, 2, 3], "uniform": [0, 1, 2], "largest loss": [5, 4, 3]}
    expected |= {"smallest irreducible loss": [1, 0, 2], "self-paced": [0, 1, 2]}
    assert {name: chosen(name, data, losses, given) for name in expected} == expected


def test_training_is_that_of_pytorchs_adamw_on_what_has_the_largest_loss(data):
    """Six steps of each seed, one after the other; counted is the share of wrong labels among the chosen."""
    part, steps = data.train, 6
    end = case.trained(case.arms()["largest loss"], part, steps, torch.zeros(2, 800))
    for seed in range(2):
        leaves = {name: tensor[seed].clone().requires_grad_() for name, tensor in case.starts(2).items()}
        optimiser = torch.optim.AdamW(leaves.values(), lr=1e-3, weight_decay=0.01)
        order = torch.cat([case.randomness.batches(800, 800, k, k + 1, case.CASE, seed)[0] for k in range(3)])
        wrong = 0
        for step in range(steps):
            own = order[step * 320 : (step + 1) * 320]
            found = cross_entropy(case.NETWORK(leaves, part.images[seed, own]), part.seen[seed, own], reduction="none")
            places = own[found.detach().argsort(descending=True)[:32]]
            wrong += (part.seen[seed, places] != part.labels[seed, places]).sum().item()
            loss = cross_entropy(case.NETWORK(leaves, part.images[seed, places]), part.seen[seed, places])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        assert end.sums["0.chosen_corrupted"][seed].item() == pytest.approx(wrong / 32, abs=1e-4)
        for name, leaf in leaves.items():
            torch.testing.assert_close(end.params[name][seed], leaf.detach(), rtol=1e-3, atol=1e-5)


def test_the_reference_is_the_pass_with_the_lowest_loss_on_what_is_learnt_from(data, monkeypatch):
    """It learns from the hold-out alone."""
    met, plain = [], case.trained

    def seen(method, part, steps, irreducible=None, each=0):
        met.append((part, steps, irreducible))
        return plain(method, part, steps, irreducible, each)

    monkeypatch.setattr(case, "trained", seen)
    monkeypatch.setattr(case, "ADAM", case.ADAM | {"learning_rate": 0.05})  # so high that a later pass may be worse
    found = case.irreducible_losses(data, 3)
    assert [(part is data.holdout, steps, given) for part, steps, given in met] == [(True, 54, None)]
    means = []
    for number in range(1, 4):
        end = plain(case.adam(), data.holdout, 18 * number)
        means.append(case.losses(end.params, data.train))
    best = torch.stack([each.mean(1) for each in means]).argmin(0).tolist()
    for seed, number in enumerate(best):
        torch.testing.assert_close(found[seed], means[number][seed])


def test_every_value_that_a_band_reads_is_measured_and_a_short_run_is_not_judged():
    found = case.run({"steps": 2, "seeds": 2})
    assert set(found["quantity"]) == {f"{arm}: {name}" for arm in case.arms() for name in (case.WRONG, case.RIGHT)}
    assert set(PILOT) <= {tuple(quantity.split(": ")) for quantity in found["quantity"]}
    assert len(found) == 2 * 5 * 2 and found["value"].between(0, 1).all()
    assert found["expected"].isna().all()


def test_only_the_steps_of_the_case_are_judged(monkeypatch):
    monkeypatch.setattr(case, "measured", lambda steps, seeds: {key: [value] * seeds for key, value in PILOT.items()})
    found = case.run({"steps": case.STEPS, "seeds": 2})
    assert found["value"].iloc[-1] == found["expected"].iloc[-1] == 16
    assert case.run({"steps": case.STEPS - 1, "seeds": 2})["expected"].isna().all()
    scales = quick_yaml.loaded((ROOT / "config.yaml").read_text(encoding="utf-8"))["scales"]
    long = {name: scale["theory"]["known_choices"]["steps"] == case.STEPS for name, scale in scales.items()}
    assert long == {"smoke": False, "laptop": True, "cluster": True}
