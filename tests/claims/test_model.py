import pytest
from study_fixtures import CLAIMS

from robustpath import methods
from robustpath.claims import model
from robustpath.core.errors import UserError


def spoilt(tmp_path, old, new):
    text = CLAIMS.read_text()
    assert old in text
    path = tmp_path / "claims.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("tolerance: 0.05", "tolerence: 0.05", "families.minima.tolerence is not a known key; did you mean tolerance?"),
        ("tolerance: 0.05", "tolerance: small", "families.minima.tolerance = 'small': input should be a valid number"),
        ("tolerance: 0.05", "tolerance: -1", "families.minima.tolerance = -1: input should be greater than 0"),
        (
            "threshold: 0.3}",
            "treshold: 0.3}",
            r"families.minima.claims\[2\].conditions\[0\].treshold is not .* did you mean threshold",
        ),
        (
            "threshold: 0.3}",
            "threshold: '0.3'}",
            r"families.minima.claims\[2\].conditions\[0\].threshold = '0.3': input should be a v",
        ),
        (", threshold: 0.3}", "}", r"families.minima.claims\[2\].conditions\[0\].threshold is missing"),
        ("kind: inequivalence", "kind: equality", r"families.minima.claims\[5\].conditions\[0\]"),
        (
            "measure: barrier_matched",
            "measure: barier",
            r"families.minima.claims\[1\].conditions\[0\].measure = 'barier'",
        ),
        ("id: M3", "id: M2", "the hypothesis M2 is given twice"),
        ("corrected: [M2,", "corrected: [M9,", "corrected names M9, which is no hypothesis"),
        (
            "label_noise: &levels [0.0, 0.2]",
            "label_noise: &levels [0.0, 20.0]",
            r"families.minima.claims\[0\].label_noise\[1\] = 20.0",
        ),
        ("together: true", "together: 1", r"families.minima.claims\[7\].together = 1: input should be a valid boolean"),
        ("curve: lengths\n", "", "families.minima.curve is missing"),
        ("id: M3", "id: B3", "the hypothesis B3 is in the family whose letter is M"),
        ("id: M3", "id: H3", r"claims\[3\].id = 'H3'"),
        ("      fresh_start: It", "      swa: It", "M1 exempts swa, which is none of the placebos"),
        ("verdict: supported, rule", "verdict: suported, rule", r"claims\[0\].earlier.verdict = 'suported'"),
        (
            "claims:\n",
            "claims: [",
            r"line \d+, column 20: expected the node content, but found '-'; correct the YAML there",
        ),
    ],
)
def test_a_spoilt_file_is_refused_in_one_sentence(tmp_path, old, new, message):
    path = spoilt(tmp_path, old, new)
    with pytest.raises(UserError, match=message) as error:
        model.load(path)
    assert str(error.value).startswith((f"{path}: ", f"{path} line "))
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.yaml: no such file"):
        model.load(tmp_path / "none.yaml")


@pytest.mark.parametrize("text", ["", "[]", "3"])
def test_a_file_of_something_else_is_refused(tmp_path, text):
    (tmp_path / "claims.yaml").write_text(text)
    with pytest.raises(UserError, match="the whole file"):
        model.load(tmp_path / "claims.yaml")


def test_the_hypotheses_of_the_paper():
    family = model.load(CLAIMS).families["minima"]
    assert all(claim.id.startswith(family.letter) for claim in family.claims)
    named = {name for claim in family.claims for name in claim.variants} | {
        *family.controls,
        *family.placebos,
        *family.baselines,
    }
    assert named <= set(methods.names())
    assert not set(family.baselines) & set(family.short_names)
    assert set(family.short_names) == {name for claim in family.claims for name in claim.variants}


def test_the_tolerance_is_that_of_the_walks():
    from robustpath.methods import walk  # here, since it needs torch and the other tests do not

    assert model.load(CLAIMS).families["minima"].tolerance == walk.TOLERANCE


def test_two_families_have_two_letters(tmp_path):
    text = CLAIMS.read_text()
    again = text[text.index("  minima:\n") :].replace("  minima:", "  batches:", 1)
    again = again.replace("&all", "&all2").replace("*all", "*all2").replace("&levels", "&levels2")
    again = again.replace("*levels", "*levels2").replace("&warmups", "&warmups2")
    (tmp_path / "claims.yaml").write_text(text + again)
    with pytest.raises(UserError, match="two families have the letter M"):
        model.load(tmp_path / "claims.yaml")
