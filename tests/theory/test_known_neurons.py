"""Closed forms of a unit at a constant current against a unit that runs in exact fractions."""

import math
from fractions import Fraction

import pytest
import torch

from robustpath.models.spiking.cells import Cell
from robustpath.theory import known_neurons as case


def fires(current, to_zero, steps, leak="0.9", threshold="1"):
    """Spikes of a unit in exact fractions: the reset that the potential before calls for, the leak, the current."""
    leak, threshold, current = Fraction(leak), Fraction(threshold), Fraction(current)
    potential, found = Fraction(0), []
    for _ in range(steps):
        reset = potential > threshold
        potential = leak * (0 if reset and to_zero else potential) + current
        potential -= threshold if reset and not to_zero else 0
        found.append(potential > threshold)
    return found


# Of the table of the study's notes: current, step of the first spike.
@pytest.mark.parametrize(("current", "known"), [("0.1001", 66), ("0.12", 18), ("0.2", 7), ("0.5", 3)])
def test_the_first_spike_comes_where_the_table_says(current, known):
    assert fires(current, False, 70).index(True) + 1 == known
    assert case.first_spike(Cell(), float(current)) == known


@pytest.mark.parametrize("current", ["-1", "0", "0.05", "0.1"])
def test_a_current_up_to_the_least_one_never_fires(current):
    assert not any(fires(current, False, 300))
    assert case.first_spike(Cell(), float(current)) == math.inf
    assert case.rate_to_zero(Cell(), float(current)) == case.rate_by_subtraction(Cell(), float(current)) == 0


@pytest.mark.parametrize(
    ("leak", "threshold", "current"),
    [
        *(
            ("0.9", "1", current)
            for current in ("0.11", "0.19", "0.3", "0.57", "0.58", "0.8", "1", "1.09", "1.11", "7")
        ),
        *(("0.5", "2", current) for current in ("1.01", "1.1", "1.5", "1.8", "2", "2.4", "2.9", "3.1")),
    ],
)
def test_first_spikes_and_rates_are_those_of_exact_fractions(leak, threshold, current):
    """Also where the first potential is at the threshold, which is no spike: I = threshold."""
    cell, given = Cell(leak=float(leak), threshold=float(threshold)), float(current)
    steps = 600
    for to_zero, rate in ((False, case.rate_by_subtraction), (True, case.rate_to_zero)):
        fired = fires(current, to_zero, steps, leak, threshold)
        assert fired.index(True) + 1 == case.first_spike(cell, given)
        # An even train of rate r has r n spikes in n steps, but for less than one; the first spikes may come later.
        late = fired[steps // 2 :]
        assert abs(sum(late) - rate(cell, given) * len(late)) < 1 + 1e-9


@pytest.mark.parametrize("period", range(2, 30))
def test_a_rate_of_one_in_q_holds_between_its_two_ends(period):
    """A train with one spike in q steps has U = I / (1 - b) - b^(q-1) / (1 - b^q) at the spike: above 1, and at most
    b + I, so that U was at most 1 before."""
    leak = 0.9
    least, most = ((1 - leak) * (1 + leak**power / (1 - leak**period)) for power in (period - 1, period - 2))
    for current, known in (
        (least * 1.0001, True),
        (most * 0.9999, True),
        (least * 0.9999, False),
        (most * 1.0001, False),
    ):
        rate = case.rate_by_subtraction(Cell(), current)
        assert (rate == pytest.approx(1 / period, abs=1e-9)) == known
        assert rate == pytest.approx(1 / period, rel=0.2)


def test_the_rate_of_a_train_is_that_of_its_period():
    def rate(word, repeats, before=()):
        return case.measured_rate(torch.tensor([*before, *(word * repeats)]))

    assert rate([1, 0, 0], 20) == pytest.approx(1 / 3)
    assert rate([1, 0, 1, 0, 0], 20, [0] * 40) == pytest.approx(2 / 5)
    assert rate([0], 20) == 0 and rate([1], 20) == 1
    assert math.isnan(rate([1, 0, 0, 0, 0, 0, 0], 1, [1] * 7))


def test_the_case_gives_what_theory_expects_at_every_current():
    found = case.run({"steps": 300})
    assert len(found) == 2 * 2 * len(case.CURRENTS)
    assert found["value"].tolist() == pytest.approx(found["expected"].tolist(), rel=1e-12, abs=0)
    first = found[found["quantity"] == "step of the first spike"].set_index("landscape")["value"]
    for reset in case.CELLS:
        own = [first[f"current {current}, {reset}"] for current in ("0.05", "0.1", "0.1001", "0.12", "0.2", "0.5")]
        assert own == [math.inf, math.inf, 66, 18, 7, 3]
    rates = found[found["quantity"] == "spikes a step in the long run"].set_index("landscape")["value"]
    assert rates["current 0.1001, reset to zero"] == pytest.approx(1 / 66)
    assert rates["current 0.1001, reset by subtraction"] == pytest.approx(1 / 67)
    assert rates["current 0.5, reset by subtraction"] == pytest.approx(9 / 22)


def test_a_case_whose_units_compute_otherwise_is_seen(monkeypatch):
    monkeypatch.setattr(case, "CELLS", {case.BY_SUBTRACTION: Cell(to_zero=True), case.TO_ZERO: Cell()})
    found = case.run({"steps": 300})
    apart = (found["value"] - found["expected"]).abs() > 1e-9
    assert set(found["landscape"][apart]) >= {
        f"current {value}, {reset}" for value in (0.2, 0.5) for reset in case.CELLS
    }
