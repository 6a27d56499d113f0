"""Selection among candidates by hand, and on digits with wrong labels: who is chosen by which rule (case C4)."""

import pytest
import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

from robustpath import methods
from robustpath.core.errors import UserError
from robustpath.methods import selecting
from robustpath.methods.base import Batch, Context, Method, grad
from robustpath.methods.shortcuts.loss_proportional import sample
from robustpath.methods.shortcuts.self_paced import admitted
from robustpath.models.functional import initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp

from .conftest import bound, double

LOSSES = double([0.3, 2.0, 0.1, 1.0, 0.2, 2.0])


def test_the_highest_and_of_equal_ones_the_first():
    assert selecting.highest(LOSSES, 2).tolist() == [1, 5]
    assert selecting.highest(LOSSES, 3).tolist() == [1, 5, 3]
    assert selecting.highest(torch.zeros(5), 2).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("share", "count", "places"), [(0.5, 2, [0, 2]), (0.5, 3, [0, 2, 4]), (0.0, 2, [2, 4]), (1.0, 4, [0, 1, 2, 3])]
)
def test_self_paced_learning_takes_the_first_of_low_loss(share, count, places):
    """Kumar et al. 2010, eq. 5, by hand: of the lowest half, .1, .2 and .3, those that come first."""
    assert admitted(LOSSES, count, double(share)).tolist() == places


def test_a_sample_has_the_chances_of_drawing_one_after_the_other():
    """Weights 1, 2, 5 by hand: the first has chance w / 8; both of the last two are drawn with 2/8 5/6 + 5/8 2/3."""
    normal = torch.randn(20_000, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    pairs = torch.vmap(lambda numbers: sample(double([1.0, 2.0, 5.0]), 2, numbers))(normal)
    first = torch.bincount(pairs[:, 0], minlength=3) / len(pairs)
    assert first.tolist() == pytest.approx([1 / 8, 2 / 8, 5 / 8], abs=0.012)  # three and a half standard errors
    both = (pairs.sum(1) == 3).double().mean().item()
    assert both == pytest.approx(2 / 8 * 5 / 6 + 5 / 8 * 2 / 3, abs=0.012)


def test_a_batch_larger_than_the_candidates_is_refused():
    method = bound("hard_mining")
    batch = Batch(torch.zeros(400, 2), torch.zeros(400, dtype=torch.int64))
    with pytest.raises(UserError, match="cannot be chosen from 320 candidates; set `batch_size` to at most 320"):
        method.step(None, {}, None, batch, Context(double(0.5), {"stream": batch}))


class Digits:
    """Digits of which four of ten labels are drawn anew; a network trained on 600 of them, and the rest to learn."""

    def __init__(self):
        draw = torch.Generator().manual_seed(0)
        images, truth = (torch.tensor(part) for part in load_digits(return_X_y=True))
        order = torch.randperm(len(truth), generator=draw)
        images, truth = images[order].float() / 16, truth[order]
        noisy = torch.rand(len(truth), generator=draw) < 0.4
        labels = torch.where(noisy, torch.randint(10, truth.shape, generator=draw), truth)
        self.model = mlp(64, [64], 10)
        self.network, self.draw = predict(self.model), draw
        self.inputs, self.labels, self.wrong = images[600:], labels[600:], (labels != truth)[600:]
        reference = self.start()
        for _ in range(60):
            slope = grad(mean_cross_entropy(self.model))(reference, Batch(images[:600], labels[:600]))
            reference = {name: tensor - 0.5 * slope[name] for name, tensor in reference.items()}
        with torch.no_grad():
            logits = self.network(reference, self.inputs)
        self.irreducible = cross_entropy(logits, self.labels, reduction="none")

    def start(self):
        return initialise(self.model, torch.Generator().manual_seed(1))

    def chosen(self, name, steps=80, rate=0.1):
        """The share of wrong labels among the examples that a rule chooses over a training."""
        seen, spec = [], methods.load(name)

        def step(loss, params, state, batch, context):
            seen.append(batch.inputs[:, 0].long())
            own = Batch(self.inputs[seen[-1]], self.labels[seen[-1]])
            slope = grad(mean_cross_entropy(self.model))(params, own)
            return {key: tensor - rate * slope[key] for key, tensor in params.items()}, state, {}

        values = {key: torch.tensor(space.default) for key, space in spec.own_search.items()}
        method, params = spec.factory(Method(lambda params: (), step), **values), self.start()
        for number in range(steps):
            places = torch.randperm(len(self.labels), generator=self.draw)[:320]
            given = {
                "stream": Batch(places[:, None], self.labels[places]),
                "irreducible": Batch(None, self.irreducible[places]),
                "noise": {"w": torch.randn(320, generator=self.draw)},
            }
            context = Context(torch.tensor((number + 0.5) / steps), given, self.look)
            params, _, _ = method.step(None, params, (), Batch(None, torch.zeros(32)), context)
        return self.wrong[torch.cat(seen)].double().mean().item()

    def look(self, params, places):
        return self.network(params, self.inputs[places[:, 0]])


@pytest.fixture(scope="module")
def digits():
    return Digits()


def test_wrong_labels_are_chosen_by_loss_and_left_out_by_reducible_loss(digits):
    """The case C4 in its first 80 steps: reducible loss leaves nearly all wrong labels out, the highest loss looks for
    them, and a sample by loss prefers them. A tenth of the labels drawn anew are right."""
    base = digits.wrong.double().mean().item()
    assert 0.33 < base < 0.39
    share = {name: digits.chosen(name) for name in ("rho_loss", "loss_proportional", "hard_mining")}
    assert share["rho_loss"] < 0.15
    assert base + 0.02 < share["loss_proportional"] < share["hard_mining"]
    assert share["hard_mining"] > 0.65


def test_self_paced_learning_meets_fewer_wrong_labels(digits):
    """As soon as the network tells them apart, which takes longer."""
    assert digits.chosen("self_paced", 300, 0.3) < digits.wrong.double().mean().item() - 0.02


def test_the_base_takes_its_step_on_the_chosen_candidates_with_their_own_labels():
    """Candidates 1, 5 and 3 have the highest losses; candidate k has input k and label k."""
    seen = []

    def step(loss, params, state, batch, context):
        seen.append(batch)
        return params, state, {}

    base, rows = Method(lambda params: (), step), torch.arange(6)
    logits = -torch.diag(torch.tensor([0.3, 2.0, 0.1, 1.0, 0.2, 2.0]))
    context = Context(double(0.5), {"stream": Batch(rows[:, None], rows)}, lambda params, inputs: logits)
    method = methods.load("hard_mining").factory(base)
    method.step(None, {}, (), Batch(None, torch.zeros(3)), context)
    assert seen[0].inputs[:, 0].tolist() == seen[0].labels.tolist() == [1, 5, 3]


@pytest.mark.parametrize(("progress", "places"), [(0.0, [2, 4]), (0.5, [0, 2]), (1.0, [0, 1])])
def test_self_paced_learning_admits_more_as_training_goes_on(progress, places):
    """By hand from a first share of 1/3: of six candidates the 2, 4 and 6 of lowest loss, of which the first two."""
    seen = []

    def step(loss, params, state, batch, context):
        seen.append(batch)
        return params, state, {}

    logits = -torch.diag(torch.tensor([0.3, 2.0, 0.1, 1.0, 0.2, 3.0]))
    method = methods.load("self_paced").factory(Method(lambda params: (), step), double(1 / 3))
    rows = torch.arange(6)
    context = Context(double(progress), {"stream": Batch(rows[:, None], rows)}, lambda params, inputs: logits)
    method.step(None, {}, (), Batch(None, torch.zeros(2)), context)
    assert seen[0].labels.tolist() == places
