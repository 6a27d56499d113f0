"""Numbers of the prose: every one a LaTeX macro computed from the records, with a comment that says what it is."""

from pathlib import Path

import pandas as pd

from robustpath import records
from robustpath.claims import verdict_errors, verdicts
from robustpath.core.files import replacing
from robustpath.numbers import (
    batches,
    codings,
    contrasts,
    efficiency,
    evidence,
    features,
    larger,
    minima,
    selection,
    shortcuts,
    streams,
    together,
    variance,
)
from robustpath.numbers.macros import EVERY, Macros, Number, difference, fitting, known_methods, made, reads, verdict
from robustpath.records import labels
from robustpath.records.labels import MISSING, macro
from robustpath.records.selection import select
from robustpath.statistics.comparison import compare_means, cost, seed_means
from robustpath.statistics.intervals import average, interval, paired

EXPERIMENT = "data_efficiency"
NEEDS = {EXPERIMENT: {"compares": "reference"}}
SUFFIX = {"none": "Id", "natural": "Natural", "corruption": "Corruption", "generator": "Generator"}
TEST_SET = {
    "none": "in-distribution test accuracy",
    "natural": "test accuracy under the natural shift",
    "corruption": "test accuracy under corruptions",
    "generator": "test accuracy under shifts of the generator",
}
UNDER = {
    "none": "in distribution",
    "natural": "under the natural shift",
    "corruption": "under corruptions",
    "generator": "under shifts of the generator",
}
CONTROLS = {"contour_warmup": "isotropic_warmup"}


def write(
    records_file: Path, settings: dict, out: Path, claims_file: Path | None = None, calibrated: Path | None = None
) -> None:
    """Write the macros of `collect` to `out`, a file that the paper inputs, with verdicts and simulated claims."""
    judged = verdicts.read(claims_file) if claims_file else None
    of_batches = verdicts.find(claims_file, batches.FAMILY) if claims_file else None
    of_shortcuts = verdicts.find(claims_file, shortcuts.FAMILY) if claims_file else None
    of_together = verdicts.find(claims_file, together.FAMILY) if claims_file else None
    simulated = verdict_errors.read(calibrated) if calibrated else None
    lines = [
        f"\\newcommand{{\\{name}}}{{\\origin{{{number.maker}}}{{{number.value}}}}}% {number.meaning}"
        for name, number in collect(
            records.load(records_file), settings, judged, simulated, of_batches, of_shortcuts, of_together
        ).items()
    ]
    with replacing(out) as temporary:
        temporary.write_text("\n".join(lines) + "\n")


def collect(
    table: pd.DataFrame, settings: dict, judged: dict | None = None, simulated: pd.DataFrame | None = None,
    of_batches: dict | None = None, of_shortcuts: dict | None = None, of_together: dict | None = None,
) -> dict[str, Number]:  # fmt: skip
    """Name -> Number for every number of the prose; what the records lack is said to be not measured.

    judged, of_batches, of_shortcuts, of_together: what claims.json says of the hypotheses on minima, on batches, on
    shortcuts and on all of them together.
    """
    scores, means, comparison = _compared(table, settings)
    return {
        **made(_protocol, table, comparison, settings),
        **made(_shifts, table),
        **made(_by_method, comparison, settings),
        **made(_by_size, scores, settings),
        **made(_reference, scores, settings),
        **made(_controls, means, settings),
        **made(_best, comparison, settings),
        **made(_remaining, comparison, settings),
        **minima.collect(table, settings, judged),
        **evidence.collect(table, settings, simulated),
        **variance.collect(table, settings),
        **selection.collect(table, settings),
        **contrasts.collect(table, settings),
        **batches.collect(of_batches, settings),
        **streams.collect(table, settings),
        **features.collect(table, settings),
        **codings.collect(table, settings),
        **shortcuts.collect(table, of_shortcuts, settings),
        **made(_hypotheses, [judged, of_batches, of_shortcuts, of_together]),
        **efficiency.collect(table, settings),
        **larger.collect(table, settings),
        **together.collect(table, of_together, settings),
    }


@reads(EVERY)
def _hypotheses(families: list[dict | None]) -> Macros:
    """How many hypotheses there are in all families."""
    count = sum(len(judged["verdicts"]) for judged in families if judged)
    return {"HypothesisCountWord": (labels.word(count), "hypotheses of all families that were judged, in words")}


def _compared(table: pd.DataFrame, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Test scores, their means over all but method, seed and kind of shift, and the comparison with the reference; all
    empty where the experiment compares nothing with it."""
    own = fitting(table[table["experiment"] == EXPERIMENT], NEEDS, settings)
    if own.empty:
        scores = pd.DataFrame(columns=["dataset", "method", "train_size", "shift_family", "severity", "value"])
        found = ["difference", "difference_low", "difference_high", "p", "holm"]
        return scores, scores, pd.DataFrame(columns=["shift_family", "method", "mean", "low", "high", *found])
    scores = records.test_scores(select(own), EXPERIMENT)
    means = seed_means(scores)
    return scores, means, compare_means(means, settings["reference"], settings["confidence"])


@reads(EXPERIMENT)
def _protocol(table: pd.DataFrame, comparison: pd.DataFrame, settings: dict) -> Macros:
    """The protocol of the comparison of methods, and how many runs and comparisons it has."""
    experiment = settings["experiments"][EXPERIMENT]
    costs = cost(table, EXPERIMENT)
    total, diverged = int(costs["runs"].sum()), int(costs["diverged"].sum())
    compared = comparison.dropna(subset="holm")
    standing = int((compared["holm"] < 1 - settings["confidence"]).sum())
    sizes = sorted(experiment["train_sizes"])
    counts = {
        "Seed": (experiment["seeds"], "seeds, each a split, an initialisation and an order of batches"),
        "Draw": (experiment["draws"], "hyperparameter draws a method and seed, the default among them"),
        "Method": (len(experiment["methods"]), "methods compared"),
        "Dataset": (len(experiment["datasets"]), "data sets"),
        "Size": (len(sizes), "numbers of training examples"),
        "Severity": (len(settings["severities"]), "severities of each generated shift"),
    }
    macros = {
        "ScaleName": (settings["scale"], "name of the scale in config.yaml"),
        "ReferenceName": (labels.method(settings["reference"]), "the method that others are compared with"),
        "ConfidenceLevel": (f"{100 * settings['confidence']:g}", "confidence of the intervals in per cent"),
        "GradientBudget": (labels.count(experiment["budget"]), "gradient evaluations a run may spend"),
        "SizeSmallest": (labels.count(sizes[0]), "smallest number of training examples"),
        "SizeLargest": (labels.count(sizes[-1]), "largest number of training examples"),
        "SizeList": (labels.listing(list(map(labels.count, sizes))), "numbers of training examples"),
        "DatasetList": (labels.listing([labels.dataset(name) for name in experiment["datasets"]]), "data sets"),
        "BatchSize": (labels.count(settings["batch_size"]), "examples in a batch"),
        "ImageSize": (labels.count(settings["image_size"]), "pixels along each side of an image"),
        "HiddenSizes": (labels.listing(list(map(labels.count, settings["hidden"]))), "units of the hidden layers"),
        "ValidationSize": (labels.count(settings["validation_size"]), "validation examples of a seed"),
        "TestSize": (labels.count(settings["test_size"]), "test examples of a seed"),
        "RunCount": (labels.count(total), "training runs, all draws"),
        "DivergedCount": (labels.count(diverged), "runs that diverged, of all draws"),
        "DivergedShare": (labels.percent(diverged / total), "share of runs that diverged, per cent"),
        "ComparisonCount": (labels.count(len(compared)), "comparisons with the reference that Holm corrects for"),
        "HolmCount": (labels.count(standing), "comparisons that remain after the correction"),
    }
    for name, (value, meaning) in counts.items():
        macros[f"{name}Count"] = (labels.count(value), meaning)
        macros[f"{name}CountWord"] = (labels.word(value), f"{meaning}, in words")
    return macros


@reads(EXPERIMENT)
def _shifts(table: pd.DataFrame) -> Macros:
    """The corruptions that are tested on and those that are kept for validation."""
    macros, corrupted = {}, table[(table["experiment"] == EXPERIMENT) & (table["shift_family"] == "corruption")]
    for split in ("test", "validation"):
        names = sorted(corrupted[corrupted["split"] == split]["shift"].unique())
        listed = labels.listing([labels.escape(labels.shift(name)) for name in names])
        macros[f"{split.capitalize()}CorruptionList"] = (listed, f"corruptions of the {split} data")
        macros[f"{split.capitalize()}CorruptionCountWord"] = (labels.word(len(names)), f"number of {split} corruptions")
    return macros


@reads(EXPERIMENT)
def _by_method(comparison: pd.DataFrame, settings: dict) -> Macros:
    """Accuracy of every method and its paired difference to the reference, by kind of test set."""
    rows = comparison.set_index(["method", "shift_family"])
    reference, macros = settings["reference"], {}
    for name in known_methods(settings):
        for kind, suffix in SUFFIX.items():
            row = rows.loc[(name, kind)] if (name, kind) in rows.index else None
            what = f"{labels.method(name)}: {TEST_SET[kind]}"
            mean, span = MISSING, MISSING
            if row is not None:
                mean, span = labels.percent(row["mean"]), labels.percent_range(row["low"], row["high"])
            macros[f"Accuracy{macro(name)}{suffix}"] = (mean, f"{what}, per cent")
            macros[f"Accuracy{macro(name)}{suffix}Interval"] = (span, f"{what}, interval")
            short = None
            if row is not None and name != reference:
                short = row[["difference", "difference_low", "difference_high"]].set_axis(["mean", "low", "high"])
            against = f"{what} minus that of {labels.method(reference)}"
            macros |= difference(f"Difference{macro(name)}{suffix}", short, against)
            adjusted = MISSING if row is None else labels.probability(row["holm"])
            macros[f"Difference{macro(name)}{suffix}Holm"] = (adjusted, f"{against}, p after Holm's correction")
    return macros


@reads(EXPERIMENT)
def _by_size(scores: pd.DataFrame, settings: dict) -> Macros:
    """In-distribution accuracy and differences at the smallest and the largest train size, averaged over data sets."""
    unshifted = scores[scores["shift_family"] == "none"]
    sizes, reference, macros = sorted(unshifted["train_size"].unique()), settings["reference"], {}
    absolute = relative = unshifted.set_index("method")
    for place, size in {"AtSmallest": sizes[:1], "AtLargest": sizes[-1:]}.items():
        if size:
            here = unshifted[unshifted["train_size"].isin(size)]
            here = average(here.drop(columns=["shift_family", "shift", "severity"]), ["dataset", "label_noise"])
            absolute = interval(here, ["method"], settings["confidence"]).set_index("method")
            relative = paired(here, [], reference, settings["confidence"]).set_index("method")
        end = "smallest" if place == "AtSmallest" else "largest"
        for name in known_methods(settings):
            what = f"{labels.method(name)}: {TEST_SET['none']} at the {end} train size"
            mean = labels.percent(absolute.loc[name, "mean"]) if name in absolute.index else MISSING
            macros[f"Accuracy{macro(name)}Id{place}"] = (mean, f"{what}, per cent")
            row = relative.loc[name] if name in relative.index else None
            against = f"{what} minus that of {labels.method(reference)}"
            macros |= difference(f"Difference{macro(name)}Id{place}", row, against)
    return macros


@reads(EXPERIMENT)
def _reference(scores: pd.DataFrame, settings: dict) -> Macros:
    """How hard the tasks are: the reference's accuracy by data set and size, and at both ends of severity."""
    own = scores[scores["method"] == settings["reference"]]
    sizes = sorted(own["train_size"].unique())
    unshifted, macros = own[own["shift_family"] == "none"], {}
    for name in labels.DATASETS | dict.fromkeys(settings["experiments"][EXPERIMENT]["datasets"]):
        for end, size in {"Smallest": sizes[:1], "Largest": sizes[-1:]}.items():
            cell = (unshifted["dataset"] == name) & unshifted["train_size"].isin(size)
            mean = unshifted[cell]["value"].mean()
            value = labels.percent(mean) if pd.notna(mean) else MISSING
            what = f"{TEST_SET['none']} of the reference on {labels.dataset(name)}, {end.lower()} train size"
            macros[f"Reference{macro(name)}At{end}"] = (value, f"{what}, per cent")
    for kind in ("corruption", "generator"):
        shifted = own[own["shift_family"] == kind]
        levels = sorted(shifted["severity"].unique())
        for end, level in {"Mildest": levels[:1], "Severest": levels[-1:]}.items():
            value = labels.percent(shifted[shifted["severity"].isin(level)]["value"].mean()) if level else MISSING
            what = f"{TEST_SET[kind]} of the reference at the {end.lower()} severity, per cent"
            macros[f"Reference{SUFFIX[kind]}{end}"] = (value, what)
    return macros


@reads(EXPERIMENT)
def _controls(means: pd.DataFrame, settings: dict) -> Macros:
    """A method against its own control, kind by kind; the interval is not corrected, the comparison was planned."""
    macros = {}
    for name, control in CONTROLS.items():
        both = means[means["method"].isin([name, control])]
        rows = pd.DataFrame()
        if both["method"].nunique() == 2:
            rows = paired(both, ["shift_family"], control, settings["confidence"]).set_index("shift_family")
        for kind, suffix in SUFFIX.items():
            row = rows.loc[kind] if kind in rows.index else None
            what = f"{TEST_SET[kind]} of {labels.method(name)} minus that of {labels.method(control)}"
            macros |= difference(f"{macro(name)}MinusControl{suffix}", row, what)
    return macros


@reads(EXPERIMENT)
def _best(comparison: pd.DataFrame, settings: dict) -> Macros:
    """The method with the highest mean, kind by kind."""
    macros = {}
    for kind, suffix in SUFFIX.items():
        rows = comparison[comparison["shift_family"] == kind]
        name, mean, against = MISSING, MISSING, "was not compared with"
        if len(rows):
            best = rows.loc[rows["mean"].idxmax()]
            name, mean = labels.method(best["method"]), labels.percent(best["mean"])
            own = best["method"] == settings["reference"]
            against = "is" if own else verdict(best["difference_low"], best["difference_high"])
        what = f"method with the highest mean {TEST_SET[kind]}"
        macros[f"Best{suffix}"] = (name, what)
        macros[f"Best{suffix}Accuracy"] = (mean, f"accuracy of the {what}, per cent")
        macros[f"Best{suffix}Verdict"] = (against, f"verdict on the {what} against the reference")
    return macros


@reads(EXPERIMENT)
def _remaining(comparison: pd.DataFrame, settings: dict) -> Macros:
    """Which differences to the reference remain after Holm's correction, as a sentence."""
    reference, parts = labels.method(settings["reference"]), []
    remain = comparison[comparison["holm"] < 1 - settings["confidence"]]
    for kind in SUFFIX:
        for side, sign in (("higher", 1), ("lower", -1)):
            own = remain[(remain["shift_family"] == kind) & (remain["difference"] * sign > 0)]
            names = [labels.method(name) for name in records.present(known_methods(settings), own["method"])]
            if names:
                be = "are" if len(names) > 1 else "is"
                parts.append(f"{UNDER[kind]}, {labels.listing(names)} {be} {side}")
    sentence = f"After Holm's correction, no difference to {reference} remains."
    if parts:
        sentence = f"After Holm's correction, these differences to {reference} remain: {'; '.join(parts)}."
    return {"HolmSentence": (sentence, "differences in accuracy that remain after Holm's correction, kind by kind")}
