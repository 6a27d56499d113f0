"""Records of the study of minima with planted effects, drawn at random, so that every verdict has a known answer."""

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from robustpath import records

CONTROLS = [
    "sgd",
    "linear_warmup",
    "radam",
    "short_descent",
    "early_stopping",
    "isotropic_warmup",
    "fresh_start",
    "restarts",
]
PUBLISHED = [
    "adamw",
    "swa",
    "ema",
    "sam",
    "asam",
    "lookahead",
    "schedule_free",
    "entropy_sgd",
    "perturbed_gd",
    "perturbed_sgd",
]
VARIANTS = [
    "contour_warmup",
    "persistent_warmup",
    "repelled_warmup",
    "flat_warmup",
    "contour_population",
    "contour_cooldown",
]
METHODS = [*CONTROLS, *PUBLISHED, *VARIANTS, "reordered_sgd"]
WALKS = [*VARIANTS, "isotropic_warmup"]
SHARES = [0.05, 0.1, 0.2, 0.4, 0.75, 1.0]
DATASETS = {"optdigits": 0.90, "typeface_digits": 0.80}
LOSS = {0.0: 0.05, 0.2: 0.30}  # of SGD after its whole budget
SLOPE = {0.0: -0.01, 0.2: 0.02}  # accuracy per unit of log loss along SGD's curve: stopping early helps on noisy labels
SHARPNESS = {
    "lambda_max": 4.0,
    "noise_sharpness": 0.2,
    "trace": 40.0,
    "sam_sharpness": 0.3,
    "asam_sharpness": 0.5,
    "keskar_sharpness": 10.0,
    "path_norm": 100.0,
    "frobenius_norm": 200.0,
    "distance_from_start": 8.0,
    "spectral_product": 60.0,
    "spectral_bound": 5.0,
    "pacbayes_bound": 1.0,
    "pacbayes_bound_magnitude": 1.0,
    "margin": 3.0,
    "pacbayes_sigma": 0.1,
    "pacbayes_sigma_magnitude": 0.2,
}
LINE = (-0.9, 0.8)  # logit(accuracy under shift) = LINE[0] + LINE[1] logit(accuracy)


def settings(methods=tuple(METHODS), seeds=12, draws=2, noise=(0.0, 0.2), scale="laptop"):
    """Report settings of the study, as config.report_settings gives them."""
    shared = {"datasets": list(DATASETS), "train_sizes": [300], "seeds": seeds, "budget": 1000}
    minima = shared | {"methods": list(methods), "label_noise": list(noise), "draws": draws, "grid": {}}
    lengths = minima | {"methods": ["short_descent"], "draws": len(SHARES), "grid": {"share": SHARES}}
    random = shared | {"methods": ["sgd"], "label_noise": [0.0, 0.5, 1.0], "draws": 1, "grid": {"weight_decay": [0.0]}}
    return {
        "scale": scale,
        "reference": "sgd",
        "confidence": 0.95,
        "methods": dict.fromkeys(methods, "minima"),
        "image_size": 8,
        "hidden": [64, 64],
        "batch_size": 32,
        "validation_size": 300,
        "test_size": 900,
        "severities": [1, 2],
        "experiments": {"minima": minima, "lengths": lengths, "random_labels": random},
    }


def with_yardstick(records, settings, method="mixup"):
    """Records and settings in which a method of the study stands in the experiment `yardsticks` instead."""
    own = (records["experiment"] == "minima") & (records["method"] == method)
    minima = settings["experiments"]["minima"]
    rest = [name for name in minima["methods"] if name != method]
    moved = {"minima": minima | {"methods": rest}, "yardsticks": minima | {"methods": [method]}}
    return (
        records.assign(experiment=records["experiment"].astype(str).mask(own, "yardsticks")),
        settings | {"experiments": settings["experiments"] | moved},
    )


def study(methods=METHODS, seeds=12, draws=2, noise=(0.0, 0.2), rng=0, **planted):
    """Records of the experiments minima, lengths and random_labels.

    Planted, each a value a method: `gain` (accuracy beyond SGD's curve, percentage points), `loss` (factor on SGD's
    training loss), `robust` (logit of the accuracy under shift beyond the line), `sharp` (factor on every sharpness),
    `level`, `moved`, `displaced`, `barrier` (the measures of those names). `spread` is the sd of a run's accuracy in
    percentage points, `validated` a gain on validation data alone, `sharpness` the names of the measures to take.
    """
    generator = np.random.default_rng(rng)
    run = pd.MultiIndex.from_product(
        [list(DATASETS), methods, noise, range(seeds), range(draws)],
        names=["dataset", "method", "label_noise", "seed", "draw"],
    ).to_frame(index=False)
    run["loss"] = run["label_noise"].map(LOSS) * run["method"].map(planted.get("loss", {})).fillna(1.0)
    share = pd.MultiIndex.from_product(
        [list(DATASETS), ["short_descent"], noise, range(seeds), range(len(SHARES))], names=run.columns[:5]
    ).to_frame(index=False)
    share["loss"] = share["label_noise"].map(LOSS) / share["draw"].map(dict(enumerate(SHARES)))
    seed_effect = pd.Series(generator.normal(0, 0.01, seeds))
    exact = {"spread": 0.0, "sharpness": planted.get("sharpness", SHARPNESS)}
    parts = [
        _scored(run.assign(experiment="minima"), seed_effect, generator, planted),
        _scored(share.assign(experiment="lengths"), seed_effect, generator, exact),
        _random_labels(seeds, generator),
    ]
    table = records.complete(pd.concat(parts, ignore_index=True))
    return table.assign(converged=table["value"].notna())[list(records.SCHEMA)]


def _scored(run, seed_effect, generator, planted):
    """Rows of accuracy, training loss and measures for runs with a training loss."""
    gain = run["method"].map(planted.get("gain", {})).fillna(0.0) / 100
    start, slope = run["label_noise"].map(LOSS), run["label_noise"].map(SLOPE)
    base = run["dataset"].map(DATASETS) - 0.1 * (run["label_noise"] > 0) + run["seed"].map(seed_effect)
    spread = planted.get("spread", 0.2) / 100
    skill = base + slope * np.log(run["loss"] / start) + gain + generator.normal(0, 1, len(run)) * spread
    shifted = expit(LINE[0] + LINE[1] * logit(skill) + run["method"].map(planted.get("robust", {})).fillna(0.0))
    shifted += generator.normal(0, 1, len(run)) * spread
    validated = run["method"].map(planted.get("validated", {})).fillna(0.0) / 100
    run = _facts(run)
    rows = [
        _rows(run, "train", "accuracy", skill.clip(upper=0.98) + 0.02),
        _rows(run, "train", "cross_entropy", run["loss"]),
        # The default draw is always the best on validation data, so that the planted effects are not selected away.
        _rows(run, "validation", "accuracy", skill + validated - 0.01 * run["draw"] * (run["experiment"] == "minima")),
        _rows(run, "test", "accuracy", skill),
        *(_rows(run, "test", "accuracy", shifted, "fog", "corruption", level) for level in (1, 2)),
    ]
    natural = run["dataset"] == "typeface_digits"
    rows.append(_rows(run[natural], "test", "accuracy", shifted[natural], "script", "natural", 1))
    plain = run[(run["draw"] == 0) | (run["experiment"] == "lengths")]
    return _table(run, [*rows, *_measures(plain, generator, planted)])


def _measures(run, generator, planted):
    def noisy(values):
        return values * np.exp(generator.normal(0, 0.05, len(run)))

    def given(name, default):
        return noisy(run["method"].map(planted.get(name, {})).fillna(default))

    start = run["label_noise"].map(LOSS)
    sharp = run["method"].map(planted.get("sharp", {})).fillna(1.0) * (run["loss"] / start) ** -0.3
    rows = [_rows(run, "train", name, noisy(SHARPNESS[name] * sharp)) for name in planted.get("sharpness", SHARPNESS)]
    others = run["method"] != "sgd"
    distance = given("moved", 0.002)
    for name in ("barrier", "barrier_matched"):
        values = given("barrier", 0.02).where(run["method"] != "fresh_start", noisy(0.8 + 0 * sharp))
        rows.append(_rows(run[others], "train", name, values[others]))
    rows.append(_rows(run[others], "test", "function_distance", distance[others]))
    rows.append(_rows(run[others], "test", "disagreement", (10 * distance[others]).clip(upper=1)))
    walks = run["method"].isin(WALKS) & (run["experiment"] == "minima")
    for name, values in {
        "walk_level_error": given("level", 0.01),
        "walk_displacement": given("displaced", 0.5),
        "walk_function_distance": given("moved", 0.002),
        "walk_lambda_max_start": noisy(10 + 0 * sharp),
        "walk_lambda_max_end": noisy(5 + 0 * sharp),
        "walk_accepted": given("accepted", 0.9).clip(upper=1),
    }.items():
        split = "test" if name == "walk_function_distance" else "train"
        rows.append(_rows(run[walks], split, name, values[walks]))
    return rows


def _random_labels(seeds, generator):
    """Runs that fit any labels, and know the less the more of them are random."""
    run = pd.MultiIndex.from_product(
        [list(DATASETS), ["sgd"], [0.0, 0.5, 1.0], range(seeds), [0]],
        names=["dataset", "method", "label_noise", "seed", "draw"],
    ).to_frame(index=False)
    run = _facts(run.assign(experiment="random_labels"))
    known = 0.9 - 0.8 * run["label_noise"] + generator.normal(0, 0.005, len(run))
    rows = [("train", "accuracy", 1.0 + 0 * known), ("train", "cross_entropy", 0.01 + 0 * known)]
    rows += [("validation", "accuracy", known.clip(0, 1)), ("test", "accuracy", known.clip(0, 1))]
    return _table(run, [_rows(run, *row) for row in rows])


def _facts(run):
    facts = {"family": "minima", "train_size": 300, "gradient_evaluations": 1000.0, "steps": 1000, "diverged": False}
    return run.assign(**facts, hyperparameters="{}")


def _rows(run, split, metric, values, shift="none", family="none", severity=0):
    """One row a run, as arrays: `_table` makes all of them a table at once."""
    return run.index.to_numpy(), (split, shift, family, severity, metric), np.asarray(values, dtype=float)


def _table(run, rows):
    """The table of some rows, each with the facts of its run."""
    table = run.loc[np.concatenate([index for index, _, _ in rows])].reset_index(drop=True)
    lengths = [len(index) for index, _, _ in rows]
    for position, name in enumerate(["split", "shift", "shift_family", "severity", "metric"]):
        table[name] = np.repeat([where[position] for _, where, _ in rows], lengths)
    return table.assign(value=np.concatenate([values for _, _, values in rows]))
