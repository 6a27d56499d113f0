"""Who leaves a saddle: methods on the strict and the monkey saddle, and gradient descent against its closed form.

Everything runs in double precision at a constant learning rate: without a warm-up, and at progress 0 throughout. A
method that is nothing but a schedule is its base here.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from robustpath import methods
from robustpath.core import randomness
from robustpath.core.errors import UserError
from robustpath.engine.plan import phases, step_cost
from robustpath.methods.base import Batch, Context, Method, build
from robustpath.theory import table
from robustpath.theory.landscapes import LANDSCAPES, Landscape, monkey_saddle_steps, strict_saddle_steps
from robustpath.theory.table import Row

CASE = "saddles"
DERIVED = "flow and Euler's correction, robustpath.theory.landscapes"
RATES = {"strict saddle": 0.1, "monkey saddle": 0.05}  # of plain gradient descent
LONGEST = 7500  # steps of plain gradient descent; the longest known answer is 6741
# What theory says of a method that starts in an invariant set of gradient descent (the line y = 0; the origin).
ESCAPES = {
    ("sgd", "strict saddle"): (0.0, "the gradient along y vanishes on y = 0"),
    ("sgd", "monkey saddle"): (0.0, "the gradient vanishes at the origin"),
    ("perturbed_gd", "strict saddle"): (1.0, "jin2017escape"),
    ("third_order", "strict saddle"): (1.0, "anandkumar2016escaping"),
    ("third_order", "monkey saddle"): (1.0, "anandkumar2016escaping"),
}
# The loss asks for no examples; a method that asks for a probe or a hold-out gets this one.
NO_BATCH = Batch(torch.zeros(1, dtype=torch.float64), torch.zeros(1, dtype=torch.int64))


class Course(NamedTuple):
    """losses: of what is read out, after every step [steps, seeds]; spent: gradient evaluations until then [steps]."""

    losses: Tensor
    spent: Tensor


def run(settings: dict) -> pd.DataFrame:
    """The table of the case: every method on both landscapes, and gradient descent with the numbers it must give.

    settings: methods (names), steps, seeds, and perhaps hyperparameters ({method: {name: value}}; the rest are the
    methods' defaults). Raises UserError for a method that does not work on a landscape of two numbers.
    """
    rows = [*gradient_descent_rows(), *third_order_rows()]
    for name in settings["methods"]:
        chosen = settings.get("hyperparameters", {}).get(name, {})
        for title, landscape in LANDSCAPES.items():
            course = follow(name, landscape, settings["steps"], settings["seeds"], chosen)
            rows += method_rows(name, title, landscape, course)
    return table.frame(CASE, rows)


def method_rows(name: str, title: str, landscape: Landscape, course: Course) -> list[Row]:
    """Of every seed: whether and when the saddle was left, in steps and in gradient evaluations, and the last loss."""
    first = first_below(course.losses, landscape.left)
    spent = torch.cat([torch.zeros(1), course.spent, torch.tensor([torch.inf])])
    expected, source = ESCAPES.get((name, title), (float("nan"), ""))
    rows = []
    for seed, steps in enumerate(first.tolist()):
        position = min(steps, len(spent) - 1)
        for quantity, value, *known in (
            ("escaped", float(steps < torch.inf), expected, source),
            ("steps to escape", steps),
            (table.ESCAPE, spent[int(position)].item()),
            ("final loss", course.losses[-1, seed].item()),
        ):
            rows.append(Row(title, quantity, value, *known, method=name, seed=seed))
    return rows


def first_below(losses: Tensor, level: float) -> Tensor:
    """Steps until the loss [steps, runs] was first at or below `level`, inf where it never was: [runs]."""
    reached = losses <= level
    return torch.where(reached.any(0), reached.double().argmax(0) + 1.0, torch.inf)


def gradient_descent(landscape: Landscape, rate: float, start: tuple[float, float], steps: int) -> Tensor:
    """The losses of w <- w - rate grad loss(w) after every step: [steps]."""
    (x, y), losses = start, []
    for _ in range(steps):
        along_x, along_y = landscape.slope(x, y)
        x, y = x - rate * along_x, y - rate * along_y
        losses.append(landscape.loss((x, y)))
    return torch.tensor(losses, dtype=torch.float64)


def descent_rows(title: str, start: tuple[float, float], label: str, expected: float) -> list[Row]:
    """Plain gradient descent from beside a saddle against its closed form."""
    landscape, method = LANDSCAPES[title], "gradient_descent"
    losses = gradient_descent(landscape, RATES[title], start, LONGEST)
    steps = first_below(losses[:, None], landscape.left).item()
    return [
        Row(label, "steps to escape", steps, expected, DERIVED, method),
        Row(label, "final loss", losses[-1].item(), landscape.lowest, "the minimum in closed form", method),
    ]


def gradient_descent_rows() -> list[Row]:
    """Plain gradient descent from the start of the methods, where the saddle holds it, and from points beside."""
    rows = []
    for title, landscape in LANDSCAPES.items():
        losses = gradient_descent(landscape, RATES[title], landscape.start, LONGEST)
        left = float((losses <= landscape.left).any())
        rows.append(Row(title, "escaped", left, *ESCAPES["sgd", title], "gradient_descent"))
    for y in (1e-4, 1e-8, 1e-12):
        rows += descent_rows("strict saddle", (1.0, y), f"strict saddle from (1, {y:g})", strict_saddle_steps(y))
    for r in (1e-2, 1e-3):
        rows += descent_rows("monkey saddle", (0.0, -r), f"monkey saddle from (0, {-r:g})", monkey_saddle_steps(r))
    return rows


def third_order_rows() -> list[Row]:
    """One step of third_order, at its defaults, from the origin of the monkey saddle; then plain gradient descent."""
    landscape, method = LANDSCAPES["monkey saddle"], bound("third_order", {})
    context = context_of("third_order", method, normal(1, 1, 1)[0, 0, 0])
    params = {"w": torch.tensor(landscape.start, dtype=torch.float64)}
    params, _, _ = method.step(lambda p, b: landscape.loss(p["w"]), params, method.init(params), NO_BATCH, context)
    expected = monkey_saddle_steps(params["w"].norm().item())
    return descent_rows(
        "monkey saddle", tuple(params["w"].tolist()), "monkey saddle after a third-order step", expected
    )


def bound(name: str, hyperparameters: dict[str, float]) -> Method:
    """A registered method at its defaults, without a warm-up of the learning rate, but for `hyperparameters`."""
    spec = methods.load(name)
    unknown = hyperparameters.keys() - spec.search.keys()
    if unknown:
        raise UserError(f"{name} has no hyperparameter {sorted(unknown)[0]!r}; mend `theory` in config.yaml.")
    values = {key: space.default for key, space in spec.search.items()}
    values |= ({"warmup": 0.0} if "warmup" in values else {}) | hyperparameters
    return build(spec, {key: torch.tensor(value, dtype=torch.float64) for key, value in values.items()})


@lru_cache(maxsize=4)
def normal(seeds: int, steps: int, count: int) -> Tensor:
    """Standard normal numbers [steps, seeds, count, 2], the same for every method that asks for as many."""
    drawn = [randomness.noise(2 * count, 0, steps, CASE, seed) for seed in range(seeds)]
    return torch.stack(drawn, 1).double().reshape(steps, seeds, count, 2)


def follow(name: str, landscape: Landscape, steps: int, seeds: int, hyperparameters: dict[str, float]) -> Course:
    """A method from the landscape's start for `steps` steps, all seeds at once; each phase takes its share of them."""
    params = {"w": torch.tensor(landscape.start, dtype=torch.float64).expand(seeds, 2)}
    losses, costs, done, method = [], [], 0, bound(name, hyperparameters)
    sequence = phases(method)
    for index, (share, phase) in enumerate(sequence):
        count = steps - done if index == len(sequence) - 1 else int(steps * share)
        try:
            state = torch.vmap(phase.init)(params)
            costs += [cost(name, phase, landscape)] * count
        except (AttributeError, IndexError, KeyError, RuntimeError, StopIteration, TypeError, ValueError) as error:
            raise UserError(
                f"{name} does not work on a landscape of two numbers ({type(error).__name__}: {error}); take it off "
                "the methods of the theory case `saddles` in config.yaml."
            ) from error
        program = vectorised(name, phase, landscape)
        noise = normal(seeds, steps, phase.noise)[done : done + count] if phase.noise else [None] * count
        for drawn in noise:
            drawn = drawn[:, 0] if phase.noise == 1 else drawn
            params, state, read, value = program(params, state, drawn)
            losses.append(value)
        params, done = read if count else params, done + count
    return Course(torch.stack(losses), torch.tensor(costs, dtype=torch.float64).cumsum(0))


def context_of(name: str, method: Method, noise: Tensor | None) -> Context:
    """What a step is handed: progress 0, and the one dummy example for a probe and a hold-out."""

    def network(params, inputs):
        raise UserError(
            f"{name} looks at a network's outputs, which a landscape of two numbers does not have; take it off the "
            "methods of the theory case `saddles` in config.yaml."
        )

    return Context(
        torch.zeros((), dtype=torch.float64),
        None if noise is None else {"w": noise},
        NO_BATCH if method.probe else None,
        NO_BATCH if method.holdout else None,
        network,
    )


def cost(name: str, method: Method, landscape: Landscape) -> float:
    """Gradient evaluations of a step: a pass over the probe or the hold-out is one over the whole loss."""
    params = {"w": torch.tensor(landscape.start, dtype=torch.float64)}
    single = method.replace(probe=min(method.probe, 1), holdout=min(method.holdout, 1))
    network = context_of(name, method, None).network
    return step_cost(single, lambda p, b: landscape.loss(p["w"]), params, NO_BATCH, network)


def vectorised(name: str, method: Method, landscape: Landscape) -> Callable:
    """(params, state, noise) of all seeds -> (params, state, what is read out, its loss) after one step."""

    def member(params, state, noise):
        context = context_of(name, method, noise)
        params, state, _ = method.step(lambda p, b: landscape.loss(p["w"]), params, state, NO_BATCH, context)
        read = method.readout(params, state)
        return params, state, read, landscape.loss(read["w"])

    return torch.vmap(member, in_dims=(0, 0, 0 if method.noise else None))
