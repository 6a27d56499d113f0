"""Curvature and sharpness against closed forms on parabolas and against the whole Hessian of small networks."""

from statistics import stdev

import pytest
import torch
from torch.func import grad, jacrev

from robustpath.methods.geometry import units
from robustpath.protocols.supervised.measure import steepest
from robustpath.protocols.supervised.measures import curvature
from robustpath.protocols.supervised.measures.stacked import mean_cross_entropy

from .conftest import networks, normal, parabola

CURVATURES = torch.tensor([-9.0, 0.0, 1.0, 2.0, 7.0, 7.0], dtype=torch.float64)


def test_the_largest_eigenvalue_not_the_largest_in_magnitude():
    """By hand: -9 is larger in magnitude, 7 is double; six steps exhaust the space, the others change nothing."""
    start = normal(3, 6)
    found = curvature.lambda_max(parabola(CURVATURES), torch.zeros(3, 6, dtype=torch.float64), start)
    assert torch.allclose(found.value, torch.tensor(7.0).double(), rtol=0, atol=1e-12)
    assert found.residual.max() < 1e-9 and found.converged.all()
    assert torch.allclose(found.vector[:, 4:].norm(dim=1), torch.tensor(1.0).double(), rtol=0, atol=1e-9)


@pytest.mark.parametrize("curvatures", [[3.0, 3.0, 3.0], [-1.0, -2.0, -3.0], [0.0, 0.0, 0.0]])
def test_spaces_that_one_step_or_a_few_exhaust(curvatures):
    curvatures = torch.tensor(curvatures, dtype=torch.float64)
    found = curvature.lambda_max(parabola(curvatures), torch.zeros(1, 3, dtype=torch.float64), normal(1, 3))
    assert found.value.item() == pytest.approx(curvatures.max().item(), abs=1e-12)
    assert found.converged.all()


def test_the_second_vector_is_that_of_the_next_eigenvalue():
    curvatures = torch.tensor([-9.0, 1.0, 2.0, 4.0, 7.0], dtype=torch.float64)
    found = curvature.lambda_max(parabola(curvatures), torch.zeros(2, 5, dtype=torch.float64), normal(2, 5))
    expected = torch.eye(5, dtype=torch.float64)[3].expand(2, 5)
    assert torch.allclose(found.second.abs(), expected, rtol=0, atol=1e-9)


def test_starting_at_an_eigenvector_finds_its_own_eigenvalue():
    start = torch.eye(6, dtype=torch.float64)[3:4]
    found = curvature.lambda_max(parabola(CURVATURES), torch.zeros(1, 6, dtype=torch.float64), start)
    assert found.value.item() == pytest.approx(2.0, abs=1e-12)
    assert torch.allclose(found.vector.abs(), start, rtol=0, atol=1e-12)


def test_the_largest_eigenvalue_of_networks(trained):
    start = normal(*trained.points.shape, seed=4)
    found = curvature.lambda_max(trained.losses, trained.points, start, iterations=25)
    for member in range(4):
        values = torch.linalg.eigvalsh(trained.hessian(member))
        assert found.value[member].item() == pytest.approx(values[-1].item(), rel=1e-6)
    assert found.converged.all()
    few = curvature.lambda_max(trained.losses, trained.points, start)
    assert torch.allclose(few.value, found.value, rtol=curvature.TOLERANCE)


def test_too_few_iterations_say_that_they_did_not_converge():
    crowded = torch.linspace(0, 1, 200, dtype=torch.float64)
    found = curvature.lambda_max(parabola(crowded), torch.zeros(1, 200, dtype=torch.float64), normal(1, 200), 3)
    assert found.value < 0.97 and not found.converged.any()


def test_the_residual_is_that_of_the_vector(trained):
    start = normal(*trained.points.shape, seed=4)
    found = curvature.lambda_max(trained.losses, trained.points, start, iterations=6)
    for member in range(4):
        image = trained.hessian(member) @ found.vector[member]
        left = (image - found.value[member] * found.vector[member]).norm()
        assert left.item() == pytest.approx(found.residual[member].item(), rel=1e-6)


def test_a_member_does_not_depend_on_the_other_members(trained):
    start = normal(*trained.points.shape, seed=4)
    together = curvature.lambda_max(trained.losses, trained.points, start).value[2]
    alone = curvature.lambda_max(trained.loss_of(2), trained.points[2:3], start[2:3]).value[0]
    assert together.item() == pytest.approx(alone.item(), rel=1e-12)


def test_a_member_that_is_not_finite_leaves_the_others(trained):
    start, points = normal(*trained.points.shape, seed=4), trained.points.clone()
    points[1, 5] = torch.nan
    found = curvature.lambda_max(trained.losses, points, start)
    expected = curvature.lambda_max(trained.losses, trained.points, start)
    others = [0, 2, 3]
    assert found.value[1].isnan() and not found.converged[1]
    assert torch.allclose(found.value[others], expected.value[others], rtol=1e-12)


def test_the_trace_is_that_of_the_whole_hessian(trained):
    found = curvature.trace(trained.params, trained.inputs)
    for member in range(4):
        assert found[member].item() == pytest.approx(trained.hessian(member).trace().item(), rel=1e-10)


def test_the_trace_of_a_single_layer():
    """By hand: two classes of equal logits at x = 2, p = ½, have p(1 - p)(x² + 1) = 5/4 for each class."""
    params = {"1.weight": torch.zeros(1, 2, 1).double(), "1.bias": torch.zeros(1, 2).double()}
    assert curvature.trace(params, torch.tensor([[2.0]]).double()).item() == pytest.approx(2.5, abs=1e-14)


@pytest.mark.parametrize("radius", [0.05, 0.5])
def test_sam_sharpness_of_a_parabola(radius):
    """max of ½ sum h_i e_i² over |e| <= rho is ½ rho² max h (Foret et al. 2021, at a minimum)."""
    curvatures = torch.tensor([1.0, 2.0, 7.0, 30.0], dtype=torch.float64)
    losses, points = parabola(curvatures, 1.0), torch.ones(2, 4, dtype=torch.float64)
    top = curvature.lambda_max(losses, points, normal(2, 4))
    found = curvature.sharpness(losses, points, torch.tensor(radius), [top.vector, -top.vector]).value
    assert torch.allclose(found, torch.tensor(0.5 * radius**2 * 30).double(), rtol=1e-9)
    anywhere = [normal(2, 4, seed=1), normal(2, 4, seed=2)]
    from_anywhere = curvature.sharpness(losses, points, torch.tensor(radius), anywhere, steps=40).value
    assert torch.allclose(from_anywhere, found, rtol=1e-9)


def test_asam_sharpness_of_a_parabola():
    """½ rho² max h_i T_i² with T = |w| + 0.01 (Kwon et al. 2021): neither h nor h T is largest where that is."""
    curvatures = torch.tensor([30.0, 2.0, 1.0], dtype=torch.float64)
    points = torch.tensor([[0.2, -1.0, 2.0]], dtype=torch.float64)
    lengths = units({"weight": points})["weight"]
    assert torch.allclose(lengths, points.abs() + 0.01)
    starts = [normal(1, 3), normal(1, 3, seed=1)]
    found = curvature.sharpness(parabola(curvatures, points), points, 0.5 * lengths, starts, steps=60).value
    assert found.item() == pytest.approx(0.5 * 0.5**2 * 2.01**2, rel=1e-9)


def test_a_few_ascents_are_almost_as_good_as_many(trained):
    top = curvature.lambda_max(trained.losses, trained.points, normal(*trained.points.shape, seed=4))
    starts = steepest(trained.losses, trained.points, top)
    few, many = (
        curvature.sharpness(trained.losses, trained.points, torch.tensor(0.05), starts, n).value for n in (5, 50)
    )
    assert (few > 0).all() and (few <= many * (1 + 1e-12)).all()
    assert torch.allclose(few, many, rtol=0.04)


def test_noise_sharpness_of_a_parabola():
    """½ s² tr H where the noise has the identity as its second moments exactly: sqrt(d) times each unit vector."""
    curvatures, noise = torch.tensor([1.0, 2.0, 7.0], dtype=torch.float64), 3**0.5 * torch.eye(3).double()
    points = torch.tensor([[1.0, -2.0, 3.0]], dtype=torch.float64)
    losses = parabola(curvatures, points)
    found = curvature.noise_sharpness(losses, points, torch.tensor(0.2), noise)
    assert found.value.item() == pytest.approx(0.2)
    # The three rises are ½ 0.2² 3 h: their standard deviation over sqrt(3).
    rises = [0.06, 0.12, 0.42]
    assert found.error.item() == pytest.approx(stdev(rises) / 3**0.5)
    relative = curvature.noise_sharpness(losses, points, 0.1 * points.abs(), noise).value
    assert relative.item() == pytest.approx(0.005 * (1 * 1 + 2 * 4 + 7 * 9))


def test_labels_have_no_part_in_the_trace_but_in_the_curvature():
    params, inputs = networks(4, 5, 3, members=1), normal(9, 4)
    values = []
    for label in (0, 1):
        losses = mean_cross_entropy(params, inputs, torch.full((1, 9), label))
        point = torch.cat([params[name].flatten() for name in sorted(params)])
        hessian = jacrev(grad(lambda w, losses=losses: losses(w[None])[0]))(point)
        assert hessian.trace().item() == pytest.approx(curvature.trace(params, inputs).item(), rel=1e-10)
        values.append(torch.linalg.eigvalsh(hessian)[-1].item())
    assert abs(values[0] - values[1]) > 1e-3
