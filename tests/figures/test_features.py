"""The figure of features: its notebook on planted records, and what its caption says."""

from pathlib import Path

import designed
import pandas as pd
import pytest
from executed import executed

from robustpath import records
from robustpath.figures import features
from robustpath.statistics.features import Score, Verdict

ROOT = Path(__file__).parents[2]
CONFIRMED = Verdict(20, 40, -0.051, -0.06, -0.04, -0.05, 0.01, True, True, True)
SHARES = pd.DataFrame({"knob": ["core", "correlation"], "first": [0.2, 0.6], "first_low": [0.1, 0.5],
                       "first_high": [0.3, 0.7]})  # fmt: skip


def score(low):
    return Score(80, 0.5, low, 0.9, 0.8, 0.7, 0.9)


def made(law, folder, monkeypatch):
    """The result and the caption of the notebook, executed in this process, where changes follow `law`."""
    for name, fewer in {"RESAMPLES": 50, "PERMUTATIONS": 2}.items():
        monkeypatch.setattr(f"robustpath.statistics.features.{name}", fewer)
    tables = [designed.sweep(settings=30), designed.subsets(settings=30), designed.changes(law=law, sizes=(-10, 40))]
    monkeypatch.setattr(records, "load", lambda path, scale, experiments: pd.concat(tables, ignore_index=True))
    return executed("feature_reliance", folder, settings=designed.settings())


def test_the_notebook_makes_the_figure_and_its_caption(tmp_path, monkeypatch):
    figure, caption = made(designed.of_counts, tmp_path, monkeypatch)
    assert figure.startswith(b"%PDF")
    assert caption.startswith(
        r"\textbf{On settings held out, the knobs predict the reliance on the attribute ($R^2$ $0."
    )
    assert "predicted variance is that of the correlation (" in caption
    assert "effect of 40 added minority examples is" in caption
    assert "30 settings with 3 seeds each, 30 subsets with 3, changes with 10 seeds" in caption
    assert "diverged" not in caption and "nan" not in caption
    assert r"knobs permuted between settings two times: mean $R^2$ $-0." in caption


def test_an_effect_that_the_changes_lack_is_refuted_in_the_caption(tmp_path, monkeypatch):
    _, refuted = made(lambda counts: designed.of_counts(designed.BASE), tmp_path, monkeypatch)
    assert "is refuted: the measured effect has not clearly the predicted sign" in refuted


def test_the_finding_says_what_is_clear_and_what_is_not():
    said = features.finding(score(0.3), SHARES, CONFIRMED)
    assert said == (
        "On settings held out, the knobs predict the reliance on the attribute ($R^2$ $0.50$ [$0.30$, $0.90$]); the "
        "largest share of its predicted variance is that of the correlation (60\\,\\% [50, 70]). The predicted effect "
        "of 40 added minority examples is confirmed (predicted $-5.0$, measured $-5.1$ [$-6.0$, $-4.0$] points; "
        "majority examples $+1.0$)."
    )
    unsure = features.finding(score(-0.1), SHARES, None)
    assert "the knobs do not clearly predict" in unsure and "correlation" not in unsure
    assert "was not made" in unsure


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        ("sign", "has not clearly the predicted sign"),
        ("inside", "outside the interval"),
        ("smaller", "the same number of majority examples does not do clearly less"),
    ],
)
def test_one_condition_that_fails_refutes_the_check_and_is_named(lacking, words):
    said = features.verdict(CONFIRMED._replace(**{lacking: False}))
    assert "is refuted: " in said and words in said
