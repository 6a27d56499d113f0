"""Ridge regression of a behaviour on a few knobs: its columns, its strength, predictions and shares of variance.

A row is a setting: whoever leaves a row out leaves out all that was run at this setting.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

STRENGTHS = np.logspace(-4, 1, 11)  # penalty over the number of rows, where columns have variance 1
SCALES = {"linear": lambda x: x, "log": np.log, "log1p": np.log1p, "sqrt": np.sqrt}


class Form(NamedTuple):
    """The columns of a regression. scales: knob -> a name of SCALES, or the tuple of the values of a category."""

    name: str
    scales: Mapping[str, str | tuple[float, ...]]
    squares: bool = False
    interactions: bool = False


class Basis(NamedTuple):
    """A form with the centres and scales that its columns have on the rows it was made on, knob by knob."""

    form: Form
    moments: dict[str, tuple[tuple[np.ndarray, np.ndarray], ...]]


class Model(NamedTuple):
    """A fitted regression: its basis, weights [p] on centred columns, the centre of columns [p] and of the behaviour;
    strength: the penalty over the number of rows; covariances: of the columns of each knob, over the rows."""

    basis: Basis
    weights: np.ndarray
    centre: np.ndarray
    mean: float
    strength: float
    covariances: dict[str, np.ndarray]


def basis(form: Form, knobs: pd.DataFrame) -> Basis:
    """The basis of a form on these rows."""
    moments = {}
    for knob in form.scales:
        first = _moments(_scaled(form, knob, knobs))
        own = [first]
        if _squared(form, knob):
            own.append(_moments(_standard(_scaled(form, knob, knobs), first) ** 2))
        moments[knob] = tuple(own)
    return Basis(form, moments)


def columns(base: Basis, knobs: pd.DataFrame) -> dict[tuple[str, ...], np.ndarray]:
    """(knob,) or (knob, other knob) -> columns [n, c], those of two knobs all products of a column of each."""
    found: dict[tuple[str, ...], np.ndarray] = {}
    for knob in base.form.scales:
        first = _standard(_scaled(base.form, knob, knobs), base.moments[knob][0])
        parts = [first]
        if _squared(base.form, knob):
            parts.append(_standard(first**2, base.moments[knob][1]))
        found[(knob,)] = np.hstack(parts)
    if base.form.interactions:
        for one, other in combinations(base.form.scales, 2):
            left, right = (found[(knob,)][:, : len(base.moments[knob][0][0])] for knob in (one, other))
            found[(one, other)] = np.einsum("na,nb->nab", left, right).reshape(len(knobs), -1)
    return found


def fit(form: Form, strength: float, knobs: pd.DataFrame, values: np.ndarray) -> Model:
    """argmin over w of |y - mean - (X - centre) w|^2 + strength n |w|^2, X the columns of the form (Hoerl 1970)."""
    base = basis(form, knobs)
    found = columns(base, knobs)
    design = np.hstack(list(found.values()))
    centre, mean = design.mean(0), float(values.mean())
    left, size, right = np.linalg.svd(design - centre, full_matrices=False)
    weights = right.T @ (size / (size**2 + strength * len(values)) * (left.T @ (values - mean)))
    covariances = {name[0]: _covariance(own) for name, own in found.items() if len(name) == 1}
    return Model(base, weights, centre, mean, strength, covariances)


def predict(model: Model, knobs: pd.DataFrame) -> np.ndarray:
    """The behaviour that the model expects at each row [n]."""
    design = np.hstack(list(columns(model.basis, knobs).values()))
    return model.mean + (design - model.centre) @ model.weights


def left_out(form: Form, knobs: pd.DataFrame, values: np.ndarray) -> np.ndarray:
    """Mean squared error of predictions of each row by all others, for each of STRENGTHS; columns stay as they are.

    In closed form: the residual over 1 - h, h the leverage of the row with that of the mean (Allen 1974).
    """
    design = np.hstack(list(columns(basis(form, knobs), knobs).values()))
    left, size, _ = np.linalg.svd(design - design.mean(0), full_matrices=False)
    centred, n = values - values.mean(), len(values)
    errors = []
    for strength in STRENGTHS:
        kept = size**2 / (size**2 + strength * n)
        residual = centred - left @ (kept * (left.T @ centred))
        leverage = (left**2) @ kept + 1 / n
        errors.append(np.mean((residual / (1 - leverage)) ** 2))
    return np.array(errors)


def choose(forms: Sequence[Form], knobs: pd.DataFrame, values: np.ndarray) -> tuple[Form, float]:
    """The form and the strength with the least error on rows left out; the first of equal ones."""
    errors = np.array([left_out(form, knobs, values) for form in forms])
    place, strength = np.unravel_index(errors.argmin(), errors.shape)
    return forms[place], float(STRENGTHS[strength])


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
    knobs = list(model.basis.form.scales)
    alone, joint, start = dict.fromkeys(knobs, 0.0), {}, 0
    pairs = [(knob,) for knob in knobs]
    pairs += list(combinations(knobs, 2)) if model.basis.form.interactions else []
    for name in pairs:
        covariances = [model.covariances[knob] for knob in name]
        if len(name) == 2:
            sizes = [len(model.basis.moments[knob][0][0]) for knob in name]
            covariances = [own[:size, :size] for own, size in zip(covariances, sizes, strict=True)]
        own = int(np.prod([len(each) for each in covariances]))
        weights = model.weights[start : start + own]
        start += own
        if len(name) == 1:
            alone[name[0]] = float(weights @ covariances[0] @ weights)
        else:
            matrix = weights.reshape(len(covariances[0]), len(covariances[1]))
            joint[name] = float(np.trace(covariances[0] @ matrix @ covariances[1] @ matrix.T))
    variance = sum(alone.values()) + sum(joint.values())
    with_others = {knob: alone[knob] + sum(own for name, own in joint.items() if knob in name) for knob in knobs}
    return Shares(*({knob: own[knob] / variance if variance > 0 else np.nan for knob in knobs}
                    for own in (alone, with_others)))  # fmt: skip


def _scaled(form: Form, knob: str, knobs: pd.DataFrame) -> np.ndarray:
    """The columns of a knob before they are centred [n, c]: one, or one for each value of a category."""
    scale, own = form.scales[knob], knobs[knob].to_numpy(dtype=float)
    if isinstance(scale, tuple):
        return np.stack([(own == value).astype(float) for value in scale], 1)
    return SCALES[scale](own)[:, None]


def _squared(form: Form, knob: str) -> bool:
    return form.squares and not isinstance(form.scales[knob], tuple)


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of columns; 1 for a constant column, which then is zero."""
    spread = values.std(0)
    return values.mean(0), np.where(spread > 1e-12, spread, 1.0)


def _standard(values: np.ndarray, moments: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return (values - moments[0]) / moments[1]


def _covariance(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean(0)
    return centred.T @ centred / len(values)
