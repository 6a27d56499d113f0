"""Who leaves a saddle: methods on the strict and the monkey saddle, and gradient descent against its closed form.

Everything runs in double precision at a constant learning rate: without a warm-up, and at progress 0 throughout. A
method that is nothing but a schedule is its base here.
"""

from functools import lru_cache

import pandas as pd
import torch
from torch import Tensor

from robustpath import methods
from robustpath.core import randomness
from robustpath.core.errors import UserError
from robustpath.engine.plan import NOISE, Stage, plan
from robustpath.methods.base import Batch, draw
from robustpath.theory import escape, table
from robustpath.theory.escape import Course, Problem, on_all_examples
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
    point = follow("third_order", LANDSCAPES["monkey saddle"], 1, 1, {}).params["w"][0]
    expected = monkey_saddle_steps(point.norm().item())
    return descent_rows("monkey saddle", tuple(point.tolist()), "monkey saddle after a third-order step", expected)


def follow(name: str, landscape: Landscape, steps: int, seeds: int, hyperparameters: dict[str, float]) -> Course:
    """A method from the landscape's start for `steps` steps, all seeds at once; each phase takes its share of them.

    The method is at its defaults, without a warm-up of the learning rate, but for `hyperparameters`. The loss of a
    member that has diverged is NaN.
    """
    spec = on_all_examples(methods.load(name), len(NO_BATCH.labels))
    unknown = hyperparameters.keys() - spec.search.keys()
    if unknown:
        raise UserError(f"{name} has no hyperparameter {sorted(unknown)[0]!r}; correct `theory` in config.yaml.")
    values = draw(spec, 0, 0)
    values |= ({"warmup": 0.0} if "warmup" in values else {}) | hyperparameters

    def network(params, inputs):
        raise UserError(
            f"{name} looks at a network's outputs, which a landscape of two numbers does not have; take it off the "
            "methods of the theory case `saddles` in config.yaml."
        )

    problem = Problem(lambda params, batch: landscape.loss(params["w"]), NO_BATCH, network)
    start = torch.tensor(landscape.start, dtype=torch.float64)
    try:
        stages = plan(spec, problem.loss, {"w": start}, NO_BATCH, steps, network, in_steps=True)
    except (AttributeError, IndexError, KeyError, RuntimeError, StopIteration, TypeError, ValueError) as error:
        raise UserError(
            f"{name} does not work on a landscape of two numbers ({type(error).__name__}: {error}); take it off "
            "the methods of the theory case `saddles` in config.yaml."
        ) from error

    def noise(stage: Stage, step: int) -> Tensor:
        return normal(seeds, steps, stage.needs[NOISE])[step]

    course = escape.follow(spec, problem, stages, values, {"w": start.repeat(seeds, 1)}, noise, constant=True)
    return course._replace(losses=torch.where(course.diverged, torch.nan, course.losses))


@lru_cache(maxsize=4)
def normal(seeds: int, steps: int, count: int) -> Tensor:
    """Standard normal numbers [steps, seeds, 2 * count], the same for every method that asks for as many."""
    return torch.stack([randomness.noise(2 * count, 0, steps, CASE, seed) for seed in range(seeds)], 1).double()
