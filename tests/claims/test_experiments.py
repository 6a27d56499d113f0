"""Hypotheses name experiments that there are and that can serve, levels of label noise of these, and nothing twice."""

import pytest
from study_fixtures import CLAIMS

from robustpath import study
from robustpath.claims import contrast_model, experiments, model
from robustpath.claims.files import CONTRAST_FILES
from robustpath.core.errors import UserError

ROOT = CLAIMS.parents[1]
CONFIG = study.load(ROOT / "config.yaml")


def refused(tmp_path, old, new, config=CONFIG):
    """The sentence on the file of hypotheses with one edit."""
    text = CLAIMS.read_text()
    assert old in text
    path = tmp_path / "claims.yaml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(UserError) as error:
        experiments.check("claims.yaml", model.load(path), config)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("curve: lengths", "curve: lenghts", "families.minima.curve names the unknown experiment lenghts; did you mea"),
        ("curve: lengths", "curve: minima", "families.minima.curve = minima has no runs of several lengths, since it "),
        ("curve: lengths", "curve: streams", "families.minima.curve = streams has no runs of several lengths, since i"),
        ("experiment: minima", "experiment: minimas", "names the unknown experiment minimas; did you mean minima?"),
        ("experiment: minima", "experiment: lengths", "families.minima.experiment = lengths trains none of the varian"),
        ("[0.0, 0.2]", "[0.0, 0.02]", "M0 is judged at the label noise 0.02, which minima has at no scale of the conf"),
        ("[0.0, 0.2]", "[0.0, 0.2, 0.0]", "label_noise = [0.0, 0.2, 0.0]: 0.0 stands there twice; keep one"),
        ("variants: [contour_cooldown]", "variants: [contour_cooldown, contour_cooldown]", "'contour_cooldown' stands"),
        ("corrected: [M2,", "corrected: [M2, M2,", "corrected = [\"M2\", \"M2\", \"M3\", \"M4\", \"M5\", \"M6\"]: 'M2"),
        ("controls: [sgd,", "controls: [sgd, sgd,", "'sgd' stands there twice; keep one"),
        ("    placebos:\n      - sgd", "    placebos:\n      - sgd\n      - sgd", "'sgd' stands there twice; keep one"),
        ("{kind: effective_robustness, threshold: 0.0}", "{kind: effective_robustness, threshold: .nan}", "should be "),
        ("{kind: effective_robustness, threshold: 0.0}", "{kind: effective_robustness, threshold: .inf}", "should be "),
        ("threshold: 0.3}", "threshold: 1.0e+999}", "line 124, column 82: '1.0e+999' is larger than any number here c"),
        ("threshold: 0.3}", f"threshold: 1{'0' * 400}}}", "is larger than any number here can be; write a smaller one"),
        ("threshold: 0.3}", "threshold: 300}", "threshold = 300: input should be less than or equal to 100"),
        ("threshold: 0.3}", "threshold: 2001-02-30}", "'2001-02-30' reads as timestamp but is none; correct it, or pu"),
        ("threshold: 0.3}", "threshold: 0.3, threshold: -0.3}", "conditions[0].threshold = -0.3 is given twice; keep "),
        ("margin: 0.3}", "margin: 03}", "03 would be read as 3; write it without leading zeros or colons"),
        ("measure: barrier_matched", "measure: barrier_mached", "= 'barrier_mached': did you mean barrier_matched? in"),
        (
            "- {kind: matched_ratio, measure: lambda_max, threshold: 0.8, side: below}",
            "- {kind: matched_ratio, measure: noise_sharpness, threshold: 0.8, side: below}",
            "…: the entry [0] stands there twice; keep one",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_before_any_job(tmp_path, old, new, said):
    assert said in refused(tmp_path, old, new)


def test_the_files_agree_with_the_config():
    experiments.check(str(CLAIMS), model.load(CLAIMS), CONFIG)
    for file in CONTRAST_FILES:
        experiments.check_contrasts(file, contrast_model.load(ROOT / file), CONFIG)


def test_a_label_noise_that_the_config_leaves_out_is_no_mistake():
    scales = {}
    for name, scale in CONFIG.scales.items():
        minima = scale.experiments.minima.model_copy(update={"label_noise": [0.0]})
        scales[name] = scale.model_copy(update={"experiments": scale.experiments.model_copy(update={"minima": minima})})
    experiments.check(str(CLAIMS), model.load(CLAIMS), CONFIG.model_copy(update={"scales": scales}))


def test_a_misspelt_label_noise_of_a_contrast_is_refused(tmp_path):
    file = next(iter(CONTRAST_FILES))
    path = tmp_path / "claims.yaml"
    path.write_text((ROOT / file).read_text().replace("0.3]", "0.2]"))
    with pytest.raises(UserError, match=r"is judged at the label noise 0\.2, which \w+ has at no scale of the config"):
        experiments.check_contrasts(file, contrast_model.load(path), CONFIG)
