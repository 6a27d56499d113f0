"""How often the code that judges the claims is wrong: its verdicts on simulated claims whose truth is known.

Every kind of condition is put at its threshold, where a verdict in either direction is an error (boundaries.py), on
evidence redrawn from the study's own (simulated.py). Claims of a kind are drawn independently of each other, so that
the intervals of their rates hold. Whole families of equal methods tell what Holm's correction leaves; planted effects
tell the power. Beside what is simulated stands what was retrained: the reference in another order of batches.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import scipy

from robustpath import records
from robustpath.claims import boundaries, conditions, judge, simulated
from robustpath.claims.boundaries import EFFECT, EQUAL, Plan, Study
from robustpath.claims.conditions import REFUTED, SUPPORTED
from robustpath.claims.model import Claim, Difference, load
from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.statistics import evidence
from robustpath.statistics.evidence import Evidence

RETRAINED = "reordered_sgd"
DIFFERENCE, MARGIN, FAMILY, RETRAINING = "difference", "inequivalence_margin", "family", "retraining"


class Kind(NamedTuple):
    """A kind of simulated claims: its words in figures, tables and the text, and how its worlds are made."""

    words: str
    plans: Callable


KINDS = {
    DIFFERENCE: Kind("difference to a named method", boundaries.single("difference")),
    "matched_difference": Kind("difference at equal training loss", boundaries.single("matched_difference")),
    "ratio": Kind("ratio to a named method", boundaries.single("ratio")),
    "matched_ratio": Kind("ratio at equal training loss", boundaries.single("matched_ratio")),
    "level_error": Kind("median error of the level", boundaries.single("level_error")),
    "robustness_lowest": Kind("effective robustness, lowest line", boundaries.effective_robustness("lowest")),
    "robustness_highest": Kind("effective robustness, highest line", boundaries.effective_robustness("highest")),
    MARGIN: Kind("inequivalence, means differ by the margin", boundaries.inequivalence(at_margin=True)),
    "inequivalence_equal": Kind("inequivalence, equal methods", boundaries.inequivalence(at_margin=False)),
    "partial_correlation": Kind("partial rank correlation", boundaries.partial_correlation),
    "best_control_equal": Kind("difference to all controls, controls equal", boundaries.best_control(equal=True)),
    "best_control_measured": Kind("difference to all controls, as measured", boundaries.best_control(equal=False)),
    "selection": Kind("draws selected from equal methods", boundaries.selection),
    "any_of": Kind("alternatives, all at the threshold", boundaries.any_of),
    "conjunction_one": Kind("all of several, one at its threshold", boundaries.conjunction(one=True)),
    "conjunction_all": Kind("all of several, all at their thresholds", boundaries.conjunction(one=False)),
}
SCHEMA = {
    "kind": pa.string(),  # a key of KINDS, family or retraining
    "planted": pa.string(),  # where the truth lies: threshold, equal (methods), effect
    "truth": pa.float64(),  # the planted effect, percentage points; 0 but for `effect`
    "family": pa.string(),  # letter of the family of hypotheses whose study it is made of
    "number": pa.int64(),  # of the claim, or of the family of equal methods, on which alone its random numbers depend
    "claim": pa.string(),  # the hypothesis whose condition it is
    "method": pa.string(),  # whose spread it has
    "label_noise": pa.float64(),
    "n": pa.int64(),
    "effect": pa.float64(),  # as the judge found it, in the unit of the condition
    "low": pa.float64(),
    "high": pa.float64(),
    "p_support": pa.float64(),  # of all conditions together
    "p_refute": pa.float64(),
    "verdict": pa.string(),
    "stands": pa.bool_(),  # supported, and p stands after Holm's correction over the family
}
GROUP = ["kind", "planted", "truth"]


def write(records_file: Path, claims_file: Path, settings: dict, out: Path) -> None:
    """Simulate the claims of `simulate` on the study's own records and write a row a claim (SCHEMA)."""
    whole, claims = records.load(records_file), load(claims_file)
    measured = set(whole["experiment"].unique())
    there = [family for family in claims.families.values() if family.experiment in measured]
    if not there:
        raise UserError(f"{records_file}: no records of an experiment of {claims_file} to calibrate the claims on")
    parts = []
    for family in there:
        found = evidence.gather(whole, family.experiment, family.curve)
        draws = evidence.validated(whole[whole["experiment"] == family.experiment])
        parts.append(simulate(Study(found, draws, family, settings)))
    table = pd.concat(parts).sort_values([*GROUP, "family", "number"], kind="stable", ignore_index=True)
    rows = pa.Table.from_pandas(table, schema=pa.schema(list(SCHEMA.items())), preserve_index=False)
    with replacing(out) as temporary:
        pq.write_table(rows.replace_schema_metadata(None), temporary, compression="zstd")


def read(file: str | Path) -> pd.DataFrame:
    """The table that `write` left; UserError where there is none."""
    try:
        return pq.ParquetFile(file).read().to_pandas(use_threads=False)
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise UserError(f"{file}: no calibration to read ({error}); run `snakemake calibrate` again") from None


def simulate(study: Study) -> pd.DataFrame:
    """One row a simulated claim, columns of SCHEMA: every kind at its threshold, effects, families, retraining; none
    where the study has no variant beside the reference."""
    settings, effects = study.settings, study.family.calibration.effects
    plans = [(name, kind.plans, settings["claims"]) for name, kind in KINDS.items()]
    plans += [(DIFFERENCE, boundaries.effects(effect), settings["claims_with_effect"]) for effect in effects]
    rows = []
    for kind, make, count in plans:
        worlds = list(make(kind, study))
        for start, plan in enumerate(worlds):
            rows += _claims(plan, range(start, count, len(worlds)), study)
        print(f"{kind}: {count if worlds else 0} simulated claims, from {len(worlds)} cases of the study")
    rows += families(study, settings["families"]) + retrained(study)
    return pd.DataFrame(rows, columns=list(SCHEMA)).assign(family=study.family.letter)


def _claims(plan: Plan, numbers: range, study: Study) -> list[dict]:
    """The rows of the simulated claims of these numbers."""
    if not numbers:
        return []
    entries = boundaries.verdicts(plan, plan.draw(plan.known, plan.kind, numbers), study)
    where = {"kind": plan.kind, "planted": plan.planted, "truth": plan.effect, "claim": plan.claim.id}
    return [
        where | {"number": number, "label_noise": plan.level} | _shown(entry) | {"method": _method(plan.claim)}
        for number, entry in zip(numbers, entries, strict=True)
    ]


def _method(claim: Claim) -> str:
    """The variant that a claim is on, or what the judge calls several together."""
    return judge.TOGETHER if claim.together else claim.variants[0]


def _shown(entry: dict, level: float = 0.0) -> dict:
    """The columns of SCHEMA that an entry of the judge gives; level: of Holm's p, below which support stands."""
    decides = entry["decides"] or dict.fromkeys(["n", "effect", "low", "high"])
    stands = entry["verdict"] == SUPPORTED and entry["holm_support"] < level
    numbers = {name: decides[name] for name in ("n", "effect", "low", "high")}
    ps = {name: entry[name] for name in ("p_support", "p_refute")}
    return {"method": entry["variant"], "verdict": entry["verdict"], "stands": stands} | numbers | ps


def families(study: Study, count: int) -> list[dict]:
    """The rows of families: every variant at every label noise, equal to the reference, corrected together."""
    reference = study.settings["reference"]
    condition = Difference(kind="difference", test_set="none", against=reference, threshold=0.0)
    levels = sorted(study.evidence.accuracy["label_noise"].unique())
    variants = records.present(study.family.short_names, study.evidence.accuracy["method"])
    if not variants:
        return []
    claim = boundaries.alone(study.family.claims[0], [condition], variants)
    worlds = {level: boundaries.world_of(claim, level, study) for level in levels}
    rows = []
    for number in range(count):
        parts = []
        for level, known in worlds.items():
            same = simulated.identical(known, claim.variants, reference)
            values = simulated.redrawn(same, f"{FAMILY} {level}", [number])
            parts.append(simulated.evidence_of(same, values, [level]))
        whole = Evidence(*(pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True)))
        rows += _judged(whole, claim, levels, FAMILY, number, study)
    return rows


def retrained(study: Study) -> list[dict]:
    """The rows of the reference retrained in another order of batches, on each data set apart."""
    reference, own = study.settings["reference"], study.evidence.accuracy
    condition = Difference(kind="difference", test_set="none", against=reference, threshold=0.0)
    claim, rows = boundaries.alone(study.family.claims[0], [condition], [RETRAINED]), []
    if RETRAINED not in set(own["method"].unique()):
        return rows
    levels = sorted(own["label_noise"].unique())
    for number, dataset in enumerate(sorted(own["dataset"].unique())):
        whole = Evidence(*(table[table["dataset"] == dataset] for table in study.evidence))
        rows += _judged(whole, claim, levels, RETRAINING, number, study)
    return rows


def _judged(whole: Evidence, claim: Claim, levels: list[float], kind: str, number: int, study: Study) -> list[dict]:
    own = claim.model_copy(update={"label_noise": levels})
    family = study.family.model_copy(update={"claims": [own], "placebos": []})
    (verdict,) = judge.judged(whole, family, study.settings)
    where = {"kind": kind, "planted": EQUAL, "truth": 0.0, "number": number, "claim": claim.id}
    limit = conditions.level(study.settings["confidence"])
    return [where | {"label_noise": entry["label_noise"]} | _shown(entry, limit) for entry in verdict["entries"]]


def rates(table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Columns GROUP, event, rate, low, high, happened, count: shares of claims, with Clopper and Pearson's interval.

    Events of claims: `supported`, `refuted`. Of families, whose claims are not independent: `family`, some claim of it
    is supported and stands after Holm's correction.
    """
    rows = []
    for group, own in table.groupby(GROUP, sort=False):
        events = {"supported": own["verdict"] == SUPPORTED, "refuted": own["verdict"] == REFUTED}
        if group[0] == FAMILY:
            events = {"family": own.groupby(["family", "number"])["stands"].any()}
        for event, happened in events.items():
            found, total = int(happened.sum()), len(happened)
            low, high = scipy.stats.binomtest(found, total).proportion_ci(confidence, method="exact")
            rows.append((*group, event, found / total, low, high, found, total))
    return pd.DataFrame(rows, columns=[*GROUP, "event", "rate", "low", "high", "happened", "count"])


def errors(found: pd.DataFrame) -> pd.DataFrame:
    """The rows of `rates` that are shares of wrong verdicts of a kind at its threshold, with a column `words`.

    Equal methods are rightly called equivalent: of these only support is an error.
    """
    own = found[found["kind"].isin(list(KINDS)) & (found["planted"] != EFFECT)]
    own = own[(own["planted"] != EQUAL) | (own["event"] == "supported")]
    order = {kind: place for place, kind in enumerate(KINDS)}
    own = own.assign(place=own["kind"].map(order), words=[KINDS[kind].words for kind in own["kind"]])
    return own.sort_values(["place", "event"], ascending=[True, False], ignore_index=True).drop(columns="place")
