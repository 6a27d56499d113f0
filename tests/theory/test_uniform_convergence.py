"""Nagarajan & Kolter 2019: the linear example's three errors, and growing distances on the two spheres."""

from statistics import NormalDist, mean

import pytest
import torch

from robustpath.theory import uniform_convergence as case


@pytest.mark.parametrize(("examples", "dimension", "predicted"), [(50, 5000, 0.1056), (20, 5000, 0.0241)])
def test_the_linear_example_has_the_errors_of_its_closed_form(examples, dimension, predicted):
    """Test error Phi(-4 / sqrt(1024 m / D)); the bad set is wrong throughout, the training set right throughout."""
    assert NormalDist().cdf(-4 / (1024 * examples / dimension) ** 0.5) == pytest.approx(predicted, abs=1e-4)
    found = {}
    for seed in range(4):
        for row in case.linear(examples, dimension, seed):
            found.setdefault(row.quantity, []).append((row.value, row.expected))
    assert found["training error"] == [(0.0, 0.0)] * 4
    assert found["error on S'"] == [(1.0, 1.0)] * 4
    assert mean(value for value, _ in found["test error"]) == pytest.approx(predicted, abs=0.01)
    assert found["test error"][0][1] == pytest.approx(predicted, abs=1e-4)


def test_on_the_spheres_distance_grows_test_error_falls_and_the_bad_set_is_all_wrong():
    small, large = case.train(32, 2), case.train(192, 2)
    for measured in (small, large):
        assert measured["reached its margin"].tolist() == [1.0, 1.0]
        assert measured["training error"].max() <= 1 - case.SHARE
        assert measured["error on S'"].min() > 0.95
    assert (large["distance from the start"] > small["distance from the start"]).all()
    assert large["test error"].mean() < small["test error"].mean() < 0.55


def test_a_claim_is_judged_by_the_means_over_seeds(monkeypatch):
    values = {8: ([1.0, 2.0], [0.5, 0.5]), 16: ([2.0, 2.0], [0.4, 0.7])}

    def train(size, seeds):
        distance, error = values[size]
        return {"distance from the start": torch.tensor(distance), "test error": torch.tensor(error)}

    monkeypatch.setattr(case, "train", train)
    rows = {row.quantity: row.value for row in case.spheres([8, 16], 2) if row.landscape == "spheres, growing size"}
    assert rows == {"distance grows": 1.0, "test error falls": 0.0}


def test_points_lie_on_their_spheres_in_equal_numbers():
    points, labels = case.on_spheres(100, torch.Generator().manual_seed(0))
    radii = torch.tensor(case.RADII)[labels]
    assert torch.allclose(points.norm(dim=1), radii)
    assert labels.sum() == 50
    moved, theirs = case.projected(points, labels)
    assert torch.allclose(moved.norm(dim=1), torch.tensor(case.RADII)[theirs])
    assert torch.allclose(torch.cosine_similarity(moved, points), torch.ones(100))
    assert torch.equal(theirs, 1 - labels)
