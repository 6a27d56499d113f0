"""Edits of the scale smoke that were accepted once, and failed or printed something wrong after all training."""

import copy
from pathlib import Path

import quick_yaml

CONFIG = Path(__file__).parents[2] / "config.yaml"
SMOKE = quick_yaml.loaded(CONFIG.read_text(encoding="utf-8"))
SMOKE |= {"scale": "smoke", "scales": {"smoke": SMOKE["scales"]["smoke"]}}
ALONE = ("split", "initialisation", "order", "draw")  # variance_…


def edited(edits: dict) -> dict:
    """The config with values put in its scale smoke, "experiment.key" -> value."""
    raw = copy.deepcopy(SMOKE)
    for address, value in edits.items():
        name, _, key = address.partition(".")
        raw["scales"]["smoke"]["experiments"][name][key] = value
    return raw


# What is put where in the experiments of the scale.
FAULTS = {
    "two train sizes in minima": {"minima.train_sizes": [50, 100]},
    "two train sizes in minima and lengths": {
        "minima.train_sizes": [50, 100], "lengths.train_sizes": [50, 100],
    },
    "no moments are kept": {"trajectories.points": 0},
    "one method on trajectories": {"trajectories.methods": ["sgd"]},
    "no clean labels in minima": {"minima.label_noise": [0.2]},
    "no label noise of a hypothesis in minima": {"minima.label_noise": [0.1, 0.4]},
    "minima on other data": {"minima.datasets": ["mnist1d"]},
    "lengths on other data": {"lengths.datasets": ["mnist1d"]},
    "lengths at another label noise": {"lengths.label_noise": [0.0, 0.3]},
    "one method in data_efficiency": {"data_efficiency.methods": ["sgd"]},
    "the reference alone in minima": {"minima.methods": ["sgd"]},
    "minima is not measured": {"minima.measured": False},
    "variance_order varies nothing": {"variance_order.vary": []},
    "one draw in variance_draw": {"variance_draw.draws": 1},
    "variance of another size": {f"variance_{name}.train_sizes": [50] for name in ALONE},
    "data without shifts in data_efficiency": {"data_efficiency.datasets": ["gauss_groups"]},
    "no plain steps on kinds of streams": {"stream_split.methods": ["slow_ball"]},
    "another label noise of one network": {"stream_adaptation.label_noise": [0.0, 1.0]},
    "no shifts on streams": {"streams.shifted": False},
    "one method on streams": {"streams.methods": ["joint"]},
    "one weight of the ball without a zero": {"memory_ball.grid": {"memory": [0.0, 1.0], "ball": [10.0]}},
    "the interaction without its control": {"acquisition_interaction.methods": ["core_set", "parallelogram"]},
    "a missing group without the parallelogram": {"acquisition_methods.methods": ["alvin"]},
    "labels of all groups without the parallelogram": {"acquisition_generic.methods": ["core_set"]},
    "a factorial of other groups": {"factorial_both.missing": [1]},
    "no base of losses on activations": {"activation_references.grid": {"strength": [0.1]},
                                         "activation_references.methods": ["double_well_occupancy"]},
    "a sweep of another design": {"feature_sweep.design": "subsets"},
}  # fmt: skip
_CALIBRATED = {"calibration": "minima", "error_rates": "minima"}
_MINIMA = {"minima_comparison": "minima", "matched_loss": "minima", "effective_robustness": "minima"}
_MINIMA |= {"descent_forgets": "minima"} | _CALIBRATED
_STUDY = dict.fromkeys(("forgetting", "loss_surfaces"), "trajectories.points")
_OF_EFFICIENCY = ("learning_curves", "shift_severity", "method_comparison", "aggregates", "tuning_curves",
                  "selection_rules")  # fmt: skip
_OF_ACTIVATIONS = ("activation_losses", "activations", "activation_factors", "universality")


def _beside_lengths(key: str) -> dict[str, str]:
    """What compares the study of minima with SGD of several lengths, all with this key."""
    return dict.fromkeys(("matched_loss", "effective_robustness", "descent_forgets"), key)


# Figure or table -> the key that its sentence names first.
LEFT_OUT = {
    "two train sizes in minima": {
        "measures": "minima.train_sizes", **_beside_lengths("minima.train_sizes"),
    },
    "two train sizes in minima and lengths": dict.fromkeys(("measures", "effective_robustness"), "minima.train_sizes"),
    "no moments are kept": _STUDY,
    "one method on trajectories": {"forgetting": "trajectories.methods"},
    "no clean labels in minima": {"variance_components": "variance_split.label_noise"},
    "no label noise of a hypothesis in minima": {
        "calibration": "minima.label_noise", "error_rates": "minima.label_noise",
        **_beside_lengths("minima.label_noise"), "variance_components": "variance_split.label_noise",
    },
    "minima on other data": {
        **_beside_lengths("minima.datasets"), "variance_components": "variance_split.datasets",
    },
    "lengths on other data": _beside_lengths("minima.datasets"),
    "lengths at another label noise": _beside_lengths("minima.label_noise"),
    "one method in data_efficiency": dict.fromkeys(_OF_EFFICIENCY, "data_efficiency.methods"),
    "the reference alone in minima": {name: f"{key}.methods" for name, key in _MINIMA.items()},
    "minima is not measured": dict.fromkeys(("measures", "descent_forgets"), "minima.measured"),
    "variance_order varies nothing": {"variance_components": "variance_order.vary"},
    "one draw in variance_draw": {"variance_components": "variance_draw.draws"},
    "variance of another size": {"variance_components": "variance_split.train_sizes"},
    "data without shifts in data_efficiency": {"shift_severity": "data_efficiency.datasets"},
    "no plain steps on kinds of streams": {"stream_kinds": "stream_split.methods"},
    "another label noise of one network": {"stream_methods": "stream_adaptation.label_noise"},
    "no shifts on streams": {"stream_shifts": "streams.shifted"},
    "one method on streams": dict.fromkeys(
        ("stream_shifts", "stream_budgets", "prequential", "size_direction"), "streams.methods"
    ),
    "one weight of the ball without a zero": {"memory_ball": "memory_ball.grid.ball"},
    "the interaction without its control": {"interaction": "acquisition_interaction.methods"},
    "a missing group without the parallelogram": dict.fromkeys(
        ("worst_group_curves", "acquisition_methods"), "acquisition_methods.methods"
    ),
    "labels of all groups without the parallelogram": {"worst_group_curves": "acquisition_generic.methods"},
    "a factorial of other groups": {"factorial": "factorial_both.missing"},
    "no base of losses on activations": dict.fromkeys(_OF_ACTIVATIONS, "activation_references.methods"),
    "a sweep of another design": {"feature_reliance": "feature_sweep.design"},
}  # fmt: skip
# What is put where, and the key that the refusal names.
REFUSED = {
    "two moments": ({"trajectories.points": 2}, "trajectories.points"),
    "more than the whole budget": ({"lengths.grid": {"share": [0.5, 1e6]}}, "lengths.grid.share"),
}
