"""What must hold for every registered method; a new method is tested here as soon as its file exists."""

import pytest
import torch
from supervised_methods import SUPERVISED
from torch.utils._pytree import tree_leaves

from robustpath import methods
from robustpath.core.parameters import stack
from robustpath.engine import checkpoint, population
from robustpath.engine.plan import phases, plan
from robustpath.engine.source import Data, Dealt, examples
from robustpath.methods import roles
from robustpath.methods.base import Batch, build, draw
from robustpath.models.functional import activations, mean_cross_entropy, predict
from robustpath.models.mlp import mlp
from robustpath.protocols.supervised import training
from robustpath.protocols.supervised.score import score

from .conftest import MEMBERS, STEPS, budget, dear, fix_draws, hidden

SLOW = {"radam"}  # takes small steps until it knows the variance of its gradients
WITH_OFF_SWITCH = [name for name in SUPERVISED if methods.load(name).off]


def same(a, b, rows=slice(None)):
    """Bit for bit."""
    return all(torch.equal(a.params[name][rows], b.params[name][rows]) for name in a.params)


@pytest.mark.parametrize("name", SUPERVISED)
def test_the_loss_falls(name, make_cell, train, blobs, monkeypatch):
    fix_draws(monkeypatch, lambda number: {})
    cell = make_cell(name, budget=400 if name in SLOW else 200)
    trained = train(cell)
    network = torch.vmap(predict(mlp(8, hidden(name), 3)), in_dims=(0, None))
    start = {key: torch.stack([cell.start[member.seed][key] for member in MEMBERS]) for key in trained.params}
    before = score(network, start, blobs.inputs, blobs.labels)
    after = score(network, trained.params, blobs.inputs, blobs.labels)
    assert not trained.diverged.any()
    assert (after["cross_entropy"] < 0.8 * before["cross_entropy"]).all()
    assert after["accuracy"].mean() > before["accuracy"].mean() + 0.2


@pytest.mark.parametrize("name", WITH_OFF_SWITCH)
def test_switched_off_it_is_plain_sgd_bit_by_bit(name, make_cell, train, undisturbed, monkeypatch):
    off = methods.load(name).off
    plain, default = undisturbed("sgd", defaults=True), undisturbed(name, defaults=True)
    fix_draws(monkeypatch, lambda number: dict(off))
    cell = make_cell(name)
    per_step = cell.stages[0].cost
    switched = train(make_cell(name, budget=int(STEPS * per_step)))
    assert same(switched, plain)
    assert not same(default, plain) or per_step > 1


@pytest.mark.parametrize("name", SUPERVISED)
def test_a_member_is_the_same_alone(name, make_cell, train, undisturbed):
    cell, together = make_cell(name), undisturbed(name)
    for position in (0, 5):
        alone = train(cell, [MEMBERS[position]])
        assert same(alone, type(together)({k: v[[position]] for k, v in together.params.items()}, None, None, None))


@pytest.mark.parametrize("name", SUPERVISED)
def test_interrupted_twice_and_resumed_equals_uninterrupted(name, make_cell, undisturbed, tmp_path, monkeypatch):
    """After the first block, which in a method with phases ends the first of them, and after the second."""
    cell, uninterrupted = make_cell(name), undisturbed(name)
    resume = tmp_path / "resume.safetensors"
    keeper, seen = training.keeping.keeper, []

    def dies(path, key, label, stages, members, asked):
        def keep(snapshot):
            seen.append((snapshot.stage, snapshot.step))
            checkpoint.save(path, snapshot, key, members)
            raise KeyboardInterrupt

        return keep

    monkeypatch.setattr(training.keeping, "keeper", dies)
    for interruptions in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            make_cell(name).train(MEMBERS, resume, "key", "test")
        assert len(set(seen)) == interruptions
    monkeypatch.setattr(training.keeping, "keeper", keeper)
    resumed = make_cell(name).train(MEMBERS, resume, "key", "test")
    assert checkpoint.read(resume, "key")[:3] == (len(cell.stages) - 1, cell.stages[-1].steps, len(MEMBERS))
    assert same(resumed, uninterrupted)
    assert all(torch.equal(resumed.sums[key], uninterrupted.sums[key]) for key in uninterrupted.sums)
    assert all(torch.equal(resumed.path[key], uninterrupted.path[key]) for key in uninterrupted.path)


@pytest.mark.parametrize("name", SUPERVISED)
def test_products_at_half_precision_leave_parameters_and_states_at_full(name, make_cell, tmp_path):
    cell = make_cell(name, precision="bfloat16", budget=budget(name))
    trained = cell.train(MEMBERS[:2], tmp_path / "resume", "key", "test")
    kept = checkpoint.read(tmp_path / "resume", "key").tensors
    assert {tensor.dtype for tensor in kept.values() if tensor.is_floating_point()} == {torch.float32}
    assert all(tensor.isfinite().all() for tensor in trained.params.values())


@pytest.mark.parametrize("name", SUPERVISED)
def test_a_member_that_diverges_is_marked_and_other_runs_are_untouched_in_any_order(
    name, make_cell, train, undisturbed
):
    cell, healthy = make_cell(name), undisturbed(name)
    cell.start[1] = {key: torch.full_like(value, torch.nan) for key, value in cell.start[1].items()}
    backwards = train(cell, MEMBERS[::-1])
    broken = backwards._replace(
        params={key: value.flip(0) for key, value in backwards.params.items()}, diverged=backwards.diverged.flip(0)
    )
    sick = torch.tensor([member.seed == 1 for member in MEMBERS])
    assert torch.equal(broken.diverged | healthy.diverged, sick | healthy.diverged)
    assert same(broken, healthy, ~sick)


@pytest.mark.parametrize("name", SUPERVISED)
def test_a_member_that_explodes_stands_still_where_it_was_last_finite(name, make_cell, train, undisturbed, monkeypatch):
    healthy = undisturbed(name, defaults=True)
    fix_draws(monkeypatch, lambda number: {"learning_rate": 1e30} if number else {})
    exploded = train(make_cell(name))
    wild = torch.tensor([member.draw == 1 for member in MEMBERS])
    assert torch.equal(exploded.diverged, wild)
    assert all(tensor.isfinite().all() for tensor in exploded.params.values())
    assert same(exploded, healthy, ~wild)


@pytest.mark.parametrize("name", SUPERVISED)
def test_all_stays_on_the_device_of_the_parameters_and_no_value_is_looked_at(name, make_cell):
    """Tensors of the meta device have no values and refuse to meet others, as those of a GPU do."""
    cell, spec = make_cell(name), methods.load(name)
    start = {key: tensor.to("meta") for key, tensor in stack([cell.start[0]] * 3).items()}
    hyperparameters = {key: torch.empty(3, device="meta") for key in spec.search}
    row = torch.empty(3, dtype=torch.long, device="meta")
    data = Data(cell.data.inputs.to("meta"), cell.data.labels.to("meta"), row)
    positions = torch.empty((3, 16), dtype=torch.long, device="meta")
    size = sum(tensor[0].numel() for tensor in start.values())
    for number, stage in enumerate(cell.stages):
        batch = examples(data, positions)
        given = dict.fromkeys(stage.needs, batch)
        if "noise" in stage.needs:
            given["noise"] = torch.empty((3, size * stage.needs["noise"]), device="meta")
        before = population.begin(spec, cell.stages, hyperparameters, start, number)
        model = mlp(8, hidden(name), 3)
        step = population.program(spec, cell_loss(name), stage, False, predict(model), activations=activations(model))
        after = step(
            hyperparameters,
            start,
            before.state,
            before.diverged,
            torch.empty((), device="meta"),
            Dealt(batch, given),
        )
        ended = before._replace(params=after[0], state=after[1])
        final = population.readout(spec, cell.stages, hyperparameters, ended)
        assert {tensor.device.type for tensor in tree_leaves((before, after, final)) if torch.is_tensor(tensor)} == {
            "meta"
        }


@pytest.mark.parametrize("name", list(roles.training()))
def test_the_search_space_is_declared_with_its_defaults(name):
    spec = methods.load(name)
    assert spec.name == name
    assert spec.family == methods.names()[name]
    assert spec.source.endswith(".") or ":" in spec.source
    assert draw(spec, 3, 0) == {key: space.default for key, space in spec.search.items()}
    assert draw(spec, 3, 1) == draw(spec, 3, 1)
    assert draw(spec, 3, 1) != draw(spec, 4, 1)
    assert draw(spec, 3, 1) != draw(spec, 3, 2)
    for key, space in spec.search.items():
        assert space.describe(), key
        assert torch.isfinite(torch.tensor([space.sample(u) for u in (0.0, 0.5, 0.999)])).all()


@pytest.mark.parametrize("name", SUPERVISED)
def test_the_budget_is_spent_and_never_overspent(name, make_cell):
    cell = make_cell(name, budget=80)
    spent = sum(stage.steps * stage.cost for stage in cell.stages)
    largest_step = max(stage.cost for stage in cell.stages)
    whole = 80 * dear(name)
    assert whole - largest_step < spent <= whole
    spec = methods.load(name)
    shares = [share for share, _ in phases(build(spec, {}))]
    assert sum(shares) == pytest.approx(1)
    assert len(cell.stages) == len(shares)
    model = mlp(8, hidden(name), 3)
    assert cell.stages == plan(
        spec, cell_loss(name), cell.start[0], example(cell), whole, predict(model), activations(model)
    )


def cell_loss(name):
    return mean_cross_entropy(mlp(8, hidden(name), 3))


def example(cell):
    return Batch(cell.data.inputs[:16], cell.data.labels[0, :16])


def test_a_phase_is_compiled_where_its_steps_repay_it(make_cell):
    assert make_cell("contour_warmup").mode == "eager, then eager"
    long = make_cell("contour_warmup", budget=32_000)
    steps = [len(MEMBERS) * stage.steps for stage in long.stages]
    assert steps[0] < training.COMPILED_STEPS <= steps[1]
    assert long.mode == "eager, then compiled"
    assert (long.width, make_cell("sgd").width) == (training.WIDTH["cpu"], 2)
    assert make_cell("contour_warmup", budget=32_000, compile="never").mode == "eager, then eager"
    assert make_cell("contour_warmup", compile="always").mode == "compiled, then compiled"
