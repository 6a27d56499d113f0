"""How much faster a population trains than one model after the other, on one thread or one GPU, and what bounds it.

    python benchmarks/population.py [--device cuda] [--members 32] [--batch 32] [--methods sgd sam …]

Each round times a plain torch loop (torch.optim.SGD, data in memory) and the population engine in turn, so that both
see the same machine; medians over rounds are printed. The floor is the time that the network's matrix products
alone would take at the machine's rate for one large product. What bounds a population is told by the time that the
same products take as it calls them, small and batched over members: the rest of a step is elementwise.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch

from robustpath import methods
from robustpath.core.parameters import stack
from robustpath.core.randomness import batches
from robustpath.engine import population
from robustpath.engine.device import resolve
from robustpath.engine.plan import plan
from robustpath.methods.base import Batch
from robustpath.models.functional import initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp

NETS = {"64-64-64-10 (8x8 images)": (64, [64, 64], 10), "40-64-64-10 (MNIST-1D)": (40, [64, 64], 10)}
EXAMPLES = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="cpu", help="where (default cpu)")
    parser.add_argument("--members", type=int, default=32, help="models in a population (default 32)")
    parser.add_argument("--batch", type=int, default=32, help="examples in a batch (default 32)")
    parser.add_argument("--steps", type=int, default=200, help="population steps a round (default 200)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default 5)")
    parser.add_argument("--methods", nargs="+", default=["sgd"], choices=list(methods.names()), metavar="METHOD")
    options = parser.parse_args()
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(Path(".cache/inductor").absolute()))
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    torch.set_num_threads(1)
    options.device = resolve(options.device)

    rate = matrix_product_rate(options.device)
    where = torch.cuda.get_device_name(options.device) if options.device.type == "cuda" else "one thread"
    print(f"{where}; one 1024 x 1024 matrix product runs at {rate / 1e9:.0f} GFLOP/s; batch {options.batch}")
    for net, shape in NETS.items():
        flops = 6 * options.batch * sum(a * b for a, b in pairwise([shape[0], *shape[1], shape[2]]))
        flops -= 2 * options.batch * shape[0] * shape[1][0]  # no gradient is taken of the inputs
        print(f"\n{net}: {flops / 1e6:.2f} MFLOP in products a gradient evaluation, floor {flops / rate * 1e6:.1f} µs")
        small = min(timed(batched_products(shape, options), 20) for _ in range(options.rounds)) / options.members
        print(f"  its products alone, batched over {options.members} members: {small:.1f} µs a model-step")
        for name in options.methods:
            report(name, shape, flops, rate, options)


def report(name: str, shape: tuple, flops: float, rate: float, options: argparse.Namespace) -> None:
    """Print one method's line on one network."""
    run, first, cost = population_of(name, shape, options)
    loop = plain_loop(shape, options.batch, options.device)
    alone, together = [], []
    for _ in range(options.rounds):
        alone.append(timed(loop, options.steps))
        together.append(timed(run, options.steps) / options.members)
    slow, fast = statistics.median(alone), statistics.median(together)
    share = cost * flops / rate * 1e6 / fast
    print(
        f"  {name}: plain SGD loop {slow:.0f} µs a model-step, population of {options.members} {fast:.1f} µs, "
        f"{slow / fast:.1f}x faster; {cost:g} gradient evaluations a step, {share:.0%} of the product rate; "
        f"first step {first:.1f} s"
    )


def timed(run: Callable[[int], None], steps: int) -> float:
    """Wall microseconds a step."""
    wait()
    begun = time.perf_counter()
    run(steps)
    wait()
    return (time.perf_counter() - begun) / steps * 1e6


def wait() -> None:
    """Let a GPU, which works through what it was told, come to its end."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def matrix_product_rate(device: torch.device) -> float:
    """Floating-point operations a second of a 1024 x 1024 product, the best of ten."""
    a = torch.randn(1024, 1024, device=device)
    a @ a
    return 2 * 1024**3 / min(timed(lambda _: a @ a, 1) for _ in range(10)) * 1e6


def batched_products(shape: tuple, options: argparse.Namespace) -> Callable[[int], None]:
    """Every matrix product of a gradient evaluation of all members and nothing else."""
    widths = [shape[0], *shape[1], shape[2]]
    members, batch = options.members, options.batch
    weights = [torch.randn(members, a, b, device=options.device) for a, b in pairwise(widths)]
    values = [torch.randn(members, batch, width, device=options.device) for width in widths]

    def run(steps: int) -> None:
        for _ in range(steps):
            for layer, weight in enumerate(weights):
                torch.bmm(values[layer], weight)
                torch.bmm(values[layer].transpose(1, 2), values[layer + 1])
                if layer:
                    torch.bmm(values[layer + 1], weight.transpose(1, 2))

    run(5)
    return run


def example_data(shape: tuple, device: torch.device) -> population.Data:
    """Random inputs and labels."""
    return population.Data(torch.rand(EXAMPLES, shape[0]).to(device), torch.randint(shape[2], (EXAMPLES,)).to(device))


def plain_loop(shape: tuple, batch: int, device: torch.device) -> Callable[[int], None]:
    """One model trained by torch.optim.SGD as most code does it, batches indexed from memory."""
    sizes = [shape[0], *shape[1]]
    layers = [part for a, b in pairwise(sizes) for part in (torch.nn.Linear(a, b), torch.nn.ReLU())]
    network = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], shape[2])).to(device)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    data = example_data(shape, device)

    def run(steps: int) -> None:
        order = batches(EXAMPLES, batch, 0, steps, "benchmark").to(device)
        for step in range(steps):
            loss = torch.nn.functional.cross_entropy(network(data.inputs[order[step]]), data.labels[order[step]])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    run(50)
    return run


def population_of(name: str, shape: tuple, options: argparse.Namespace) -> tuple[Callable[[int], None], float, float]:
    """(run a number of steps of the method's last phase, seconds of the first step, gradient evaluations a step)."""
    spec, device, members = methods.load(name), options.device, options.members
    data, model = example_data(shape, device), mlp(*shape)
    loss, network = mean_cross_entropy(model), predict(model)
    start = [initialise(model, torch.Generator().manual_seed(member)) for member in range(members)]
    batch = Batch(data.inputs[: options.batch].cpu(), data.labels[: options.batch].cpu())
    stages = plan(spec, loss, start[0], batch, budget=10_000, network=network)
    stage = stages[-1]
    hyperparameters = {
        key: torch.full((members,), float(space.default), device=device) for key, space in spec.search.items()
    }
    step = population.program(spec, loss, stage, compiled=True, network=network, graph=device.type == "cuda")
    params = {key: tensor.to(device) for key, tensor in stack(start).items()}
    snapshot = population.begin(spec, stages, hyperparameters, params, len(stages) - 1)
    now = [snapshot.params, snapshot.state, snapshot.diverged]
    progress = torch.full((), 0.5, device=device)

    def run(steps: int) -> None:
        each = [batches(EXAMPLES, options.batch, 0, steps, "benchmark", member) for member in range(members)]
        order = torch.stack(each, dim=1).to(device)
        for position in range(steps):
            now[:] = step(hyperparameters, *now, data, order[position], progress, None, None, None)[:3]

    first = timed(run, 1) / 1e6
    run(20)
    return run, first, stage.cost


if __name__ == "__main__":
    main()
