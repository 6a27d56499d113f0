"""The file of hypotheses on streams: its thresholds are those of the plan, and every mistake is one sentence."""

from pathlib import Path

import pytest
import quick_yaml
from study_fixtures import CLAIMS

from robustpath import methods
from robustpath.claims import contrast_kinds, contrast_model, model
from robustpath.core.errors import UserError
from robustpath.data import registry
from robustpath.study import Experiments

KNOWN = contrast_model.Known(methods.names(), list(registry.DATASETS), list(Experiments.model_fields))
FILE = Path(__file__).parents[2] / "paper" / "claims_batches.yaml"

# The thresholds of H1 to H7, H9 and H10 in the plan of the study, in the order of the file: side and bound.
PLAN = {
    "B1": [("at_most", -0.5), ("at_least", 5), ("at_least", 0.5)],
    "B2": [("at_most", 7), ("at_most", 7), ("at_least", 10), ("at_least", 8), ("at_least", 8)],
    "B3": [("outside", {0.0: 10, 0.5: 0, 0.995: 0, 1.0: 10})],
    "B4": [("at_least", 0)] * 4
    + [("at_most", -4), ("at_most", -4), ("within", [-3, 1]), ("at_least", 2), ("at_least", 2), ("at_most", 0)],
    "B5": [("within", [-6, 6]), ("at_least", 25), ("at_most", -8), ("at_most", -8)],
    "B6": [("at_least", 0)],
    "B7": [("at_most", 3), ("at_least", 5), ("at_most", 2)],
    "B8": [("at_least", 0)],
    "B9": [("at_most", 0)] * 6,
}


def bound(condition):
    given = [name for name in (*contrast_kinds.BOUNDS, "outside") if getattr(condition, name, None) is not None]
    return given[0], getattr(condition, given[0])


def test_the_thresholds_are_those_of_the_plan():
    claims = contrast_model.load(FILE).families["batches"].claims
    assert {claim.id: [bound(each) for each in claim.conditions] for claim in claims} == PLAN


def test_the_file_names_what_there_is():
    contrast_model.check_names(FILE, contrast_model.load(FILE), KNOWN)
    contrast_model.check_apart(model.load(CLAIMS), contrast_model.load(FILE))


def test_every_experiment_of_the_file_is_used():
    (family,) = contrast_model.load(FILE).families.values()
    assert {name for claim in family.claims for name in contrast_model.experiments(claim)} == set(family.experiments)


def spoilt(tmp_path, change):
    content = quick_yaml.loaded(FILE.read_text())
    change(content["families"]["batches"])
    path = tmp_path / "claims.yaml"
    path.write_text(quick_yaml.dumped(content, sort_keys=False))
    return path


def condition(number, place=0):
    return lambda family: family["claims"][number - 1]["conditions"][place]


def put(of, **changes):
    return lambda family: of(family).update(changes)


def drop(of, key):
    return lambda family: of(family).pop(key)


def claim(number):
    return lambda family: family["claims"][number - 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put(condition(1), at_leest=3), r"conditions\[0\].at_leest is not a known key; did you mean at_least"),
        (put(condition(1), at_least=3), "give one of at_least, at_most, within, not at_least and at_most"),
        (drop(condition(1), "at_most"), "give one of at_least, at_most, within, not none"),
        (put(condition(5), within=[6, -6]), r"within must ascend, not be \[6.0, -6.0\]"),
        (put(condition(1), at_most="low"), r"conditions\[0\].at_most = 'low': input should be a valid number"),
        (put(condition(1), kind="contrst"), r"claims\[0\].conditions\[0\]"),
        (drop(condition(1), "metric"), r"conditions\[0\].metric is missing"),
        (lambda family: condition(1)(family)["terms"][1].pop("weight"), "of its terms must add up to 0, not to 2"),
        (put(condition(7), within=[0, 3], at_most=None), r"conditions\[0\].within"),
        (put(condition(2), label_noise=[0.2]), "B2 is not stated for the label noise 0.2 of a condition"),
        (put(claim(3), beside=[0.0]), "B3 has the label noise 0 twice"),
        (put(claim(9), beside=[0.1, 2.0]), r"beside\[1\] = 2.0: input should be less than or equal to 1"),
        (put(claim(2), beside=[0.1]), "B2 has no condition at the label noise 0.1"),
        (put(claim(8), placebos={"joint": "sdp"}), "B8 replaces sdp by the placebo joint, and compares no such method"),
        (put(claim(2), id="B1"), "the hypothesis B1 is given twice"),
        (put(claim(2), id="M2"), "the hypothesis M2 is in the family whose letter is B"),
    ],
)  # fmt: skip
def test_a_spoilt_file_is_refused_in_one_sentence(tmp_path, change, message):
    path = spoilt(tmp_path, change)
    with pytest.raises(UserError, match=message) as error:
        contrast_model.load(path)
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put(condition(1), metric="prequential_bit"), "unknown metric prequential_bit; did you mean prequential_bits?"),
        (put(condition(8), by="prequential_bts"), "unknown metric prequential_bts; did you mean prequential_bits?"),
        (put(condition(1), split="validation"), "unknown split of prequential_bits validation; there are train"),
        (
            lambda family: condition(5)(family)["terms"][0].update(experiment="distance"),
            "B5, KL less features, permuted, names the unknown experiment distance; did you mean distances?",
        ),
        (
            lambda family: condition(5)(family)["terms"][0].update(method="slow_bal"),
            "unknown method slow_bal; did you mean slow_ball?",
        ),
        (
            lambda family: condition(5)(family)["terms"][0].update(dataset="mnist5"),
            "unknown data set mnist5; did you mean mnist5k?",
        ),
        (
            lambda family: condition(6)(family)["terms"][0].update(hyperparameters={"bal": 1}),
            "unknown hyperparameter of epi_ball bal; did you mean ball?",
        ),
        (
            lambda family: family["experiments"].update(radius="of a ball"),
            "families.batches.experiments names the unknown experiment radius; did you mean radii?",
        ),
        (put(condition(3), hyperparameter="ages"), "unknown hyperparameter of slow_ball ages; did you mean age?"),
        (put(claim(8), placebos={"jont": "slow_ball"}), "B8 names the unknown method jont; did you mean joint?"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_refused_with_the_nearest(tmp_path, change, message):
    path = spoilt(tmp_path, change)
    with pytest.raises(UserError, match=message) as error:
        contrast_model.check_names(path, contrast_model.load(path), KNOWN)
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.yaml: no such file"):
        contrast_model.load(tmp_path / "none.yaml")


@pytest.mark.parametrize("change", [{"letter": "M"}, {}])
def test_families_of_both_files_are_apart(change):
    contrasts = contrast_model.load(FILE)
    family = contrasts.families["batches"].model_copy(update=change)
    spoilt = contrast_model.Contrasts.model_construct(families={"batches" if change else "minima": family})
    with pytest.raises(UserError, match=r"of the files of hypotheses share a name or the letter"):
        contrast_model.check_apart(model.load(CLAIMS), spoilt)
