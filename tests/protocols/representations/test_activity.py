"""How units are active: distributions whose numbers are known, and every number again in plain numpy."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from robustpath.core.randomness import generator
from robustpath.protocols.representations import activity
from robustpath.protocols.representations.sizes import EDGES


def drawn():
    """Three members, 40 examples and 6 units, of which one is dead and one always on."""
    found = torch.randn(3, 40, 6, generator=generator("activity")).relu()
    found[..., 1], found[..., 4] = 0.0, found[..., 4] + 0.1
    return found


def measures(activations):
    return {
        **activity.levels(activations),
        **activity.shares(activations),
        "bimodality": activity.bimodality(activations),
        "participation_ratio": activity.participation_ratio(activations),
    }


def by_loops(own):
    """The same of one member [n, d], unit by unit."""
    relative, coefficients, dead, always = [], [], 0, 0
    for unit in own.T:
        dead += (unit == 0).all()
        always += (unit > 0).all()
        if (unit > 0).any():
            high = sum(h * h for h in unit) / sum(unit)
            relative += [h / high for h in unit if h > 0]
        if len(set(unit.tolist())) > 1:
            z = (unit - unit.mean()) / unit.std()
            coefficients.append(((z**3).mean() ** 2 + 1) / (z**4).mean())
    bounds = [-np.inf, *EDGES, np.inf]
    masses = [np.mean([low < a <= high for a in relative]) for low, high in pairwise(bounds)]
    values = np.linalg.eigvalsh(np.cov(own.T))
    return {
        "activation_silent": np.mean(own == 0),
        **{f"activation_mass_{bin}": mass for bin, mass in enumerate(masses)},
        "mid_mass": np.mean([0.15 < a <= 0.85 for a in relative]),
        "dead_share": dead / own.shape[1],
        "always_on_share": always / own.shape[1],
        "bimodality": np.mean(coefficients),
        "participation_ratio": values.sum() ** 2 / (values**2).sum(),
    }


def test_every_number_is_that_of_loops_over_units():
    activations = drawn()
    found = measures(activations)
    for member, own in enumerate(activations.double().numpy()):
        expected = by_loops(own)
        assert found.keys() == expected.keys()
        assert {name: value[member].item() for name, value in found.items()} == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("factor", [0.001, 7.0])
def test_nothing_changes_with_the_scale_of_the_activations(factor):
    """An anti-superposition loss that is not scale-free is gamed by h -> c h with the readout over c."""
    found, scaled = measures(drawn()), measures(factor * drawn())
    for name, value in found.items():
        assert scaled[name].tolist() == pytest.approx(value.tolist(), rel=1e-4), name


def test_two_values_leave_the_middle_empty_and_are_bimodal():
    """Of two values 0 and s the high level is s: all mass lies at 1; any two values reach the bound 1 of bimodality."""
    symmetric = torch.tensor([0.0, 3.0] * 5)[None, :, None]
    skewed = torch.tensor([0.0] * 9 + [2.0])[None, :, None]
    for values, silent in ((symmetric, 0.5), (skewed, 0.9)):
        found = measures(values)
        assert found["mid_mass"].item() == 0 and found["activation_mass_8"].item() == 1
        assert found["activation_silent"].item() == pytest.approx(silent)
        assert found["bimodality"].item() == pytest.approx(1.0, abs=1e-12)
        assert found["participation_ratio"].item() == pytest.approx(1.0)


def test_graded_values_are_distinguished_from_two():
    """The values 1 to 1000: their bimodality nears 5/9, that of a uniform distribution; their high level is
    Σ h² / Σ h = 667, and h / 667 lies in (.15, .85] for h from 101 to 566."""
    graded = torch.arange(1.0, 1001)[None, :, None]
    found = measures(graded)
    assert found["bimodality"].item() == pytest.approx(5 / 9, abs=1e-4)
    assert found["mid_mass"].item() == pytest.approx(466 / 1000)
    assert found["always_on_share"].item() == 1


def test_directions_of_equal_variance_are_counted():
    """Three units that vary independently and alike, and one that is constant: the participation ratio is 3."""
    values = torch.tensor([[a, b, c, 1.0] for a in (0.0, 1.0) for b in (0.0, 1.0) for c in (0.0, 1.0)])[None]
    assert activity.participation_ratio(values).item() == pytest.approx(3.0)


def test_what_has_no_value_has_none():
    for name, value in measures(torch.zeros(1, 4, 2)).items():
        known = {"activation_silent": 1.0, "dead_share": 1.0, "always_on_share": 0.0}
        assert value.item() == known[name] if name in known else value.isnan().all(), name


def test_interference_of_known_rows():
    """Orthogonal rows of any lengths do not interfere. Three unit vectors at 120° in the plane have cosines
    -1/2: sqrt(6/4) over sqrt(3)."""
    triangle = torch.tensor([[np.cos(angle), np.sin(angle), 0.0] for angle in (0, 2 * np.pi / 3, 4 * np.pi / 3)])
    rows = torch.stack([torch.diag(torch.tensor([1.0, 5.0, 2.0])).double(), triangle.double()])
    assert activity.interference(rows).tolist() == pytest.approx([0.0, 0.5**0.5], abs=1e-7)
    assert activity.interference(3 * rows)[1].item() == pytest.approx(0.5**0.5)
