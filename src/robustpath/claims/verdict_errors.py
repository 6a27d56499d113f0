"""Calibration of the verdicts: how often the code that judges the claims sees an effect that is not there, and misses
one that is.

A simulated method is the reference with the differences that a real one has to it: centred, so that none is left on
average, and with a sign drawn anew for every seed (one for all its data sets). Pairing, spread and the dependence
between data sets stay those of the study, while the true effect is zero, or the one that is added. Signs make the
differences symmetric, where a t test is at its best; so seeds are also drawn with replacement, which keeps their skew.
Beside what is simulated stands what was retrained: the reference against itself in another order of batches.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import scipy

from robustpath import records
from robustpath.claims import conditions
from robustpath.claims.conditions import REFUTED, SUPPORTED
from robustpath.claims.judge import concluded, weighed
from robustpath.claims.model import Claim, Difference, Family, Inequivalence, load
from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.records.selection import select
from robustpath.statistics import evidence
from robustpath.statistics.evidence import CELL
from robustpath.statistics.intervals import check_complete

SIGNS, SEEDS, RETRAINING = "signs", "seeds", "retraining"
RETRAINED = "reordered_sgd"
VARIANT = ["method", "label_noise"]
PLACE = [*VARIANT, "dataset", "train_size"]
SCHEMA = {
    "equal_by": pa.string(),  # what makes the methods equal but for the effect: signs, seeds (redrawn), retraining
    "rule": pa.string(),  # difference, inequivalence
    "effect": pa.float64(),  # planted, percentage points
    "family": pa.int64(),
    "method": pa.string(),
    "label_noise": pa.float64(),
    "n": pa.int64(),
    "low": pa.float64(),  # of the difference, percentage points
    "high": pa.float64(),
    "p": pa.float64(),
    "verdict": pa.string(),  # by interval and test
    "stands": pa.bool_(),  # supported, and p stands after Holm's correction over the family
}


def write(records_file: Path, claims_file: Path, settings: dict, out: Path) -> None:
    """Simulate the claims of `simulate` on the study's own records and write a row a claim (SCHEMA)."""
    claims = next(iter(load(claims_file).families.values()))
    own = records.load(records_file)
    own = own[own["experiment"] == claims.experiment]
    if own.empty:
        raise UserError(f"{records_file}: no records of experiment {claims.experiment} to calibrate the claims on")
    accuracy = evidence.accuracies(select(own)).drop(columns="draw")
    check_complete(accuracy)
    table = simulate(accuracy[accuracy["test_set"] == "none"], claims, settings)
    rows = pa.Table.from_pandas(table[list(SCHEMA)], schema=pa.schema(list(SCHEMA.items())), preserve_index=False)
    with replacing(out) as temporary:
        pq.write_table(rows.replace_schema_metadata(None), temporary, compression="zstd")


def read(file: str | Path) -> pd.DataFrame:
    """The table that `write` left; UserError where there is none."""
    try:
        return pq.ParquetFile(file).read().to_pandas(use_threads=False)
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise UserError(f"{file}: no calibration to read ({error}); run `snakemake calibrate` again") from None


def simulate(accuracy: pd.DataFrame, claims: Family, settings: dict) -> pd.DataFrame:
    """One row a simulated claim, columns of SCHEMA.

    accuracy: columns CELL, method, value, in distribution. A family is every variant of the study at every label noise,
    corrected together as the hypotheses are. Without an effect it is judged by both rules; with each effect by that of
    a difference; and with an effect as large as the margin by that of inequivalence. A retrained reference is judged on
    each data set apart, which is a family.
    """
    reference = settings["reference"]
    sources = _sources(accuracy, list(claims.short_names), reference)
    if sources.empty:
        raise UserError("no variant of the study has records beside the reference's to calibrate the claims on")
    margins = [part.margin for claim in claims.claims for part in claim.conditions if isinstance(part, Inequivalence)]
    many, few = settings["families"], settings["families_with_effect"]
    plans = [(SIGNS, "difference", 0.0, many), (SEEDS, "difference", 0.0, many)]
    plans += [(SIGNS, "difference", effect, few) for effect in claims.calibration.effects]
    plans += [
        (SIGNS, "inequivalence", effect, n) for margin in margins[:1] for effect, n in ((0.0, few), (margin, many))
    ]
    parts = []
    for equal_by, rule, effect, families in plans:
        made = simulated(sources, effect / 100, range(families), equal_by)
        judged = judge_families(
            sources, made, _hypothesis(rule, margins, sources, claims, settings["reference"]), settings
        )
        parts += [rows.assign(equal_by=equal_by, family=family, effect=effect) for family, rows in enumerate(judged)]
        print(f"{rule}, equal by {equal_by}, effect {effect:g} points: {families} families judged")
    again = evidence.pairs(accuracy, RETRAINED, reference).rename(columns={"other": "base"}).assign(method=RETRAINED)
    for family, (_, made) in enumerate(again.groupby("dataset")):
        hypothesis = _hypothesis("difference", margins, made, claims, settings["reference"])
        (rows,) = judge_families(made, made[["value"]].to_numpy().T, hypothesis, settings)
        parts.append(rows.assign(equal_by=RETRAINING, family=family, effect=0.0))
    return pd.concat(parts, ignore_index=True)[list(SCHEMA)]


def _sources(accuracy: pd.DataFrame, variants: list[str], reference: str) -> pd.DataFrame:
    """Columns CELL, method, base, left: the reference's accuracy, and what a variant's difference leaves when its mean
    over seeds is taken off, widened by the degree of freedom that this costs."""
    parts = []
    for name in variants:
        both = evidence.pairs(accuracy, name, reference)
        difference = both["value"] - both["other"]
        groups = difference.groupby([both[axis] for axis in CELL[:-1]])
        n = groups.transform("size")
        left = (difference - groups.transform("mean")) * np.sqrt(n / (n - 1).clip(lower=1))
        parts.append(both[CELL].assign(method=name, base=both["other"], left=left))
    return pd.concat(parts).sort_values(["method", *CELL], ignore_index=True)


def simulated(sources: pd.DataFrame, effect: float, families: Iterable[int], equal_by: str = SIGNS) -> np.ndarray:
    """Accuracies [families, rows of the sources] of simulated methods, `effect` (a fraction) above the reference.

    What is left of the differences gets a sign for every seed, or is that of a seed drawn with replacement. A family
    depends on its number alone.
    """
    left, base = sources["left"].to_numpy(), sources["base"].to_numpy()
    own = sources.groupby([*VARIANT, "seed"])
    seeds, seeds_of = own.ngroup().to_numpy(), own.size().reset_index().groupby(VARIANT)["seed"]
    of_variant = [each.to_numpy() for _, each in seeds_of]
    # The row of each seed at a row's variant, data set and size: one column a seed.
    places = pd.Series(range(len(sources)), pd.MultiIndex.from_frame(sources[[*PLACE, "seed"]])).unstack("seed")
    row = places.index.get_indexer(pd.MultiIndex.from_frame(sources[PLACE]))
    found = []
    for family in families:
        generator = np.random.default_rng([1 if equal_by == SIGNS else 2, family])
        if equal_by == SIGNS:
            moved = left * generator.choice([-1.0, 1.0], own.ngroups)[seeds]
        else:
            donors = np.concatenate([generator.choice(each, len(each)) for each in of_variant])[seeds]
            moved = left[places.to_numpy()[row, places.columns.get_indexer(donors)]]
        found.append(base + moved + effect)
    return np.stack(found)


def judge_families(sources: pd.DataFrame, values: np.ndarray, hypothesis: Family, settings: dict) -> list[pd.DataFrame]:
    """For each family of accuracies [families, rows of the sources] one row a claim, columns of SCHEMA but for what the
    family was made of.

    The judge's own rules on all families at once.
    """
    claim, confidence = hypothesis.claims[0], settings["confidence"]
    differences = pd.DataFrame((values - sources["base"].to_numpy()).T, index=sources.index)

    def cells(variant: str, level: float) -> np.ndarray:
        own = sources[(sources["method"] == variant) & (sources["label_noise"] == level)].sort_values(CELL)
        shape = (own["dataset"].nunique(), own["train_size"].nunique(), own["seed"].nunique())
        return differences.loc[own.index].to_numpy().T.reshape(-1, *shape)

    entries = [
        _entries(claim, variant, level, cells(variant, level), confidence)
        for level in claim.label_noise
        for variant in claim.variants
    ]
    return [
        _rows(claim, concluded(hypothesis, [list(own)], confidence)[0]["entries"], confidence)
        for own in zip(*entries, strict=True)
    ]


def _entries(claim: Claim, variant: str, level: float, values: np.ndarray, confidence: float) -> list[dict]:
    """The entry of one variant and label noise in each family: values [families, data sets, train sizes, seeds]."""
    (condition,) = claim.conditions
    sought = conditions.sought(condition)
    names = [str(place) for place in range(values.shape[1])]
    findings = [conditions.difference(sought, condition, own, names, confidence) for own in values]
    return [weighed(variant, level, [finding], confidence) for finding in findings]


def _rows(claim: Claim, entries: list[dict], confidence: float) -> pd.DataFrame:
    """The columns of SCHEMA that a family's verdicts give."""
    rows = []
    for entry in entries:
        decides, holm = entry["decides"], entry["holm"]
        stands = entry["verdict"] == SUPPORTED and holm is not None and holm < conditions.level(confidence)
        numbers = {name: decides[name] for name in ("n", "low", "high", "p")}
        said = {"method": entry["variant"], "label_noise": entry["label_noise"], "verdict": entry["verdict"]}
        rows.append({"rule": claim.statement, **said, **numbers, "stands": stands})
    return pd.DataFrame(rows)


def _hypothesis(rule: str, margins: list[float], sources: pd.DataFrame, claims: Family, reference: str) -> Family:
    """The file with one hypothesis, on the simulated methods: a difference above zero, or one beyond the margin."""
    condition = Difference(kind="difference", test_set="none", against=reference, threshold=0.0)
    if rule == "inequivalence":
        condition = Inequivalence(kind="inequivalence", test_set="none", against=reference, margin=margins[0])
    variants, levels = list(sources["method"].unique()), sorted(sources["label_noise"].unique())
    claim = Claim(
        id=f"{claims.letter}0", statement=rule, subject=rule, variants=variants, label_noise=levels,
        conditions=[condition],
    )  # fmt: skip
    return claims.model_copy(update={"claims": [claim], "corrected": [claim.id]})


def rates(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Columns equal_by, rule, effect, event, rate, low, high, count: shares of claims or families, with Clopper and
    Pearson's interval.

    Events of claims: `interval` (it leaves out zero, not looking at the test: what the rule of a difference would be
    without one), `verdict` (supported or refuted by interval and test), `supported`, `refuted`, `claim_corrected`
    (supported after Holm's correction, too). Of families: `family`, some claim of it that stands so.
    """
    rows = []
    for (equal_by, rule, effect), own in table.groupby(["equal_by", "rule", "effect"], sort=True):
        each = own["verdict"]
        events = {"interval": (own["low"] > 0) | (own["high"] < 0)} if rule == "difference" else {}
        events |= {
            "verdict": each.isin([SUPPORTED, REFUTED]),
            "supported": each == SUPPORTED,
            "refuted": each == REFUTED,
            "claim_corrected": own["stands"],
            "family": own.groupby("family")["stands"].any(),
        }
        for event, happened in events.items():
            count, total = int(happened.sum()), len(happened)
            low, high = scipy.stats.binomtest(count, total).proportion_ci(confidence, method="exact")
            rows.append((equal_by, rule, effect, event, count / total, low, high, total))
    return pd.DataFrame(rows, columns=["equal_by", "rule", "effect", "event", "rate", "low", "high", "count"])
