"""The bands on made-up values, what is planted, and the exact parts against counting by hand."""

import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import quick_yaml
import torch

from robustpath.protocols.representations import sae
from robustpath.theory import known_dictionaries as case
from robustpath.theory import table

ROOT = Path(__file__).parents[2]
# What the pilot measured; with AuxK it measured nothing.
PILOT = {
    "MMCS of L1": [0.97],
    "MMCS of TopK without AuxK": [0.99],
    "MMCS of TopK": [0.99],
    "MMCS of principal directions": [0.47, 0.50],
    "active latents of TopK without AuxK": [3.0],
    "active latents of TopK": [3.0],
    "FVU of TopK without AuxK": [0.05],
    "dead latents of TopK without AuxK": [33.0],
    "dead latents of TopK": [0.0],
}


def held(found):
    last = case.claims(found)[-1]
    return last.value, last.expected


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(case, "EXAMPLES", 300)
    monkeypatch.setattr(case, "TEST", 100)


def test_the_bands_hold_for_what_the_pilot_measured():
    assert held(PILOT) == (9, 9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MMCS of L1", 0.94),
        ("MMCS of TopK without AuxK", 0.96),
        ("MMCS of TopK", 0.96),
        ("MMCS of principal directions", 0.44),
        ("MMCS of principal directions", 0.53),
        ("active latents of TopK without AuxK", 2.999),
        ("active latents of TopK", 3.001),
        ("FVU of TopK without AuxK", 0.029),
        ("FVU of TopK without AuxK", 0.071),
        ("dead latents of TopK without AuxK", 22.0),
        ("dead latents of TopK without AuxK", 44.0),
        ("dead latents of TopK", 17.0),
    ],
)
def test_a_value_beyond_its_band_is_one_band_fewer(name, value):
    assert held(PILOT | {name: [value]}) == (8, 9)


def test_bands_read_means_over_seeds():
    assert held(PILOT | {"MMCS of L1": [0.90, 0.99]}) == (8, 9)
    assert held(PILOT | {"MMCS of L1": [0.93, 0.99]}) == (9, 9)


def test_only_the_steps_of_the_pilot_are_judged(monkeypatch):
    monkeypatch.setattr(case, "found_of", lambda steps, seeds: PILOT)
    judged = case.run({"steps": case.STEPS, "seeds": 1})
    assert judged["value"].iloc[-1] == judged["expected"].iloc[-1] == 9
    other = case.run({"steps": case.STEPS - 1, "seeds": 1})
    assert set(other.loc[other["expected"].notna(), "source"]) == {case.ARITHMETIC}
    scales = quick_yaml.loaded((ROOT / "config.yaml").read_text(encoding="utf-8"))["scales"]
    long = {name: scale["theory"]["known_dictionaries"]["steps"] == case.STEPS for name, scale in scales.items()}
    assert long == {"smoke": False, "laptop": True, "cluster": True}


def test_what_is_measured_of_planted_atoms_and_of_principal_directions(small):
    found = case.found_of(2, 2)
    assert set(PILOT) < set(found)
    assert all(len(values) == 2 for values in found.values())
    for seed in range(2):
        atoms, examples = (own.double().numpy() for own in case.planted(seed))
        assert examples.shape == (400, 32)
        _, directions = np.linalg.eigh(np.cov(examples[:300].T))
        known = np.abs(atoms @ directions).max(1).mean()
        assert found["MMCS of principal directions"][seed] == pytest.approx(known, abs=1e-4)
    assert found["MMCS of L1"][0] != found["MMCS of L1"][1]
    assert max(found["active latents of TopK"]) <= 3 < min(found["active latents of L1"])


def test_what_is_fitted_is_scored_on_other_examples_of_its_own_atoms(small, monkeypatch):
    seen = []

    def fit(train, kind, width, steps, stream, sparsity, **options):
        seen.append((kind, width, steps, sparsity, options["auxk"], options["batch"], train.shape))
        rows = torch.stack([case.planted(seed)[0] for seed in range(2)]).repeat(1, 2, 1)[:, :96]
        return sae.Fitted(rows, torch.zeros(2, 96), rows, torch.zeros(2, 32), torch.ones(2), 0)

    monkeypatch.setattr(sae, "fit", fit)
    found = case.found_of(7, 2)
    assert seen == [
        ("l1", 96, 7, 0.1, 0.0, 128, (2, 300, 32)),
        ("topk", 96, 7, 3, 1 / 32, 128, (2, 300, 32)),
        ("topk", 96, 7, 3, 0.0, 128, (2, 300, 32)),
    ]
    assert found["MMCS of TopK"] == pytest.approx([1, 1])
    atoms, examples = case.planted(1)
    latents = np.maximum(examples[300:].numpy() @ atoms.repeat(2, 1)[:96].numpy().T, 0)
    assert found["active latents of TopK"][1] == pytest.approx((latents > 0).sum(1).mean())
    assert found["dead latents of TopK"][1] == (latents == 0).all(0).sum()


def test_an_example_is_the_sum_of_three_atoms(small, monkeypatch):
    """In as many dimensions as atoms the coefficients can be solved for."""
    monkeypatch.setattr(case, "DIMENSIONS", 64)
    atoms, examples = case.planted(0)
    torch.testing.assert_close(atoms.norm(dim=1), torch.ones(64))
    coefficients = torch.linalg.solve(atoms.T.double(), examples.T.double()).T
    used = coefficients.abs() > 1e-3
    assert used.sum(1).tolist() == [3] * 400
    assert used.any(0).all()
    assert coefficients[used].min() > 0.499
    assert coefficients[used].max() < 1.501
    assert coefficients[used].mean() == pytest.approx(1, abs=0.03)


def test_mmcs_by_a_loop():
    stream = torch.Generator().manual_seed(0)
    atoms = torch.nn.functional.normalize(torch.randn(2, 5, 3, generator=stream), dim=2)
    rows = torch.nn.functional.normalize(torch.randn(2, 4, 3, generator=stream), dim=2)
    known = [np.mean([max(float(a @ r) for r in rows[s]) for a in atoms[s]]) for s in range(2)]
    assert case.mmcs(atoms, rows) == pytest.approx(known, rel=1e-6)
    assert case.mmcs(atoms, torch.cat([rows, atoms[:, torch.randperm(5)]], 1)) == pytest.approx([1, 1])


def test_every_exact_value_is_the_known_one():
    rows = [*case.cube(), *case.capacity()]
    assert len(rows) == 13
    for row in rows:
        assert row.value == pytest.approx(row.expected, abs=1e-12), row.quantity
        assert row.source == case.ARITHMETIC


def test_the_corners_of_a_cube_by_hand():
    """Class i is separated where no other corner is as near to its own, and the margin is the least distance."""
    known = {row.quantity: row.value for row in case.cube()}
    corners = [[i >> 2 & 1, i >> 1 & 1, i & 1] for i in range(8)]
    apart = [sum(a != b for a, b in zip(corners[i], corners[j], strict=True)) for i, j in combinations(range(8), 2)]
    assert known["least margin of the readout"] == min(apart) == 1
    assert known["different codes"] == len({tuple(corner) for corner in corners})
    high = [sum(corner[unit] for corner in corners) for unit in range(3)]
    assert [known["fewest classes that a unit is high for"], known["most classes that a unit is high for"]] == [4, 4]
    assert high == [4, 4, 4]


def test_shares_of_the_dropped_features_by_hand():
    """0.9^i for i = 0..5 sum to 4.68559; the last five to 3.68559, the last three to 1.97559, the last to 0.59049."""
    found = {row.quantity: row.value for row in case.capacity()}
    for name, left in (("1 unit", 3.68559), ("3 units", 1.97559), ("5 units", 0.59049)):
        assert found[f"least FVU of {name} of one feature each"] == pytest.approx(left / 4.68559, abs=1e-12)


def test_the_variance_that_units_leave_counted_example_by_example():
    features = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
    chances = np.array([0.4, 0.3, 0.2, 0.1])
    units = features.max(1, keepdims=True)  # high for any feature: three examples have the same code
    means = [(0.2 + 0.1) / 0.6, (0.3 + 0.1) / 0.6]
    known = [
        sum(c * (row[i] - means[i]) ** 2 for c, row in zip(chances[1:], features[1:], strict=True)) for i in (0, 1)
    ]
    assert case.unexplained(units, features, chances).tolist() == pytest.approx(known)
    assert case.unexplained(features, features, chances).tolist() == [0, 0]
    alone = case.unexplained(np.zeros((4, 1)), features, chances)
    assert alone.tolist() == pytest.approx([0.3 * 0.7, 0.4 * 0.6])
    assert math.isclose(alone.sum(), 0.45)


def test_a_judged_run_can_be_written(monkeypatch, tmp_path):
    """Every row stands once: the measured ones of each seed, and the bands of their means."""
    made = {band.name: [3.0, 3.0] for band in case.BANDS[:-1]} | {"dead latents of TopK": [1.0, 1.0]}
    monkeypatch.setattr(case, "found_of", lambda steps, seeds: made)
    rows = case.run({"steps": case.STEPS, "seeds": 2})
    table.write(rows, tmp_path / "known_dictionaries.parquet")
    assert len(rows[rows["landscape"] == case.MEANS]) == len(case.BANDS)
