"""Calibration of the verdicts: how often the code that judges the claims sees an effect that is not there, and misses
one that is.

A simulated method is the reference with the differences that a real one has to it: centred, so that none is left on
average, and with a sign drawn anew for every seed (one for all its data sets). Pairing, spread and the dependence
between data sets stay those of the study, while the true effect is zero, or the one that is added.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import stats

from robustpath.analysis import evidence, records
from robustpath.analysis.claims import judge_cases
from robustpath.analysis.claims_model import Bootstrap, Claim, Claims, Difference, Inequivalence, load
from robustpath.analysis.conditions import ORDER, REFUTED, SUPPORTED, Case
from robustpath.analysis.evidence import CELL, Evidence
from robustpath.analysis.selection import select
from robustpath.errors import UserError
from robustpath.files import replacing

SCHEMA = {
    "rule": pa.string(),  # difference, inequivalence
    "effect": pa.float64(),  # planted, percentage points
    "family": pa.int64(),
    "method": pa.string(),
    "label_noise": pa.float64(),
    "n": pa.int64(),
    "verdict": pa.string(),  # by the interval alone
    "stands": pa.bool_(),  # supported, and p stands after Holm's correction over the family
}


def write(records_file: Path, claims_file: Path, settings: dict, out: Path) -> None:
    """Simulate the claims of `simulate` on the study's own records and write a row a claim (SCHEMA)."""
    claims = load(claims_file)
    own = records.load(records_file)
    own = own[own["experiment"] == claims.experiment]
    if own.empty:
        raise UserError(f"{records_file}: no records of experiment {claims.experiment} to calibrate the claims on")
    accuracy = evidence.accuracies(select(own)).drop(columns="draw")
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


def simulate(accuracy: pd.DataFrame, claims: Claims, settings: dict) -> pd.DataFrame:
    """One row a simulated claim, columns of SCHEMA.

    accuracy: columns CELL, method, value, in distribution. A family is every variant of the study at every label noise,
    corrected together as the hypotheses are. Without an effect it is judged by both rules; with each effect by that of
    a difference; and with an effect as large as the margin by that of inequivalence.
    """
    sources = _sources(accuracy, list(claims.short_names), settings["reference"])
    if sources.empty:
        raise UserError("no variant of the study has records beside the reference's to calibrate the claims on")
    margins = [part.margin for claim in claims.claims for part in claim.conditions if isinstance(part, Inequivalence)]
    many, few, rule = claims.calibration.families, claims.calibration.families_with_effect, claims.calibration
    plans = [("difference", 0.0, many), *(("difference", effect, few) for effect in rule.effects)]
    plans += [("inequivalence", effect, many) for margin in margins[:1] for effect in (0.0, margin)]
    parts = []
    for name, effect, families in plans:
        judged = _hypothesis(name, margins, sources, claims, settings["reference"])
        for family in range(families):
            made = simulated(sources, effect / 100, family)
            cases = {level: _case(rows, judged, settings) for level, rows in made.groupby("label_noise")}
            entries = judge_cases(cases, judged)[0]["entries"]
            parts += [_row(name, effect, family, entry, 1 - settings["confidence"]) for entry in entries]
        print(f"{name}, effect {effect:g} points: {families} families judged")
    return pd.DataFrame(parts, columns=list(SCHEMA))


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
    return pd.concat(parts, ignore_index=True)


def simulated(sources: pd.DataFrame, effect: float, family: int) -> pd.DataFrame:
    """Columns CELL, method, base, value: one family of simulated methods, `effect` (a fraction) above the reference."""
    keys = sources[["method", "label_noise", "seed"]].drop_duplicates(ignore_index=True)
    signs = np.random.default_rng([1, family]).choice([-1.0, 1.0], len(keys))
    drawn = sources.merge(keys.assign(sign=signs), on=list(keys), how="left")
    return drawn[[*CELL, "method", "base"]].assign(value=drawn["base"] + drawn["sign"] * drawn["left"] + effect)


def _case(rows: pd.DataFrame, claims: Claims, settings: dict) -> Case:
    """The evidence of one label noise, in which there is nothing but the accuracies of a family and the reference."""
    base = rows.drop_duplicates(CELL).assign(method=settings["reference"], value=lambda one: one["base"])
    accuracy = pd.concat([rows, base])[[*CELL, "method", "value"]].assign(test_set="none")
    nothing = pd.DataFrame(columns=[*CELL, "method", "metric", "quantity", "value", "expected"])
    found = Evidence(accuracy, accuracy, nothing, nothing, nothing)
    return Case(found, nothing, None, settings["reference"], claims, settings["confidence"])


def _hypothesis(rule: str, margins: list[float], sources: pd.DataFrame, claims: Claims, reference: str) -> Claims:
    """The file with one hypothesis, on the simulated methods: a difference above zero, or one beyond the margin."""
    condition = Difference(kind="difference", test_set="none", against=reference, threshold=0.0)
    if rule == "inequivalence":
        condition = Inequivalence(kind="inequivalence", test_set="none", against=reference, margin=margins[0])
    variants, levels = list(sources["method"].unique()), sorted(sources["label_noise"].unique())
    unsaid = dict.fromkeys(ORDER, rule)
    claim = Claim(
        id="H0", statement=rule, sentences=unsaid, variants=variants, label_noise=levels, conditions=[condition]
    )
    told = Bootstrap(resamples=claims.calibration.resamples, fewest_seeds=claims.bootstrap.fewest_seeds)
    return claims.model_copy(update={"claims": [claim], "corrected": ["H0"], "bootstrap": told})


def _row(rule: str, effect: float, family: int, entry: dict, level: float) -> tuple:
    stands = entry["verdict"] == SUPPORTED and entry["holm"] is not None and entry["holm"] < level
    n = entry["decides"]["n"]
    return rule, effect, family, entry["variant"], entry["label_noise"], n, entry["verdict"], stands


def rates(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Columns rule, effect, event, rate, low, high, count: shares of claims or families, with Clopper and Pearson's
    interval.

    Events of claims: `verdict` (supported or refuted by the interval), `supported`, `refuted`. Of families: `family`,
    some claim of it that stands after Holm's correction; and `claim_corrected`, the claims that stand.
    """
    rows = []
    for (rule, effect), own in table.groupby(["rule", "effect"], sort=True):
        each = own["verdict"]
        events = {
            "verdict": each.isin([SUPPORTED, REFUTED]),
            "supported": each == SUPPORTED,
            "refuted": each == REFUTED,
            "claim_corrected": own["stands"],
            "family": own.groupby("family")["stands"].any(),
        }
        for event, happened in events.items():
            count, total = int(happened.sum()), len(happened)
            low, high = stats.binomtest(count, total).proportion_ci(confidence, method="exact")
            rows.append((rule, effect, event, count / total, low, high, total))
    return pd.DataFrame(rows, columns=["rule", "effect", "event", "rate", "low", "high", "count"])
