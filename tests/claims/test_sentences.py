import planted
import pytest
from study_fixtures import CLAIMS

from robustpath.claims import model, sentences
from robustpath.claims.judge import judged
from robustpath.statistics import evidence

FAMILY = model.load(CLAIMS).families["minima"]


def of(name, noise=0.0, placebos=(), seeds=12, **effects):
    """The sentence on one hypothesis at one label noise, of a planted study."""
    (claim,) = [claim for claim in FAMILY.claims if claim.id == name]
    family = FAMILY.model_copy(update={"claims": [claim], "corrected": [], "placebos": list(placebos)})
    methods = [*planted.METHODS, *placebos]
    table = planted.study(methods, seeds=seeds, draws=1, sharpness=["lambda_max", "noise_sharpness"], **effects)
    (verdict,) = judged(evidence.gather(table, "minima", "lengths"), family, planted.settings())
    return sentences.sentences(verdict, 0.95)[noise]


@pytest.mark.parametrize(
    ("effects", "words"),
    [
        ({}, "required: beyond $\\pm$0.3; shown: equivalent within it). All four walks along the contour are refuted."),
        ({"gain": {"isotropic_warmup": -2.0}}, "beyond $\\pm$0.3). All four walks along the contour are supported"),
        ({"spread": 4.0}, "required: beyond $\\pm$0.3). All four walks"),
    ],
)
def test_equivalence_is_said_where_it_is_shown(effects, words):
    text = of("M5", **effects)
    assert text.startswith("With clean labels, in the most favourable of four cases, the accuracy of ")
    assert words in text


def test_the_strongest_control_has_its_name_and_the_effect_comes_first():
    text = of("M2", noise=0.2, gain={"radam": 2.0})
    assert text.startswith("With 20\\,\\% noisy labels, in the most favourable of six cases, the accuracy of ")
    assert "minus that of the strongest control (RAdam) is $-" in text
    assert "required: above 0.3). All six walks are refuted." in text


def test_a_ratio_without_an_interval_has_its_reason():
    why = "the mean of barrier_matched of reordered_sgd on typeface_digits is not known to within half of itself"
    finding = {"kind": "ratio", "measure": "barrier_matched", "test_set": None, "against": "sgd", "unit": "ratio"}
    finding |= {"effect": 12.5, "low": None, "high": None, "note": f"({why})"}
    said = sentences._clause(finding, "contour_warmup")
    measure = "the barrier after matching the units"
    plain = f"the mean of {measure} of reordered SGD on Typeface digits is not known to within half of itself"
    assert said.endswith(f"is 12.50 (no interval: {plain})")


def test_every_condition_of_the_nearest_case_is_said():
    text = of("M8", noise=0.2, loss={"contour_cooldown": 3.0}, rng=1)
    equal, matched, sam, count = text.split("; ")[0], *text.split("; ")[1:], text.rpartition(". ")[2]
    assert "minus that of SGD is $+2." in equal and "required: above 0" in equal
    assert "SGD at the same training loss" in matched and "required: above 0" in matched
    assert "minus that of SAM" in sam and count == "The case is undecided."


def test_what_placebos_pass_is_not_specific():
    gains = {"gain": {"contour_cooldown": 1.0, "rescaled_start": 1.5}}
    assert of("M8", placebos=["rescaled_start"], **gains).endswith("This is not specific: rescaled start passes too.")
    assert "specific" not in of("M8", placebos=["rescaled_start"], gain={"contour_cooldown": 1.0})


def test_void_walks_and_missing_records_are_said():
    level = dict.fromkeys(planted.VARIANTS, 0.2)
    assert of("M6", level=level) == (
        "With clean labels, no population of walkers keeps its level, so that none can be judged."
    )
    assert "is not known" in of("M6", seeds=1) or "The case is undecided." in of("M6", seeds=1)


def test_the_summary_counts_what_there_is():
    found = [{"verdict": word, "passed_by": []} for word in ("supported", "refuted", "refuted")]
    assert sentences.summary({"verdicts": found}) == "Of three hypotheses, one is supported and two are refuted."
    found[0]["passed_by"] = ["radam"]
    text = sentences.summary({"verdicts": found[:1]})
    assert text == "Of one hypothesis, one is supported; of those supported, one is met by methods without a walk too."


def test_what_does_not_stand_after_the_correction_is_said_in_both_directions():
    entries = [{"verdict": "refuted", "holm": p} for p in (0.001, 0.03)] + [{"verdict": "supported", "holm": 0.2}]
    assert sentences._counts(entries, "walk", 0.95) == (
        "Of the three walks, one is supported and two are refuted (supported after Holm's correction: none) "
        "(refuted after Holm's correction: one)."
    )
    assert sentences._counts(entries[2:], "walk", 0.95) == "The case is supported, though not after Holm's correction."
    assert sentences._counts(entries[:1], "walk", 0.95) == "The case is refuted."
