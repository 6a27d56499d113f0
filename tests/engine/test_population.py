"""The vectorised engine against the slow, obvious loop."""

import pytest
import torch

from robustpath import methods
from robustpath.core import randomness
from robustpath.core.parameters import stack
from robustpath.engine import population
from robustpath.engine.plan import plan, step_cost
from robustpath.engine.source import Data, Streams, streamed
from robustpath.methods.base import Batch, Method, draw, grad
from robustpath.methods.minima.sgd import cosine
from robustpath.models.functional import initialise, mean_cross_entropy
from robustpath.models.mlp import mlp

STEPS, SIZE, BATCH = 60, 50, 16
SPEC = methods.load("sgd")


@pytest.fixture(scope="module")
def problem():
    """Data, network, starting points of four members and their batches."""
    labels = torch.arange(SIZE) % 4
    inputs = torch.randn(SIZE, 6, generator=randomness.generator("problem")) + labels[:, None]
    model = mlp(6, [10], 4)
    start = [initialise(model, randomness.generator("start", seed)) for seed in range(4)]
    order = torch.stack([randomness.batches(SIZE, BATCH, 0, STEPS, "order", seed) for seed in range(4)], dim=1)
    return Data(inputs, labels), model, start, order


def train(problem) -> population.Snapshot:
    data, model, start, order = problem
    hyperparameters = hyperparameters_of([draw(SPEC, seed, 1) for seed in range(4)])
    loss = mean_cross_entropy(model)
    stages = plan(SPEC, loss, start[0], Batch(data.inputs[:BATCH], data.labels[:BATCH]), STEPS)
    steps = [population.program(SPEC, loss, stage, False) for stage in stages]
    dealt = streamed(data, Streams(lambda stage, first, last: order[first:last]))
    snapshot = population.begin(SPEC, stages, hyperparameters, stack(start))
    return population.advance(snapshot, SPEC, stages, steps, hyperparameters, dealt)


def hyperparameters_of(rows: list[dict[str, float]]) -> dict[str, torch.Tensor]:
    return {name: torch.tensor([row[name] for row in rows]) for name in rows[0]}


def test_a_population_follows_one_plain_torch_loop_a_member(problem):
    data, _, start, order = problem
    ours = train(problem)
    for seed in range(4):
        values = draw(SPEC, seed, 1)
        network = torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(6, 10), torch.nn.ReLU(), torch.nn.Linear(10, 4)
        )
        network.load_state_dict(start[seed])
        optimiser = torch.optim.SGD(
            network.parameters(),
            lr=values["learning_rate"],
            momentum=values["momentum"],
            weight_decay=values["weight_decay"],
        )
        size = int(values["batches_per_step"])
        for step in range(STEPS):
            chosen = order[step, seed]
            value = torch.nn.functional.cross_entropy(network(data.inputs[chosen]), data.labels[chosen])
            (value / size).backward()
            if (step + 1) % size == 0:
                progress = torch.tensor((step + 0.5) / STEPS)
                factor = cosine(progress, torch.tensor(values["warmup"])).item()
                optimiser.param_groups[0]["lr"] = values["learning_rate"] * factor
                optimiser.step()
                optimiser.zero_grad()
        for name, tensor in network.state_dict().items():
            torch.testing.assert_close(ours.params[name][seed], tensor, rtol=1e-4, atol=1e-5)


def test_a_member_that_diverges_keeps_what_it_had_before_and_stands_still(problem):
    data, model, start, order = problem
    rows = [draw(SPEC, 0, 0) for _ in range(4)]
    rows[2] |= {"learning_rate": 1e18, "warmup": 0.0, "batches_per_step": 1}
    hyperparameters, loss = hyperparameters_of(rows), mean_cross_entropy(model)
    stages = plan(SPEC, loss, start[0], Batch(data.inputs[:BATCH], data.labels[:BATCH]), STEPS)
    step = population.program(SPEC, loss, stages[0], False)
    dealt = streamed(data, Streams(lambda stage, first, last: order[first:last]))
    seen = [population.begin(SPEC, stages, hyperparameters, stack(start))]
    population.advance(
        seen[0], SPEC, stages, [step], hyperparameters, dealt, after_block=seen.append, each_step=lambda: True
    )
    marked = [snapshot.diverged.tolist() for snapshot in seen]
    first = next(number for number, row in enumerate(marked) if row[2])
    assert 1 < first < STEPS and marked[-1] == [False, False, True, False]
    for name in start[0]:
        kept = seen[first - 1].params[name]
        for later in seen[first:]:
            assert torch.equal(later.params[name][2], kept[2])
            assert torch.equal(later.state.gradients[name][2], seen[first - 1].state.gradients[name][2])
        assert kept.isfinite().all() and not torch.equal(seen[-1].params[name][0], kept[0])


def test_batches_are_passes_in_random_order_and_depend_on_names_only():
    whole = randomness.batches(SIZE, BATCH, 0, 25, "a", 1)
    pieces = torch.cat([randomness.batches(SIZE, BATCH, *ends, "a", 1) for ends in ((0, 3), (3, 4), (4, 25))])
    assert torch.equal(whole, pieces)
    for first in range(0, 400, SIZE):
        assert torch.equal(whole.flatten()[first : first + SIZE].sort().values, torch.arange(SIZE))
    assert not torch.equal(whole, randomness.batches(SIZE, BATCH, 0, 25, "a", 2))
    assert randomness.batches(5, BATCH, 0, 2, "a").shape == (2, BATCH)


def test_noise_of_a_step_is_the_same_wherever_training_was_interrupted():
    whole = randomness.noise(7, 0, 6, "a")
    assert torch.equal(whole, torch.cat([randomness.noise(7, 0, 2, "a"), randomness.noise(7, 2, 6, "a")]))
    assert len(whole.unique()) == whole.numel()


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (lambda loss, p, b: grad(loss)(p, b), 1.0),
        (lambda loss, p, b: loss(p, b), 1 / 3),
        (lambda loss, p, b: (grad(loss)(p, b), grad(lambda q, c: loss(q, c))(p, b)), 2.0),
        (lambda loss, p, b: grad(loss)(p, Batch(b.inputs.repeat(4, 1), b.labels.repeat(4))), 4.0),
    ],
    ids=["gradient", "forward", "two gradients", "four batches"],
)
def test_the_engine_counts_the_losses_that_a_step_calls(problem, calls, expected):
    data, model, start, _ = problem

    def step(loss, params, state, batch, context):
        calls(loss, params, batch)
        return params, state, {"loss": torch.zeros(())}

    batch = Batch(data.inputs[:BATCH], data.labels[:BATCH])
    counted = step_cost(Method(lambda params: (), step), mean_cross_entropy(model), start[0], batch)
    assert counted == pytest.approx(expected)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here: the GPU path is untested")
def test_cuda_gives_the_cpu_result_to_rounding(problem):
    data, model, start, order = problem
    on_gpu = Data(data.inputs.cuda(), data.labels.cuda()), model, start, order
    data, model, start, order = on_gpu
    start = [{name: tensor.cuda() for name, tensor in tree.items()} for tree in start]
    gpu = train((data, model, start, order))
    for name, tensor in train(problem).params.items():
        torch.testing.assert_close(gpu.params[name].cpu(), tensor, rtol=1e-3, atol=1e-4)
