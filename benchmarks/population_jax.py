"""The step of SGD of `population.py` in JAX, for comparison: vmap over members, jit, a scan over steps, one thread.

    python benchmarks/population_jax.py '{"widths": [64, 64, 64, 10], "members": 32, "batch": 32, "steps": 200,
        "rounds": 5}'

population.py runs it where JAX is installed by hand; nothing of the project needs it. It prints JSON: microseconds of
CPU a model-step (median over rounds) and CPU seconds of the first call, which compiles.
"""

import json
import math
import os
import statistics
import sys
import time
from functools import partial

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import jax
import jax.numpy as jnp

EXAMPLES = 500


def loss_of(params, inputs, labels):
    hidden = inputs
    for position, (weight, bias) in enumerate(params):
        hidden = hidden @ weight.T + bias
        if position < len(params) - 1:
            hidden = jax.nn.relu(hidden)
    return -jnp.take_along_axis(jax.nn.log_softmax(hidden), labels[:, None], 1).mean()


def member(values, carried, progress, inputs, labels):
    """What robustpath's SGD does in a step: decay, momentum, schedule, batches that are gathered, and a run that is no
    longer finite standing still."""
    rate, momentum, decay, warmup, per_step = values
    params, velocity, gathered, count, diverged = carried
    loss, gradient = jax.value_and_grad(loss_of)(params, inputs, labels)
    gathered, count = jax.tree.map(jnp.add, gathered, gradient), count + 1
    full = count >= per_step
    falling = 0.5 * (1 + jnp.cos(math.pi * (progress - warmup) / (1 - warmup)))
    factor = jnp.where(progress < warmup, progress / jnp.maximum(warmup, 1e-12), falling)
    faster = jax.tree.map(lambda v, g, p: momentum * v + g / count + decay * p, velocity, gathered, params)
    moved = jax.tree.map(lambda p, v: p - rate * factor * v, params, faster)
    after = jax.tree.map(partial(jnp.where, full), (moved, faster), (params, velocity))
    rest = jax.tree.map(partial(jnp.where, full), jax.tree.map(jnp.zeros_like, gathered), gathered)
    total = sum(tensor.sum() for tensor in jax.tree.leaves(after[0]))
    diverged = diverged | ~jnp.isfinite(total + loss)
    new = (*after, rest, jnp.where(full, 0, count))
    return (*jax.tree.map(partial(jnp.where, diverged), carried[:4], new), diverged), loss


def main(widths: list[int], members: int, batch: int, steps: int, rounds: int) -> None:
    keys = jax.random.split(jax.random.key(0), 2 * len(widths))
    data = jax.random.uniform(keys[0], (EXAMPLES, widths[0]))
    labels = jax.random.randint(keys[1], (EXAMPLES,), 0, widths[-1])
    order = jax.random.randint(keys[2], (steps, members, batch), 0, EXAMPLES)
    params = [
        (0.1 * jax.random.normal(key, (members, out, inward)), jnp.zeros((members, out)))
        for key, inward, out in zip(keys[3:], widths[:-1], widths[1:], strict=False)
    ]
    zeros = jax.tree.map(jnp.zeros_like, params)
    values = tuple(jnp.full(members, value) for value in (0.1, 0.9, 5e-4, 0.05, 1.0))
    carried = params, zeros, zeros, jnp.zeros(members), jnp.zeros(members, bool)

    @jax.jit
    def run(carried, order):
        def step(carried, chosen):
            stepped = jax.vmap(member, in_axes=(0, 0, None, 0, 0))(values, carried, 0.5, data[chosen], labels[chosen])
            return stepped[0], stepped[1]

        return jax.lax.scan(step, carried, order)

    begun = time.process_time()
    jax.block_until_ready(run(carried, order))
    first, taken = time.process_time() - begun, []
    for _ in range(rounds):
        begun = time.process_time()
        jax.block_until_ready(run(carried, order))
        taken.append((time.process_time() - begun) / steps / members * 1e6)
    print(json.dumps({"microseconds": statistics.median(taken), "first": first}))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
