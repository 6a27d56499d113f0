"""The hypotheses on shortcuts: their thresholds, multiples of a mean, missing groups, terms on several data sets."""

from pathlib import Path

import pytest
import streamed

from robustpath.claims import contrast_judge, contrast_kinds, contrast_model, model
from robustpath.claims.contrast_conditions import Case, weigh
from robustpath.claims.contrast_values import runs_of
from robustpath.claims.files import CLAIMS, CONTRAST_FILES, SHORTCUTS
from robustpath.core.errors import UserError
from robustpath.numbers import shortcuts

ROOT = Path(__file__).parents[2]
FILE = ROOT / SHORTCUTS
# The thresholds of H1 to H7 in the plan of the study, with the margins that the file states.
PLAN = {
    "S1": [("at_least", 0)] * 3,
    "S2": [("at_least", 2), ("at_least", 2), ("within", [-5, 5]), ("within", [-5, 5])],
    "S3": [("at_least", 0), ("at_least", 0), ("within", [-3, 3])],
    "S4": [("at_most", 0)],
    "S5": [("at_least", 0), ("within", [-3, 3])],
    "S6": [("at_most", 0), ("at_least", -0.5)],
    "S7": [("at_least", 0)],
    "S8": [("at_most", 0), ("within", [-3, 3])],
    "S9": [("at_least", 0), ("at_least", 0)],
    "S10": [("at_least", 0), ("within", [-3, 3])],
    "S11": [("at_least", 0), ("within", [-5, 5])],  # of the pilot
}


def bound(condition):
    (name,) = (name for name in contrast_kinds.BOUNDS if getattr(condition, name) is not None)
    return name, getattr(condition, name)


def test_the_thresholds_are_those_of_the_plan():
    (family,) = contrast_model.load(FILE).families.values()
    assert {claim.id: [bound(each) for each in claim.conditions] for claim in family.claims} == PLAN
    assert [term.weight for term in family.claims[0].conditions[0].terms] == [1, -3]
    assert tuple(family.experiments) == shortcuts.EXPERIMENTS


def test_every_experiment_of_the_file_is_used():
    (family,) = contrast_model.load(FILE).families.values()
    assert {name for claim in family.claims for name in contrast_model.experiments(claim)} == set(family.experiments)


def test_files_are_read_together_and_families_are_apart():
    both = contrast_model.load_all(ROOT / file for file in CONTRAST_FILES)
    assert list(both.families) == list(CONTRAST_FILES.values())
    contrast_model.check_apart(model.load(ROOT / CLAIMS), both)
    with pytest.raises(UserError, match="the family shortcuts shares its name or the letter S with shortcuts"):
        contrast_model.load_all([FILE, FILE])


def planted(**shares):
    """Shares of a missing group that methods find: a pair of one for each of two groups that are missing in turn."""
    cells = [
        {"method": method, "missing": group, "values": {"accuracy": 0.5, "discovered": share}}
        for method, pair in shares.items()
        for group, share in enumerate(pair)
    ]
    return runs_of(streamed.runs(cells, spread=0.0001))


def found(runs, terms, **bounds):
    return weigh(streamed.condition(metric="discovered", terms=terms, **bounds), Case(runs, 0.0, 0.95))


def triple():
    return [{"experiment": "streams", "method": "ours"}, {"experiment": "streams", "method": "chance", "weight": -3}]


def test_a_mean_is_compared_with_a_multiple_of_another_over_missing_groups():
    # Ours finds .1 and .5 of the two groups, chance .04 and .08: .30 less 3 x .06 is 12 points.
    verdict = found(planted(ours=(0.1, 0.5), chance=(0.04, 0.08)), triple(), at_least=0, multiple=True)
    assert verdict["effect"] == pytest.approx(12, abs=0.3) and verdict["verdict"] == "supported"
    assert verdict["n"] == streamed.SEEDS
    less = found(planted(ours=(0.1, 0.2), chance=(0.04, 0.08)), triple(), at_least=0, multiple=True)
    assert less["verdict"] == "refuted"


def test_weights_add_up_unless_a_multiple_is_asked_for():
    with pytest.raises(ValueError, match="must add up to 0, not to -2, unless multiple is true"):
        streamed.condition(terms=triple(), at_least=0)


def test_terms_on_several_data_sets_are_paired_by_seed():
    cells = [
        {"method": method, "dataset": name, "values": {"accuracy": 0.5, "discovered": share}}
        for method, name, share in (("ours", "a", 0.4), ("chance", "a", 0.1), ("ours", "b", 0.2), ("chance", "b", 0.1))
    ]
    terms = [
        {"experiment": "streams", "method": method, "dataset": name, "weight": weight}
        for method, name, weight in (("ours", "a", 1), ("chance", "a", -1), ("ours", "b", -1), ("chance", "b", 1))
    ]
    verdict = found(runs_of(streamed.runs(cells, spread=0.0001)), terms, at_least=0)
    assert verdict["effect"] == pytest.approx(20, abs=0.2)
    assert (verdict["n"], verdict["left_out"], verdict["verdict"]) == (streamed.SEEDS, 0, "supported")


def test_without_records_every_hypothesis_is_undecided():
    table = streamed.runs([{"method": "er", "values": {"accuracy": 0.5}}])
    shortcuts = contrast_judge.judge(table, contrast_model.load(FILE), 0.95)["shortcuts"]
    assert {each["verdict"] for each in shortcuts["verdicts"]} == {"undecided"}
    assert shortcuts["verdicts"][0]["note"].startswith("there are no runs of experiment acquisition_methods")
