"""Partial correlations, terms matched in accuracy and placebos of metrics: known answers, words, and mistakes."""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import streamed
from pydantic import ValidationError

from robustpath.claims import contrast_conditions, contrast_judge, contrast_model, contrast_values, sentences, verdicts
from robustpath.claims.contrast_conditions import Case, weigh
from robustpath.claims.contrast_values import runs_of
from robustpath.core.errors import UserError
from robustpath.statistics import partial

STRENGTHS = (0.01, 0.1)
METHODS = ("double", "single")
SEEDS = 10
SHIFTS = {("fog", "corruption"): 0.4, ("blur", "corruption"): 0.6}
KNOWN = contrast_model.Known(
    {"sgd": "minima", "sam": "minima", "contour_warmup": "minima", "midway_walk": "minima"}, ["gauss_groups"],
    ["streams", "references"],
)  # fmt: skip


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch):
    monkeypatch.setattr(partial, "RESAMPLES", 250)


@cache
def grid(link=-0.5, control=0.0, datasets=("mnist5k",), seeds=SEEDS, rng=0):
    """Records of two methods at two strengths. Given the accuracy on validation data, the worst-group accuracy changes
    by `link` times the forgetting, and by `control` times the learning accuracy."""
    generator = np.random.default_rng(rng)
    names = ("accuracy", "accuracy_worst_group", "forgetting", "learning_accuracy")
    draws = [({"strength": each}, dict.fromkeys(names, 0.5) | {"shifts": SHIFTS}) for each in STRENGTHS]
    cells = [{"dataset": dataset, "method": method, "draws": draws} for dataset in datasets for method in METHODS]
    table = streamed.runs(cells, seeds, spread=0.0)
    number = table.groupby(["dataset", "method", "seed", "draw"]).ngroup().to_numpy()
    accuracy, mixed, learnt, noise = generator.uniform(0, 0.1, (4, number.max() + 1))
    values = {"accuracy": 0.8 + accuracy, "forgetting": 0.2 + mixed - accuracy, "learning_accuracy": 0.5 + learnt}
    values["accuracy_worst_group"] = 0.3 + accuracy + link * mixed + control * learnt + 0.3 * noise
    plain = pd.DataFrame(values).to_numpy()[number, [list(values).index(each) for each in table["metric"]]]
    shifted = table["value"] + values["accuracy_worst_group"][number]
    return table.assign(value=np.where(table["shift"] == "none", plain, shifted))


def partially(**changes):
    shared = {"experiment": "streams", "methods": list(METHODS), "metric": "forgetting", "given_split": "validation"}
    return streamed.condition("partial", **shared | {"outcome": "accuracy_worst_group", "error": True} | changes)


def of(condition, table, level=0.0):
    return weigh(condition, Case(runs_of(table), level, 0.95))


def columns(table, *named, **where):
    """Values of (metric, split), in the order of runs."""
    for name, value in where.items():
        table = table[table[name] == value]
    run = ["method", "seed", "draw"]
    found = []
    for metric, split in named:
        own = table[(table["metric"] == metric) & (table["split"] == split) & (table["shift"] == "none")]
        found.append(own.sort_values(run)["value"].to_numpy())
    return found


USED = [("forgetting", "test"), ("accuracy_worst_group", "test"), ("accuracy", "validation")]


def by_hand(x, y, z):
    ranks = [scipy.stats.rankdata(each) for each in (x, y, z)]
    design = np.stack([np.ones(len(x)), ranks[2]], axis=1)
    left = [each - design @ np.linalg.lstsq(design, each, rcond=None)[0] for each in ranks[:2]]
    return np.corrcoef(*left)[0, 1]


def test_all_runs_of_a_grid_are_correlated_and_none_is_selected():
    table = grid()
    x, y, z = columns(table, *USED)
    assert len(x) == len(STRENGTHS) * len(METHODS) * SEEDS
    found = of(partially(at_least=0), table)
    assert found["effect"] == pytest.approx(by_hand(x, 1 - y, z)) and found["unit"] == "correlation"
    assert (found["n"], found["left_out"], found["verdict"]) == (SEEDS, 0, "supported")
    assert found["interval"] == partial.WORDS and found["threshold"] == 0
    assert of(partially(at_least=0, error=False), table)["effect"] == pytest.approx(-found["effect"])
    one = of(partially(at_least=0, methods=["single"], hyperparameters={"strength": 0.1}), table)
    own = columns(table[table["hyperparameters"] == json.dumps({"strength": 0.1})], *USED, method="single")
    assert one["effect"] == pytest.approx(by_hand(own[0], 1 - own[1], own[2]))


@pytest.mark.parametrize(
    ("bound", "link", "verdict"),
    [
        ({"at_least": 0}, -1.5, "supported"),
        ({"at_least": 0}, 1.5, "refuted"),
        ({"at_least": 0}, 0.0, "undecided"),
        ({"at_most": 0.5}, -1.5, "refuted"),
        ({"at_most": 0.9}, 0.0, "supported"),
        ({"within": [-0.9, 0.9]}, 0.0, "supported"),
        ({"within": [-0.4, 0.4]}, -1.5, "refuted"),
    ],
)
def test_the_bounds_are_those_of_all_kinds(bound, link, verdict):
    found = of(partially(**bound), grid(link))
    assert found["verdict"] == verdict
    json.dumps(found, allow_nan=False)
    # The interval decides alike where there is one bound.
    side, threshold = contrast_conditions.bound_of(partially(**bound))
    if side != "within":
        beyond = {"above": (found["low"], threshold), "below": (threshold, found["high"])}[side]
        assert (verdict == "supported") == (beyond[0] > beyond[1])
        assert (found["detectable"] - threshold) * (1 if side == "above" else -1) > 0


def test_an_interval_is_two_one_sided_tests_on_the_scale_of_z():
    found = of(partially(within=[-0.3, 0.6]), grid())
    ends = {side: of(partially(**{side: end}), grid()) for side, end in (("at_most", 0.6), ("at_least", -0.3))}
    assert found["p_support"] == pytest.approx(max(each["p_support"] for each in ends.values()))
    z, low, high = np.arctanh([found["effect"], -0.3, 0.6])
    error = (np.arctanh(found["high"]) - z) / scipy.stats.t.ppf(0.975, SEEDS - 1)
    out, margin = abs(z - (low + high) / 2), (high - low) / 2
    p = scipy.stats.t.sf((out - margin) / error, SEEDS - 1) + scipy.stats.t.sf((out + margin) / error, SEEDS - 1)
    assert found["p_refute"] == pytest.approx(p)


def test_data_sets_are_strata_and_may_be_named():
    table = grid(datasets=("mnist5k", "mnist1d"))
    found = of(partially(at_least=0), table)
    z = [np.arctanh(by_hand(x, 1 - y, given)) for x, y, given in (columns(table, *USED, dataset=name)
         for name in ("mnist1d", "mnist5k"))]  # fmt: skip
    assert found["effect"] == pytest.approx(np.tanh(np.mean(z))) and found["n"] == 2 * SEEDS
    one = of(partially(at_least=0, datasets=["mnist1d"]), table)
    assert one["effect"] == pytest.approx(np.tanh(z[0])) and list(one["by_dataset"]) == ["mnist1d"]


def test_the_outcome_may_be_under_shift():
    found = of(partially(at_least=0, outcome="accuracy", over="corruption"), grid())
    assert found["effect"] == pytest.approx(of(partially(at_least=0), grid())["effect"])


def test_a_run_without_a_value_is_left_out_and_counted():
    table = grid()
    lost = (table["metric"] == "forgetting") & (table["method"] == "single") & (table["seed"] == 2)
    found = of(partially(at_least=0), table.assign(value=table["value"].mask(lost)))
    assert (found["left_out"], found["n"]) == (2, SEEDS)


def test_what_there_are_no_runs_of_is_named():
    for change, lacking in (({"methods": ["double", "third"]}, "third"), ({"datasets": ["mnist1d"]}, "on mnist1d")):
        found = of(partially(at_least=0, **change), grid())
        assert found["effect"] is None and lacking in found["note"] and found["verdict"] == "undecided"
    found = of(partially(at_least=0), grid().assign(value=0.5))
    assert found["low"] is None and "too few runs that differ on mnist5k" in found["note"]


def contrasts(*claims):
    return contrast_model.Contrasts(families={"batches": streamed.family(*claims)})


def judged(table, *claims):
    needed = contrast_values.needed(table, contrasts(*claims))
    return contrast_judge.judged(needed, streamed.family(*claims), 0.95)


def test_the_correlation_has_its_words_its_numbers_and_its_correction():
    claim = streamed.hypothesis(partially(at_least=0, what="the link", short="link"))
    far = streamed.hypothesis(partially(at_least=0.999, what="the far one", short="far"), name="B2")
    verdict, other = judged(grid(-2.0), claim, far)
    assert verdict["verdict"] == "supported" and verdict["holm"] == pytest.approx(2 * verdict["p"])
    said = sentences.sentences(verdict, 0.95)[0.0]
    assert (
        said.startswith("With clean labels, the link is $+0.")
        and "]}, required: above 0). The case is supported." in said
    )
    finding = verdict["entries"][0]["conditions"][0]
    assert verdicts.measure(finding) == "link" and verdicts.number(finding["detectable"], "correlation")[:3] == "$+0"
    assert other["verdict"] == "refuted"


def test_a_method_placebo_takes_the_place_of_a_method_of_the_correlation():
    table = pd.concat([grid(-3.0), grid(1.5, rng=1).assign(method=lambda own: own["method"] + "_control")])
    claim = streamed.hypothesis(
        partially(at_least=0, methods=["double"]), placebos={"double_control": "double", "single": "double"}
    )
    (verdict,) = judged(table, claim)
    x, y, z = columns(table, *USED, method="double_control")
    row = verdict["placebos"][0]
    assert row["conditions"][0]["effect"] == pytest.approx(by_hand(x, 1 - y, z))
    assert verdict["passed_by"] == ["single"]


@pytest.mark.parametrize(("control", "passes"), [(0.0, False), (-1.5, True)])
def test_a_metric_placebo_is_the_claim_on_another_metric(control, passes):
    table = grid(-1.5, control)
    claim = streamed.hypothesis(partially(at_least=0), metric_placebos={"learning_accuracy": "forgetting"})
    (verdict,) = judged(table, claim)
    (row,) = verdict["placebos"]
    x, y, z = columns(table, ("learning_accuracy", "test"), *USED[1:])
    assert row["conditions"][0]["effect"] == pytest.approx(by_hand(x, 1 - y, z))
    assert row["variant"] == "learning_accuracy"
    assert row["conditions"][0]["what"].endswith("learning_accuracy in the place of forgetting")
    assert (verdict["passed_by"] == ["learning_accuracy"]) == passes
    said = sentences.sentences(verdict, 0.95)[0.0]
    assert ("This is not specific: the metric learning accuracy passes too." in said) == passes
    assert verdict["entries"][0]["conditions"][0]["passed_by"] == verdict["passed_by"]
    found = contrast_judge.judge(table, contrasts(claim), 0.95)["batches"]
    assert found["placebos"] == ["learning_accuracy"]


def test_a_metric_placebo_leaves_conditions_on_other_metrics_as_they_are():
    own = [streamed.condition(terms=streamed.less("double", "single"), at_least=-50, metric=metric)
           for metric in ("forgetting", "accuracy")]  # fmt: skip
    table = grid()
    (verdict,) = judged(table, streamed.hypothesis(*own, metric_placebos={"learning_accuracy": "forgetting"}))
    found = verdict["placebos"][0]["conditions"]
    # Of each method and seed the draw of the best validation accuracy, by hand.
    best = {}
    for method in METHODS:
        accuracy, learnt = columns(table, ("accuracy", "validation"), ("learning_accuracy", "test"), method=method)
        picks = accuracy.reshape(SEEDS, 2).argmax(1)
        best[method] = learnt.reshape(SEEDS, 2)[np.arange(SEEDS), picks]
    unit = 100 if found[0]["unit"] == "percentage points" else 1
    assert found[0]["effect"] == pytest.approx(unit * (best["double"] - best["single"]).mean())
    assert found[1]["effect"] == verdict["entries"][0]["conditions"][1]["effect"] and found[1]["what"] == own[1].what


# Arms at matched accuracy: the base has 0.9; of `loss` strength 0.1 costs 2 points, 0.03 costs 0.4.
VALIDATION = {0.01: 0.9, 0.03: 0.896, 0.1: 0.88}
TESTED = {0.01: 0.5, 0.03: 0.6, 0.1: 0.7}


def arms(validation=VALIDATION, tested=TESTED):
    draws = [({"strength": s}, {"accuracy": tested[s], "validation": validation[s]}) for s in validation]
    base = {"experiment": "references", "method": "sgd", "values": {"accuracy": 0.5, "validation": 0.9}}
    other = {"method": "plain", "values": {"accuracy": 0.55, "validation": 0.9}}
    return streamed.runs([{"method": "loss", "draws": draws}, base, other], spread=1e-6)


def gain(points=0.5, method="loss", **more):
    matched = {"accuracy_cost": points, "base": {"experiment": "references", "method": "sgd"}}
    terms = [{"experiment": "streams", "method": method} | matched | more]
    terms += [{"experiment": "references", "method": "sgd", "weight": -1}]
    return streamed.condition(terms=terms, at_least=0.0)


@pytest.mark.parametrize(("points", "effect"), [(0.5, 10.0), (3.0, 20.0), (0.1, 0.0)])
def test_the_largest_strength_of_the_asked_cost_stands_for_a_method(points, effect):
    assert of(gain(points), arms())["effect"] == pytest.approx(effect, abs=0.01)


def test_where_no_strength_keeps_the_accuracy_the_smallest_stands_for_it():
    assert of(gain(), arms({0.01: 0.7, 0.03: 0.8, 0.1: 0.75}))["effect"] == pytest.approx(0, abs=0.01)


def test_test_data_have_no_part_in_the_choice():
    """Whichever strength is best on test data, that of the validation accuracy is taken."""
    for order in ((0.5, 0.6, 0.7), (0.7, 0.6, 0.5), (0.9, 0.6, 0.1)):
        found = of(gain(), arms(tested=dict(zip(VALIDATION, order, strict=True))))
        assert found["effect"] == pytest.approx(10, abs=0.01)


def test_one_choice_holds_for_all_seeds():
    """Seeds differ by more than the cost, arms and base alike; a choice for each seed would change with its noise."""
    table = arms()
    noise = table["seed"].map(dict(enumerate(np.random.default_rng(0).permutation(8) / 100)))
    loss = (table["split"] == "validation") & (table["hyperparameters"] == json.dumps({"strength": 0.03}))
    moved = table.assign(value=table["value"].mask(loss, table["value"] + noise - noise[loss].mean()))
    assert of(gain(), moved)["effect"] == pytest.approx(10, abs=0.01)


def test_a_placebo_without_a_strength_has_its_own_draws():
    claim = streamed.hypothesis(gain(), placebos={"plain": "loss"})
    family = {"letter": "B", "experiments": {"streams": "all", "references": "the base"}, "claims": [claim]}
    own = contrast_model.Family.model_validate(family)
    whole = contrast_model.Contrasts(families={"batches": own})
    (verdict,) = contrast_judge.judged(contrast_values.needed(arms(), whole), own, 0.95)
    assert verdict["effect"] == pytest.approx(10, abs=0.01)
    assert verdict["placebos"][0]["conditions"][0]["effect"] == pytest.approx(5, abs=0.01)
    assert contrast_model.experiments(claim) == ["streams", "references"]


def test_without_runs_of_the_base_nothing_is_judged():
    found = of(gain(base={"experiment": "nowhere", "method": "sgd"}), arms())
    assert found["effect"] is None
    assert "loss in the experiment streams as accurate as sgd in the experiment nowhere but for 0.5" in found["note"]
    elsewhere = arms().assign(dataset=lambda own: own["dataset"].where(own["method"] == "sgd", "mnist1d"))
    assert of(gain(), elsewhere)["effect"] is None
    larger = arms().assign(train_size=lambda own: own["train_size"].where(own["method"] == "sgd", 77))
    assert of(gain(), larger)["effect"] is None and "as accurate as sgd" in of(gain(), larger)["note"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gain(base=None), "accuracy_cost needs the base that the accuracy is compared with"),
        (lambda: gain(points=None), "a base needs a cost"),
        (lambda: gain(points=-1), "greater than or equal to 0"),
        (lambda: gain(hyperparameters={"strength": 0.1}), "chooses strength, which is among the hyperparameters"),
        (lambda: partially(at_least=1.0), "a bound of a partial correlation lies between -1 and 1, not at 1"),
        (lambda: partially(within=[-3, 0]), "a bound of a partial correlation lies between -1 and 1, not at -3"),
        (lambda: partially(at_least=0, outcome="forgetting"), "needs three metrics, and forgetting is named twice"),
        (lambda: partially(at_least=0, methods=["a", "a"]), "names the method a twice"),
        (lambda: partially(), "give one of at_least, at_most, within, not none"),
        (
            lambda: streamed.hypothesis(partially(at_least=0), metric_placebos={"accuracy": "backward_transfer"}),
            "B1 replaces backward_transfer by the metric placebo accuracy, and measures no such metric",
        ),
        (
            lambda: streamed.condition("spread", term=gain().terms[0].model_dump(), hyperparameter="strength",
                                       at_most=3.0),
            "accuracy_cost chooses one value of strength, where several are compared",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_refused(make, message):
    with pytest.raises(ValidationError, match=message):
        make()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": "accuracy_worst_grup"}, "unknown metric accuracy_worst_grup; did you mean accuracy_worst_group?"),
        ({"given": "acuracy"}, "unknown metric acuracy; did you mean accuracy?"),
        ({"given_split": "validate"}, "unknown split of accuracy validate; did you mean validation?"),
        ({"methods": ["sam", "sgdd"]}, "unknown method sgdd; did you mean sgd?"),
        ({"datasets": ["gauss_group"]}, "unknown data set gauss_group; did you mean gauss_groups?"),
        ({"experiment": "stream"}, "unknown experiment stream; did you mean streams?"),
        ({"hyperparameters": {"radiu": 1}}, "unknown hyperparameter of sam radiu; did you mean radius?"),
        ({"outcome": "prequential_bits", "error": True}, "the error of prequential_bits, which is no fraction"),
        ({"placebo": "forgeting"}, "B1 names the unknown metric forgeting; did you mean forgetting?"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(change, message):
    placebo = change.pop("placebo", None)
    keys = {"methods": ["sam"], "metric": "lambda_max", "error": False} | change
    claim = streamed.hypothesis(
        partially(at_least=0, **keys), metric_placebos={placebo: "lambda_max"} if placebo else {}
    )
    with pytest.raises(UserError, match=message):
        contrast_model.check_names("claims.yaml", contrasts(claim), KNOWN)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"base": {"method": "sdg"}}, "unknown method sdg; did you mean sgd?"),
        ({"base": {"method": "sgd", "experiment": "reference"}}, "unknown experiment reference; did you mean referenc"),
        ({"base": {"method": "sgd", "hyperparameters": {"weigt_decay": 0}}}, "hyperparameter of sgd weigt_decay; did"),
        ({"strength": "radios"}, "unknown hyperparameter of sam radios; did you mean radius?"),
    ],
)
def test_an_unknown_name_of_a_matched_term_is_refused(change, message):
    claim = streamed.hypothesis(gain(method="sam", **{"strength": "radius"} | change))
    own = {"letter": "B", "experiments": {"streams": "all", "references": "the base"}, "claims": [claim]}
    whole = contrast_model.Contrasts.model_validate({"families": {"batches": own}})
    with pytest.raises(UserError, match=message):
        contrast_model.check_names("claims.yaml", whole, KNOWN)


def test_a_metric_placebo_has_the_unit_of_the_bound():
    def named(bound):
        own = streamed.condition(terms=streamed.less("sam", "sgd"), metric="accuracy", at_least=bound)
        claim = streamed.hypothesis(own, metric_placebos={"lambda_max": "accuracy"})
        contrast_model.check_names("claims.yaml", contrasts(claim), KNOWN)

    named(0)
    with pytest.raises(UserError, match="has a bound in the unit of accuracy, which its metric placebo lambda_max"):
        named(2)
