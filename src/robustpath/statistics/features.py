"""Which features of a training set lead to which behaviour: from runs on designed sets (protocol `designed`).

The setting is the unit: seeds are averaged within it, so that all seeds of a setting are held out together. Intervals
are over settings: of scores by bootstrap, of fitted models by jackknife; those of measured effects of a change are t
intervals over paired seeds.
"""

import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from robustpath.core.errors import UserError
from robustpath.records import plain
from robustpath.statistics import ridge
from robustpath.statistics.intervals import check_complete, interval
from robustpath.statistics.streams import with_hyperparameters

SWEEP, SUBSETS, CHANGES = "feature_sweep", "feature_subsets", "feature_changes"
BEHAVIOURS = ("reliance_attribute", "reliance_core", "accuracy_worst_group")
JUDGED = "reliance_attribute"
CORES = (0.0, 1.0, 2.0)  # linear, slabs, XOR
KNOBS = {
    "correlation": "linear", "core_margin": "linear", "spurious_margin": "linear", "core": CORES,
    "core_width": "linear", "spurious_width": "linear", "absent": "linear", "label_noise": "linear",
    "interaction": "linear", "train_size": "log",
}  # fmt: skip
GROUPS = ("group_0", "group_1", "group_2", "group_3")  # label * 2 + attribute
MINORITY, MAJORITY = (1, 2), (0, 3)
SWEEP_FORMS = (
    ridge.Form("main effects", KNOBS),
    ridge.Form("main effects and squares", KNOBS, squares=True),
    ridge.Form("main effects, squares and pairwise interactions", KNOBS, squares=True, interactions=True),
)
COUNT_FORMS = tuple(
    ridge.Form(name, dict.fromkeys(GROUPS, scale))
    for name, scale in (("counts", "linear"), ("square roots of counts", "sqrt"), ("log(1 + count)", "log1p"))
)
FOLDS, RESAMPLES, PERMUTATIONS, LEAST = 10, 500, 20, 4


def behaviours(records: pd.DataFrame, experiment: str, knobs: Sequence[str]) -> pd.DataFrame:
    """Columns setting, seed, `knobs` and BEHAVIOURS on test data, a row a run; runs for which a behaviour has
    no meaning are left out.

    UserError where the records have no runs of the experiment or a run was not given a knob.
    """
    own = plain(records[records["experiment"] == experiment])
    own = own[own["metric"].isin(BEHAVIOURS) & (own["split"] == "test") & (own["shift"] == "none")]
    if own.empty:
        raise UserError(f"the records have no behaviour of experiment {experiment}; run snakemake again")
    own = with_hyperparameters(own, *knobs)
    wide = own[own["converged"]].pivot(index=["setting", "seed", *knobs], columns="metric", values="value")
    return wide.dropna().reset_index().rename_axis(columns=None)


def of_settings(runs: pd.DataFrame, knobs: Sequence[str]) -> pd.DataFrame:
    """Columns setting, `knobs`, BEHAVIOURS: means over the seeds of a setting; UserError of fewer than LEAST."""
    means = runs.groupby(["setting", *knobs], as_index=False)[list(BEHAVIOURS)].mean()
    if means["setting"].duplicated().any():
        raise UserError("the seeds of a setting differ in their knobs; remake the records by running snakemake again")
    if len(means) < LEAST:
        raise UserError(f"{len(means)} settings are too few for a regression; give `settings` of at least {LEAST}")
    return means


def held_out(
    forms: Sequence[ridge.Form], knobs: ridge.Knobs, values: np.ndarray, stream: np.random.Generator
) -> pd.DataFrame:
    """Columns measured, predicted, constant [n]: each row predicted by a model of the other folds, which also choose
    form and strength; `constant` is the mean of the other folds."""
    predicted, constant = np.zeros_like(values), np.zeros_like(values)
    for fold in np.array_split(stream.permutation(len(values)), min(FOLDS, len(values))):
        rest = np.setdiff1d(np.arange(len(values)), fold)
        model = ridge.best(forms, _rows(knobs, rest), values[rest])
        predicted[fold] = ridge.predict(model, _rows(knobs, fold))
        constant[fold] = values[rest].mean()
    return pd.DataFrame({"measured": values, "predicted": predicted, "constant": constant})


class Score(NamedTuple):
    """R^2 and Spearman's rank correlation on rows that were held out, with intervals; n rows."""

    n: int
    r2: float
    r2_low: float
    r2_high: float
    rank: float
    rank_low: float
    rank_high: float


def score(found: pd.DataFrame, confidence: float, stream: np.random.Generator) -> Score:
    """Of `held_out`: percentile intervals over rows drawn again with replacement, the predictions as they are.

    R^2 = 1 - |y - predicted|^2 / |y - constant|^2: zero of a model that knows nothing, where the constant is no better.
    """
    n = len(found)
    drawn = stream.integers(n, size=(RESAMPLES, n))
    bounds = [0.5 - confidence / 2, 0.5 + confidence / 2]
    own = found.to_numpy().T
    again = [_r2(*own[:, rows]) for rows in drawn], _ranks(*own[:2, drawn])
    (low, high), (rank_low, rank_high) = (np.nanquantile(each, bounds) if not np.isnan(each).all() else (np.nan,) * 2
                                          for each in again)  # fmt: skip
    return Score(n, _r2(*own), low, high, _ranks(*own[:2, None])[0], rank_low, rank_high)


class Placebo(NamedTuple):
    """R^2 of regressions on knobs that were permuted between settings: mean and bounds over permutations."""

    n: int
    mean: float
    low: float
    high: float


def placebo(
    forms: Sequence[ridge.Form], knobs: ridge.Knobs, values: np.ndarray, confidence: float,
    stream: np.random.Generator,
) -> Placebo:  # fmt: skip
    """The same as `held_out`, PERMUTATIONS times, each with the rows of knobs in another order."""
    found = []
    for _ in range(PERMUTATIONS):
        moved = _rows(knobs, stream.permutation(len(values)))
        found.append(_r2(*held_out(forms, moved, values, stream).to_numpy().T))
    low, high = np.quantile(found, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return Placebo(PERMUTATIONS, float(np.mean(found)), low, high)


def without_one(model: ridge.Model, knobs: ridge.Knobs, values: np.ndarray) -> list[ridge.Model]:
    """Models of the same form and strength, each of all rows but one: what `jackknife` takes."""
    every = np.arange(len(values))
    rests = [every[every != row] for row in every]
    return [ridge.fit(model.basis.form, model.strength, _rows(knobs, rest), values[rest]) for rest in rests]


def jackknife(own: np.ndarray, others: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of `own` [k] from its values without one row each, `others` [n, k]: own -+ t[n - 1] error, with
    error^2 = (n - 1) / n * the sum of squared deviations of `others` from their mean (Tukey 1958).

    A bootstrap would fit rows that occur twice too closely, and so shift the shares of many columns.
    """
    n = len(others)
    error = np.sqrt((n - 1) / n * np.square(others - others.mean(0)).sum(0))
    half = stdtrit(n - 1, 0.5 + confidence / 2) * error
    return own - half, own + half


def shares(model: ridge.Model, others: Sequence[ridge.Model], confidence: float) -> pd.DataFrame:
    """Columns knob, first, first_low, first_high, total, total_low, total_high: the share of the variance of the
    regression (not of the behaviour) that is due to each knob, with jackknife intervals within [0, 1]."""
    own, drawn = ridge.shares(model), [ridge.shares(each) for each in others]
    rows = pd.DataFrame({"knob": list(own.first)})
    for name in ("first", "total"):
        rows[name] = list(getattr(own, name).values())
        each = np.array([list(getattr(one, name).values()) for one in drawn])
        low, high = jackknife(rows[name].to_numpy(), each, confidence)
        rows[f"{name}_low"], rows[f"{name}_high"] = low.clip(0), high.clip(max=1)
    return rows


def effects(
    model: ridge.Model, others: Sequence[ridge.Model], counts: pd.Series, changes: pd.DataFrame, confidence: float
) -> pd.DataFrame:
    """`changes` (columns group, change) with predicted, predicted_low, predicted_high: what the datamodel expects of so
    many more examples of a group than the `counts` of GROUPS, with jackknife intervals from `others`."""
    before = {group: np.full(len(changes), float(counts[group])) for group in GROUPS}
    after = {group: own + np.where(changes["group"] == place, changes["change"], 0)
             for place, (group, own) in enumerate(before.items())}  # fmt: skip
    if any((own < 0).any() for own in after.values()):
        raise UserError(f"{CHANGES} removes more examples of a group than there are; lower the changes in config.yaml")
    own, *drawn = (ridge.predict(each, after) - ridge.predict(each, before) for each in (model, *others))
    low, high = jackknife(own, np.array(drawn), confidence)
    return changes.reset_index(drop=True).assign(predicted=own, predicted_low=low, predicted_high=high)


def paired_effects(runs: pd.DataFrame, behaviour: str) -> pd.DataFrame:
    """Columns group, change, seed, value: the behaviour with a change less that of the same seed without (change 0).

    runs: columns group, change, seed and the behaviour. UserError where a seed lacks a change or the unchanged set.
    """
    means = runs.groupby(["group", "change", "seed"], as_index=False)[behaviour].mean()
    unchanged = means[means["change"] == 0].groupby("seed")[behaviour].mean()
    changed = means[means["change"] != 0]
    if lacking := sorted({*changed["seed"]} - {*unchanged.index}):
        raise UserError(f"{CHANGES} has no unchanged set of seed {lacking[0]}; run snakemake again")
    found = changed.assign(value=changed[behaviour] - changed["seed"].map(unchanged))[
        ["group", "change", "seed", "value"]
    ]
    check_complete(found.assign(cell=_cell(found))[["cell", "seed", "value"]], across=("cell", "seed"))
    return found.reset_index(drop=True)


class Verdict(NamedTuple):
    """The causal check at the largest number of added examples, `change`: the mean effect of minority and of majority
    groups, measured (n seeds) and predicted, and which of the three conditions hold."""

    n: int
    change: int
    minority: float
    low: float
    high: float
    predicted: float
    majority: float
    sign: bool
    inside: bool
    smaller: bool

    @property
    def confirmed(self) -> bool:
        """All conditions hold."""
        return self.sign and self.inside and self.smaller

    @property
    def word(self) -> str:
        """The verdict in a word."""
        return "confirmed" if self.confirmed else "refuted"


def verdict(measured: pd.DataFrame, predicted: pd.DataFrame, confidence: float) -> Verdict | None:
    """The causal check, by a rule fixed before any run; None where no number of examples was added to both kinds.

    At the largest change of both kinds of groups, means over the groups of a kind within a seed: (1) the measured
    effect of minority examples has an interval without zero and the predicted sign; (2) the predicted effect is inside
    this interval; (3) in the predicted direction, the effect of minority examples exceeds that of as many majority
    examples, seed by seed, with an interval above zero. measured: of `paired_effects`; predicted: of `effects`.
    """
    added = [{*measured[measured["group"].isin(kind)]["change"]} for kind in (MINORITY, MAJORITY)]
    change = max((each for each in added[0] & added[1] if each > 0), default=None)
    if change is None:
        return None
    here, expected = measured[measured["change"] == change], predicted[predicted["change"] == change]
    minority, majority = (
        here[here["group"].isin(kind)].groupby("seed")["value"].mean() for kind in (MINORITY, MAJORITY)
    )
    own = float(expected[expected["group"].isin(MINORITY)]["predicted"].mean())
    mean, low, high = _of_seeds(minority, confidence)
    direction = np.sign(own)
    _, least, _ = _of_seeds(direction * (minority - majority), confidence)
    return Verdict(
        len(minority), int(change), mean, low, high, own, float(majority.mean()),
        bool((low > 0 and own > 0) or (high < 0 and own < 0)), bool(low <= own <= high), bool(least > 0),
    )  # fmt: skip


def intervals(measured: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Columns group, change, n, mean, low, high: t intervals over seeds of paired effects."""
    return interval(measured, ["group", "change"], confidence)


class Sweep(NamedTuple):
    """What the knobs say of each behaviour: predictions on settings held out, scores, shares, and the form chosen on
    all settings; placebo: of JUDGED, None where it was not asked for."""

    held: dict[str, pd.DataFrame]
    scores: dict[str, Score]
    shares: dict[str, pd.DataFrame]
    forms: dict[str, str]
    placebo: Placebo | None


def swept(records: pd.DataFrame, confidence: float, which: Sequence[str] = BEHAVIOURS, permuted: bool = True) -> Sweep:
    """The regressions of the sweep on all knobs, of the behaviours `which`."""
    means = of_settings(behaviours(records, SWEEP, list(KNOBS)), list(KNOBS))
    knobs, found = _knobs(means, KNOBS), Sweep({}, {}, {}, {}, None)
    for name in which:
        values = means[name].to_numpy()
        found.held[name] = held_out(SWEEP_FORMS, knobs, values, _stream("folds"))
        found.scores[name] = score(found.held[name], confidence, _stream("score"))
        model = ridge.best(SWEEP_FORMS, knobs, values)
        found.forms[name] = model.basis.form.name
        found.shares[name] = shares(model, without_one(model, knobs, values), confidence)
    if not permuted:
        return found
    return found._replace(placebo=placebo(SWEEP_FORMS, knobs, means[JUDGED].to_numpy(), confidence, _stream("placebo")))


class Datamodel(NamedTuple):
    """A regression of JUDGED on the numbers of examples of groups: its score on subsets held out, and the models."""

    score: Score
    model: ridge.Model
    others: list[ridge.Model]


def datamodel(records: pd.DataFrame, confidence: float) -> Datamodel:
    """The datamodel of the subsets (Ilyas et al. 2022, with groups in place of examples)."""
    means = of_settings(behaviours(records, SUBSETS, GROUPS), GROUPS)
    knobs, values = _knobs(means, GROUPS), means[JUDGED].to_numpy()
    held = held_out(COUNT_FORMS, knobs, values, _stream("folds"))
    model = ridge.best(COUNT_FORMS, knobs, values)
    return Datamodel(score(held, confidence, _stream("score")), model, without_one(model, knobs, values))


class Check(NamedTuple):
    """The causal check: effects by group and change, measured and predicted, the predicted value of one more example of
    each group, and the verdict."""

    effects: pd.DataFrame
    worth: pd.DataFrame
    verdict: Verdict | None


def checked(records: pd.DataFrame, learnt: Datamodel, confidence: float) -> Check:
    """What the datamodel predicts of the changes, and what they did."""
    runs = behaviours(records, CHANGES, ["group", "change"])
    measured = paired_effects(runs, JUDGED)
    counts = unchanged_counts(records)
    cells = measured[["group", "change"]].drop_duplicates()
    predicted = effects(learnt.model, learnt.others, counts, cells, confidence)
    one = pd.DataFrame({"group": range(len(GROUPS)), "change": 1})
    return Check(
        intervals(measured, confidence).merge(predicted, on=["group", "change"]),
        effects(learnt.model, learnt.others, counts, one, confidence),
        verdict(measured, predicted, confidence),
    )


def unchanged_counts(records: pd.DataFrame) -> pd.Series:
    """The examples of each of GROUPS in the unchanged set (change 0), as its runs were given them."""
    own = with_hyperparameters(plain(records[records["experiment"] == CHANGES]), "change", *GROUPS)
    if (own["change"] != 0).all():
        raise UserError(f"the records of {CHANGES} have no unchanged set; run snakemake again")
    return own.loc[own["change"] == 0, list(GROUPS)].mean()


def _r2(measured: np.ndarray, predicted: np.ndarray, constant: np.ndarray) -> float:
    whole = np.square(measured - constant).sum()
    return 1 - float(np.square(measured - predicted).sum() / whole) if whole > 0 else np.nan


def _ranks(measured: np.ndarray, predicted: np.ndarray) -> list[float]:
    """Spearman's correlations of the rows [k, n] of both; NaN where one is constant."""
    first, second = (pd.DataFrame(own).rank(axis=1).to_numpy() for own in (measured, predicted))
    constant = (first.std(1) == 0) | (second.std(1) == 0)
    pairs = zip(constant, first, second, strict=True)
    return [np.nan if same else float(np.corrcoef(one, other)[0, 1]) for same, one, other in pairs]


def _knobs(table: pd.DataFrame, names: Iterable[str]) -> ridge.Knobs:
    return {name: table[name].to_numpy(dtype=float) for name in names}


def _rows(knobs: ridge.Knobs, which: np.ndarray) -> ridge.Knobs:
    return {name: own[which] for name, own in knobs.items()}


def _stream(name: str) -> np.random.Generator:
    """Random numbers that depend on what they are for alone."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def _cell(rows: pd.DataFrame) -> list[str]:
    return [f"{group} by {change}" for group, change in zip(rows["group"], rows["change"], strict=True)]


def _of_seeds(values: pd.Series, confidence: float) -> tuple[float, float, float]:
    rows = pd.DataFrame({"seed": values.index, "value": values.to_numpy(), "what": "effect"})
    found = interval(rows, ["what"], confidence).iloc[0]
    return found["mean"], found["low"], found["high"]
