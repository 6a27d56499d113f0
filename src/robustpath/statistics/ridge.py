"""Ridge regression of a behaviour on a few knobs: its columns, its strength, predictions and shares of variance.

A row is a setting: whoever leaves a row out leaves out all that was run at this setting.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import combinations, product
from typing import NamedTuple

import numpy as np

Knobs = Mapping[str, np.ndarray]  # of each knob its value in each row [n]
STRENGTHS = np.logspace(-4, 1, 11)  # penalty over the number of rows, where columns have variance 1
SCALES = {"linear": lambda x: x, "log": np.log, "log1p": np.log1p, "sqrt": np.sqrt}


class Form(NamedTuple):
    """The columns of a regression. scales: knob -> a name of SCALES, or the tuple of the values of a category."""

    name: str
    scales: Mapping[str, str | tuple[float, ...]]
    squares: bool = False
    interactions: bool = False


class Basis(NamedTuple):
    """A form with the means and deviations [c] that its columns have on the rows it was made on: those of every knob
    (`first`), and those of their squares."""

    form: Form
    first: tuple[np.ndarray, np.ndarray]
    squares: tuple[np.ndarray, np.ndarray]


class Model(NamedTuple):
    """A fitted regression: its basis, weights [p] on centred columns, the centre of columns [p] and of the behaviour;
    strength: the penalty over the number of rows; covariances: of the columns of each knob, over the rows."""

    basis: Basis
    weights: np.ndarray
    centre: np.ndarray
    mean: float
    strength: float
    covariances: dict[str, np.ndarray]


def basis(form: Form, knobs: Knobs) -> Basis:
    """The basis of a form on these rows."""
    own = _scaled(form, knobs)
    first = _moments(own)
    return Basis(form, first, _moments(_standard(own, first)[:, _places(form).squared] ** 2))


def design(base: Basis, knobs: Knobs) -> np.ndarray:
    """The columns [n, p] of a regression: those of each knob, then of each two knobs all products of two columns."""
    places = _places(base.form)
    first = _standard(_scaled(base.form, knobs), base.first)
    own = np.hstack([first, _standard(first[:, places.squared] ** 2, base.squares)])[:, places.own]
    return np.hstack([own, first[:, places.left] * first[:, places.right]])


def fit(form: Form, strength: float, knobs: Knobs, values: np.ndarray) -> Model:
    """argmin over w of |y - mean - (X - centre) w|^2 + strength n |w|^2, X the columns of the form (Hoerl 1970)."""
    return _solved(_factored(form, knobs), strength, values)


def best(forms: Sequence[Form], knobs: Knobs, values: np.ndarray) -> Model:
    """The fit with the form and the strength of the least error on rows left out; the first of equal ones."""
    factored = [_factored(form, knobs) for form in forms]
    errors = np.array([_left_out(each, values) for each in factored])
    place, strength = np.unravel_index(errors.argmin(), errors.shape)
    return _solved(factored[place], float(STRENGTHS[strength]), values)


def predict(model: Model, knobs: Knobs) -> np.ndarray:
    """The behaviour that the model expects at each row [n]."""
    return model.mean + (design(model.basis, knobs) - model.centre) @ model.weights


def left_out(form: Form, knobs: Knobs, values: np.ndarray) -> np.ndarray:
    """Mean squared error of predictions of each row by all others, for each of STRENGTHS; columns stay as they are.

    In closed form: the residual over 1 - h, h the leverage of the row with that of the mean (Allen 1974).
    """
    return _left_out(_factored(form, knobs), values)


class _Factored(NamedTuple):
    """The columns of a regression, centred, as left * size @ right, and their means."""

    basis: Basis
    centred: np.ndarray
    centre: np.ndarray
    left: np.ndarray
    size: np.ndarray
    right: np.ndarray


def _factored(form: Form, knobs: Knobs) -> _Factored:
    base = basis(form, knobs)
    found = design(base, knobs)
    centre = found.mean(0)
    return _Factored(base, found - centre, centre, *np.linalg.svd(found - centre, full_matrices=False))


def _solved(rows: _Factored, strength: float, values: np.ndarray) -> Model:
    mean = float(values.mean())
    size = rows.size / (rows.size**2 + strength * len(values))
    weights = rows.right.T @ (size * (rows.left.T @ (values - mean)))
    covariances = {
        name[0]: rows.centred[:, own].T @ rows.centred[:, own] / len(values)
        for name, own in _places(rows.basis.form).blocks.items()
        if len(name) == 1
    }
    return Model(rows.basis, weights, rows.centre, mean, strength, covariances)


def _left_out(rows: _Factored, values: np.ndarray) -> np.ndarray:
    centred, n = values - values.mean(), len(values)
    kept = rows.size**2 / (rows.size**2 + STRENGTHS[:, None] * n)
    residual = centred - (kept * (rows.left.T @ centred)) @ rows.left.T
    leverage = kept @ (rows.left**2).T + 1 / n
    return np.mean((residual / (1 - leverage)) ** 2, axis=1)


class Shares(NamedTuple):
    """By knob: its share of the variance of a model alone (first), and with all interactions that it is part of."""

    first: dict[str, float]
    total: dict[str, float]


def shares(model: Model) -> Shares:
    """The variance of the model by knob, for independent knobs with the marginals of the rows (Sobol 1993).

    Columns of a knob are centred, so the products of columns of two knobs are orthogonal to all others, and the
    decomposition is exact: `first` sums to at most 1 and `total` to at least 1, both to 1 without interactions. A
    constant model has no shares (NaN).
    """
    places = _places(model.basis.form)
    alone, joint = {}, {}
    for name, own in places.blocks.items():
        weights, covariances = model.weights[own], [model.covariances[knob] for knob in name]
        if len(name) == 1:
            alone[name[0]] = float(weights @ covariances[0] @ weights)
        else:
            one, other = (each[: places.sizes[knob], : places.sizes[knob]]
                          for knob, each in zip(name, covariances, strict=True))  # fmt: skip
            matrix = weights.reshape(len(one), len(other))
            joint[name] = float(((one @ matrix) * (matrix @ other)).sum())
    variance = sum(alone.values()) + sum(joint.values())
    with_others = {knob: alone[knob] + sum(own for name, own in joint.items() if knob in name) for knob in alone}
    return Shares(*({knob: own[knob] / variance if variance > 0 else np.nan for knob in alone}
                    for own in (alone, with_others)))  # fmt: skip


class _Places(NamedTuple):
    """Where the columns of a form are: `blocks`, of each knob and each two knobs in the design; `sizes`, how many
    columns a knob has before they are squared; `squared`, which of all these are; `own`, the order of columns and their
    squares knob by knob; left, right: of each product its two columns."""

    blocks: dict[tuple[str, ...], slice]
    sizes: dict[str, int]
    squared: np.ndarray
    own: np.ndarray
    left: np.ndarray
    right: np.ndarray


def _places(form: Form) -> _Places:
    return _places_of(tuple(form.scales.items()), form.squares, form.interactions)


@cache
def _places_of(scales: tuple, squares: bool, interactions: bool) -> _Places:
    first, count = {}, 0
    for knob, scale in scales:
        first[knob] = list(range(count, count + (len(scale) if isinstance(scale, tuple) else 1)))
        count += len(first[knob])
    squared = [at for knob, scale in scales if squares and not isinstance(scale, tuple) for at in first[knob]]
    blocks, own, left, right = {}, [], [], []
    for knob, columns in first.items():
        columns = columns + [count + squared.index(at) for at in columns if at in squared]
        blocks[(knob,)] = slice(len(own), len(own) + len(columns))
        own += columns
    for one, other in combinations(first, 2) if interactions else ():
        pairs = list(product(first[one], first[other]))
        blocks[(one, other)] = slice(len(own) + len(left), len(own) + len(left) + len(pairs))
        left, right = left + [a for a, _ in pairs], right + [b for _, b in pairs]
    sizes = {knob: len(columns) for knob, columns in first.items()}
    return _Places(blocks, sizes, *(np.array(each, dtype=int) for each in (squared, own, left, right)))


def _scaled(form: Form, knobs: Knobs) -> np.ndarray:
    """The columns of all knobs before they are centred [n, c]: of each one, or one for each value of a category."""
    parts = []
    for knob, scale in form.scales.items():
        own = np.asarray(knobs[knob], dtype=float)
        parts += [own == value for value in scale] if isinstance(scale, tuple) else [SCALES[scale](own)]
    return np.stack(parts, 1, dtype=float)


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of columns; 1 for a constant column, which then is zero."""
    spread = values.std(0)
    return values.mean(0), np.where(spread > 1e-12, spread, 1.0)


def _standard(values: np.ndarray, moments: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return (values - moments[0]) / moments[1]
