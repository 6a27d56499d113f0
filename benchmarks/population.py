"""How much faster a population trains than one model after the other, on one thread or one GPU, and what bounds it.

    python benchmarks/population.py [--device cuda] [--members 32] [--batch 32] [--methods sgd sam …] [--jax PYTHON]
    python benchmarks/population.py --stream 32 64 128 [--rounds 5]

Each round times a plain torch loop (torch.optim.SGD, data in memory), the engine's step and, on a CPU, the same step
under torch.compile in turn, so that all see the same machine; medians over rounds are printed, of CPU time on a CPU,
which other programs disturb less, and of wall time on a GPU. Where the interpreter PYTHON has JAX, the step of SGD in
JAX follows. The floor is the time that the network's matrix products alone would take at the machine's rate for one
large product. What bounds a population is shown by the time that the same products take as it calls them, small and
batched over members: the rest of a step is elementwise.

With --stream, populations of these sizes take steps of experience replay on a stream, what is dealt to them included,
beside a plain torch loop that does the same.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch

from robustpath import methods
from robustpath.core.parameters import stack
from robustpath.core.randomness import batches
from robustpath.data.prepared import Prepared
from robustpath.engine import cache, population
from robustpath.engine.device import resolve
from robustpath.engine.plan import plan
from robustpath.engine.source import Data, Dealt, examples
from robustpath.methods import roles
from robustpath.methods.base import Batch
from robustpath.models.functional import initialise, mean_cross_entropy, predict
from robustpath.models.mlp import network
from robustpath.protocols.stream import training
from robustpath.protocols.stream.source import dealing

NETS = {"64-64-64-10 (8x8 images)": (64, [64, 64], 10), "40-64-64-10 (MNIST-1D)": (40, [64, 64], 10)}
STREAM_NET = 64, [128, 128], 10
EXAMPLES = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="cpu", help="where (default cpu)")
    parser.add_argument("--members", type=int, default=32, help="models in a population (default 32)")
    parser.add_argument("--batch", type=int, default=32, help="examples in a batch (default 32)")
    parser.add_argument("--steps", type=int, default=200, help="population steps a round (default 200)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default 5)")
    parser.add_argument("--methods", nargs="+", default=["sgd"], choices=list(roles.training()), metavar="METHOD")
    parser.add_argument("--stream", nargs="+", type=int, metavar="MEMBERS", help="time steps on a stream instead")
    parser.add_argument("--jax", default=sys.executable, metavar="PYTHON", help="an interpreter that has JAX")
    options = parser.parse_args()
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache.lasting() / "compiler"))
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    torch.set_num_threads(1)
    options.device = resolve(options.device)
    if options.stream:
        return report_stream(options)

    rate = matrix_product_rate(options.device)
    where = torch.cuda.get_device_name(options.device) if options.device.type == "cuda" else "one thread"
    print(f"{where}; one 1024 x 1024 matrix product runs at {rate / 1e9:.0f} GFLOP/s; batch {options.batch}")
    for net, shape in NETS.items():
        flops = flops_of(shape, options.batch)
        print(f"\n{net}: {flops / 1e6:.2f} MFLOP in products a gradient evaluation, floor {flops / rate * 1e6:.1f} µs")
        small = min(
            timed(batched_products(shape, options.members, options.batch, options.device), 20)
            for _ in range(options.rounds)
        )
        small /= options.members
        print(f"  its products alone, batched over {options.members} members: {small:.1f} µs a model-step")
        for name in options.methods:
            report(name, shape, flops, rate, options)
        if options.device.type == "cpu":
            report_jax(shape, options)


def report(name: str, shape: tuple, flops: float, rate: float, options: argparse.Namespace) -> None:
    """Print one method's line on one network."""
    loop = plain_loop(shape, options.batch, options.device)
    ways = {"engine": population_of(name, shape, options)}
    if options.device.type == "cpu":
        ways["torch.compile"] = population_of(name, shape, options, torch.compile)
    alone, together = [], {way: [] for way in ways}
    for _ in range(options.rounds):
        alone.append(timed(loop, options.steps))
        for way, (run, _, _) in ways.items():
            together[way].append(timed(run, options.steps) / options.members)
    slow, cost = statistics.median(alone), ways["engine"][2]
    print(f"  {name}, {cost:g} gradient evaluations a step: plain SGD loop {slow:.0f} µs a model-step")
    for way, (_, first, _) in ways.items():
        fast = statistics.median(together[way])
        print(
            f"    {way}, {options.members} members: {fast:.1f} µs, {slow / fast:.1f}x faster, "
            f"{cost * flops / rate * 1e6 / fast:.0%} of the product rate; first step {first:.2f} s"
        )


def report_jax(shape: tuple, options: argparse.Namespace) -> None:
    """Print the line of JAX, if there is JAX."""
    settings = {"widths": [shape[0], *shape[1], shape[2]]}
    settings |= {name: getattr(options, name) for name in ("members", "batch", "steps", "rounds")}
    script = Path(__file__).with_name("population_jax.py")
    done = subprocess.run([options.jax, script, json.dumps(settings)], capture_output=True, text=True)
    if done.returncode:
        print(f"  sgd in JAX: {options.jax} has no JAX, or it fails ({done.stderr.strip().splitlines()[-1]})")
        return
    said = json.loads(done.stdout)
    print(
        f"  sgd in JAX (vmap, jit, scan): {said['microseconds']:.1f} µs a model-step; first call {said['first']:.2f} s"
    )


def report_stream(options: argparse.Namespace) -> None:
    """Print how fast populations take steps of experience replay on a stream."""
    widths = STREAM_NET[0], *STREAM_NET[1], STREAM_NET[2]
    loop, alone = plain_replay(), []
    ways = {
        (members, compiled): stream_of(members, compiled, options.device)
        for members in options.stream
        for compiled in (False, True)
    }
    together = {way: [] for way in ways}
    for _ in range(options.rounds):
        alone.append(timed(loop, options.steps))
        for (members, compiled), run in ways.items():
            together[members, compiled].append(timed(run, options.steps) / members)
    slow, rate = statistics.median(alone), matrix_product_rate(options.device)
    flops = flops_of(STREAM_NET, 30)
    print(f"a step of er on a stream, {'-'.join(map(str, widths))}, 10 + 20 examples: plain loop {slow:.0f} µs")
    print(f"  {flops / 1e6:.2f} MFLOP in products, floor {flops / rate * 1e6:.1f} µs at {rate / 1e9:.0f} GFLOP/s")
    for members in options.stream:
        small = min(timed(batched_products(STREAM_NET, members, 30, options.device), 20) for _ in range(options.rounds))
        print(f"  its products alone, batched over {members} members: {small / members:.1f} µs a model-step")
    for (members, compiled), found in together.items():
        fast = statistics.median(found)
        way = "compiled" if compiled else "eager"
        print(f"  {way}, {members} members: {fast:.1f} µs a model-step, {slow / fast:.1f}x faster")


def stream_of(members: int, compiled: bool, device: torch.device) -> Callable[[int], None]:
    """Run a number of steps of members on a stream, beginning again where it ends."""
    count, seeds = 1_000, 4
    prepared = Prepared(torch.rand(count, 64), torch.arange(count) % 10, torch.zeros(count, dtype=torch.bool))
    settings = {
        "experiment": "benchmark", "dataset": "benchmark", "method": "er", "stream": "permuted", "tasks": 5,
        "examples": 100, "examples_per_batch": 10, "memory": 100, "evaluations": [12.0], "label_noise": [0.0],
        "seeds": seeds, "draws": members // seeds, "vary": ["split", "initialisation", "order"],
        "validation_size": 100, "test_size": 100, "hidden": STREAM_NET[1], "compile": "always" if compiled else "never",
    }  # fmt: skip
    spec = methods.load("er")
    cell = training.Cell(settings, spec, prepared, device)
    plan = cell.plan(12.0)
    row = (torch.arange(members) % seeds).to(device)
    data = cell.data._replace(row=torch.zeros_like(row))
    source = dealing(data, cell.courses, cell.orders, row, plan.repeats, cell.dimension, "benchmark", None, tuple)
    hyperparameters = {key: torch.full((members,), space.default, device=device) for key, space in spec.search.items()}
    start = stack(cell.begins(training.Run(12.0, 0.0, int(seed), 0)) for seed in row)
    snapshot = population.begin(spec, [plan.stage], hyperparameters, {k: v.to(device) for k, v in start.items()})
    now, done = [snapshot.params, snapshot.state, snapshot.diverged], [0]
    progress = torch.full((), 0.5, device=device)

    def run(steps: int) -> None:
        for _ in range(steps):
            _, dealt = source.next((), now[0], plan.stage, done[0] % plan.stage.steps)
            now[:] = plan.program(hyperparameters, *now, progress, dealt)[:3]
            done[0] += 1

    run(20)
    return run


def plain_replay() -> Callable[[int], None]:
    """Experience replay on one model, as most code does it: 10 examples stay for 4 steps, beside 20 of the memory."""
    sizes = [STREAM_NET[0], *STREAM_NET[1]]
    layers = [part for a, b in pairwise(sizes) for part in (torch.nn.Linear(a, b), torch.nn.ReLU())]
    network = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], STREAM_NET[2]))
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    inputs, labels = torch.rand(EXAMPLES, 64), torch.randint(10, (EXAMPLES,))
    memory, kept = torch.rand(100, 64), torch.randint(10, (100,))

    def run(steps: int) -> None:
        for step in range(steps):
            own, slots = torch.arange(10) + step // 4 * 10 % EXAMPLES, torch.randint(100, (20,))
            together = torch.cat([inputs[own], memory[slots]]), torch.cat([labels[own], kept[slots]])
            loss = torch.nn.functional.cross_entropy(network(together[0]), together[1])
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()

    run(50)
    return run


def timed(run: Callable[[int], None], steps: int) -> float:
    """Microseconds a step: of this process on a CPU, wall where a GPU works."""
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    wait()
    begun = clock()
    run(steps)
    wait()
    return (clock() - begun) / steps * 1e6


def wait() -> None:
    """Let a GPU, which works through what it was given, come to its end."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def matrix_product_rate(device: torch.device) -> float:
    """Floating-point operations a second of a 1024 x 1024 product, the best of ten."""
    a = torch.randn(1024, 1024, device=device)
    a @ a
    return 2 * 1024**3 / min(timed(lambda _: a @ a, 1) for _ in range(10)) * 1e6


def flops_of(shape: tuple, batch: int) -> int:
    """Floating-point operations in the matrix products of a gradient evaluation."""
    flops = 6 * batch * sum(a * b for a, b in pairwise([shape[0], *shape[1], shape[2]]))
    return flops - 2 * batch * shape[0] * shape[1][0]  # no gradient is taken of the inputs


def batched_products(shape: tuple, members: int, batch: int, device: torch.device) -> Callable[[int], None]:
    """Every matrix product of a gradient evaluation of all members and nothing else."""
    widths = [shape[0], *shape[1], shape[2]]
    weights = [torch.randn(members, a, b, device=device) for a, b in pairwise(widths)]
    values = [torch.randn(members, batch, width, device=device) for width in widths]

    def run(steps: int) -> None:
        for _ in range(steps):
            for layer, weight in enumerate(weights):
                torch.bmm(values[layer], weight)
                torch.bmm(values[layer].transpose(1, 2), values[layer + 1])
                if layer:
                    torch.bmm(values[layer + 1], weight.transpose(1, 2))

    run(5)
    return run


def example_data(shape: tuple, device: torch.device) -> Data:
    """Random inputs and labels."""
    return Data(torch.rand(EXAMPLES, shape[0]).to(device), torch.randint(shape[2], (EXAMPLES,)).to(device))


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


def population_of(
    name: str, shape: tuple, options: argparse.Namespace, compiler: Callable | None = None
) -> tuple[Callable[[int], None], float, float]:
    """(run a number of steps of the method's last phase, seconds of the first step, gradient evaluations a step); the
    step is compiled as the engine does it, or by `compiler`."""
    spec, device, members = methods.load(name), options.device, options.members
    data, model = example_data(shape, device), network((shape[0],), shape[2], shape[1])
    loss, outputs = mean_cross_entropy(model), predict(model)
    start = [initialise(model, torch.Generator().manual_seed(member)) for member in range(members)]
    batch = Batch(data.inputs[: options.batch].cpu(), data.labels[: options.batch].cpu())
    stages = plan(spec, loss, start[0], batch, 10_000, outputs)
    stage = stages[-1]
    hyperparameters = {
        key: torch.full((members,), float(space.default), device=device) for key, space in spec.search.items()
    }
    key = population.key(spec, "mlp", "float32", stage)
    step = population.program(spec, loss, stage, not compiler, outputs, device.type == "cuda", key)
    step = compiler(step, dynamic=False) if compiler else step
    params = {key: tensor.to(device) for key, tensor in stack(start).items()}
    snapshot = population.begin(spec, stages, hyperparameters, params, len(stages) - 1)
    now = [snapshot.params, snapshot.state, snapshot.diverged]
    progress = torch.full((), 0.5, device=device)
    each = [batches(EXAMPLES, options.batch, 0, options.steps, "benchmark", member) for member in range(members)]
    order = torch.stack(each, dim=1).to(device)

    def run(steps: int) -> None:
        for position in range(steps):
            dealt = Dealt(examples(data, order[position]), {})
            now[:] = step(hyperparameters, *now, progress, dealt)[:3]

    first = timed(run, 1) / 1e6
    run(20)
    return run, first, stage.cost


if __name__ == "__main__":
    main()
