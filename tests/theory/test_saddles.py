"""The theory case `saddles`: its rows, its known answers, and the methods that it refuses."""

import math

import pytest
import torch

from robustpath import methods
from robustpath.core.errors import UserError
from robustpath.methods.base import Method, Spec
from robustpath.theory import saddles, table

PLAIN = {"momentum": 0.0, "weight_decay": 0.0}
SETTINGS = {
    "case": "saddles",
    "methods": ["sgd", "perturbed_gd", "third_order"],
    "steps": 150,
    "seeds": 3,
    "hyperparameters": {
        "perturbed_gd": PLAIN
        | {"radius": 0.1, "gradient_threshold": 1e-2, "patience": 120, "decrease": 1e-6, "learning_rate": 0.1}
    },
}


@pytest.fixture(scope="module")
def rows():
    return saddles.run(SETTINGS)


def values(rows, **chosen):
    """The values of the rows that have these entries."""
    for name, entry in chosen.items():
        rows = rows[rows[name] == entry]
    return rows["value"].tolist()


def test_it_is_a_table_of_the_theory(rows, tmp_path):
    """One row a method, landscape, seed and quantity; it can be written and read."""
    table.write(rows, tmp_path / "saddles.parquet")
    read = table.read([tmp_path / "saddles.parquet"])
    assert list(read) == list(table.SCHEMA)
    assert len(read[read["method"].isin(SETTINGS["methods"])]) == 3 * 2 * 3 * 4
    assert set(read["quantity"]) == {"escaped", "steps to escape", table.ESCAPE, "final loss"}


def test_gradient_descent_takes_the_steps_of_its_closed_form(rows):
    """92, 189, 286; 718, 6741; 94 after a third-order step: each the next whole number."""
    known = rows[(rows["method"] == "gradient_descent") & (rows["quantity"] == "steps to escape")]
    assert known["value"].tolist() == [92, 189, 286, 718, 6741, 94]
    assert [math.ceil(expected) for expected in known["expected"]] == known["value"].tolist()
    lowest = rows[(rows["method"] == "gradient_descent") & (rows["quantity"] == "final loss")]
    assert lowest["value"].tolist() == pytest.approx([-1 / 4] * 3 + [-27 / 256] * 3, abs=1e-12)
    assert lowest["expected"].tolist() == [-1 / 4] * 3 + [-27 / 256] * 3


def test_who_escapes_is_what_theory_says(rows):
    """Wherever it says anything."""
    known = rows[(rows["quantity"] == "escaped") & rows["expected"].notna()]
    assert set(known["method"]) == {"sgd", "perturbed_gd", "third_order", "gradient_descent"}
    assert (known["value"] == known["expected"]).all()


def test_what_never_happens_is_infinite(rows):
    for quantity in ("steps to escape", table.ESCAPE):
        assert values(rows, method="sgd", landscape="strict saddle", quantity=quantity) == [math.inf] * 3
    assert values(rows, method="sgd", landscape="monkey saddle", quantity="final loss") == [0.0] * 3


def test_steps_are_counted_in_gradient_evaluations(rows):
    """A step of third_order in two dimensions is 2 * 2 + 6 + 1; of perturbed gradient descent, one."""
    for method, cost in (("third_order", 11), ("perturbed_gd", 1)):
        steps = values(rows, method=method, landscape="strict saddle", quantity="steps to escape")
        spent = values(rows, method=method, landscape="strict saddle", quantity=table.ESCAPE)
        assert all(step < math.inf for step in steps)
        assert spent == [cost * step for step in steps]


def test_the_learning_rate_is_constant_and_the_seeds_are_their_own():
    """At a constant rate 0.1 the first coordinate of plain gradient descent is 0.9^t: the loss is 0.81^t / 2."""
    course = saddles.follow("sgd", saddles.LANDSCAPES["strict saddle"], 30, 2, PLAIN)
    expected = 0.5 * 0.81 ** torch.arange(1, 31, dtype=torch.float64)
    assert torch.allclose(course.losses, expected[:, None].expand(30, 2), rtol=1e-6)
    noisy = saddles.follow("perturbed_sgd", saddles.LANDSCAPES["strict saddle"], 5, 3, PLAIN).losses
    fewer = saddles.follow("perturbed_sgd", saddles.LANDSCAPES["strict saddle"], 5, 2, PLAIN).losses
    assert torch.equal(noisy[:, :2], fewer)
    assert len(set(noisy[-1].tolist())) == 3


def test_phases_share_the_steps_and_what_a_method_asks_for_is_counted_as_one_batch():
    """A walk for a quarter of the steps, one gradient on its probe each, then descent."""
    course = saddles.follow("contour_warmup", saddles.LANDSCAPES["strict saddle"], 40, 2, {})
    assert torch.equal(course.spent, torch.arange(1.0, 41.0).double())
    assert torch.allclose(course.losses[:10], torch.full((10, 2), 0.5).double(), rtol=0.06), "level within 5 %"
    assert (course.losses[-1] < 0.4).all()


def looks_at_the_network(loss, params, state, batch, context):
    return params, state, {"loss": context.network(params, batch.inputs).sum()}


def looks_at_the_layers(loss, params, state, batch, context):
    return params, state, {"loss": params["0.weight"].sum()}


@pytest.mark.parametrize("step", [looks_at_the_network, looks_at_the_layers])
def test_a_method_that_needs_a_network_is_refused_by_name(step, monkeypatch):
    stub = Spec("sgd", "minima", lambda: Method(lambda params: (), step), {}, None, "")
    monkeypatch.setattr(methods, "load", lambda name: stub)
    with pytest.raises(UserError, match=r"^sgd .*landscape of two numbers.*config.yaml"):
        saddles.follow("sgd", saddles.LANDSCAPES["strict saddle"], 4, 2, {})


def test_a_hyperparameter_that_the_method_does_not_have_is_refused():
    assert "radius" not in methods.load("sgd").search
    with pytest.raises(UserError, match="sgd has no hyperparameter 'radius'"):
        saddles.run(SETTINGS | {"methods": ["sgd"], "hyperparameters": {"sgd": {"radius": 1.0}}})


def test_a_seed_that_explodes_has_no_loss_and_has_not_escaped():
    landscape = saddles.LANDSCAPES["strict saddle"]
    course = saddles.follow("sgd", landscape, 8, 2, PLAIN | {"learning_rate": 1e200})
    found = {row.quantity: row.value for row in saddles.method_rows("sgd", "strict saddle", landscape, course)}
    assert math.isnan(found["final loss"])
    assert found["escaped"] == 0.0
    assert found[table.ESCAPE] == math.inf
