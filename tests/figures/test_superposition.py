"""The figure of toy models: its notebook on known arrangements, and what its caption says."""

import re
from pathlib import Path

import pytest
import toy_models
from executed import executed

from robustpath.figures import superposition
from robustpath.theory import feature_geometry, table

ROOT = Path(__file__).parents[2]
NAME = "superposition"
LATER = {"switch": lambda importance: feature_geometry.boundary(importance) + 0.04}


def made(measured, folder, steps=5000, seeds=3):
    """The result and the caption of the notebook, executed in this process, on a table of the theory case."""
    table.write(measured, folder / f"{NAME}.parquet")
    settings = {"scale": "laptop", "theory": {NAME: {"steps": steps, "seeds": seeds}}}
    return executed(NAME, folder, theory=[folder / f"{NAME}.parquet"], settings=settings)


def test_the_notebook_makes_the_figure_and_its_caption(tmp_path):
    figure, caption = made(toy_models.measured(), tmp_path)
    assert figure.startswith(b"%PDF") and b"/Subtype /Image" not in figure
    opening, rest = caption.split("} \\emph")
    assert opening == (
        r"\textbf{The closed form for ideal weights predicts for 32 of 32 models of two features whether they "
        "superpose them, the best weights and biases for 30; the dimensions a feature of 80 are within 0.03 of 1/2 at "
        "six densities, from 1/4.1 to 1/1.4, the median dimensionality of those represented at 14."
    )
    assert "{When does a model hold more features than it has dimensions?}" in rest
    assert " 5\\,000 steps, the best of three seeds" in rest
    assert re.search(r"Of 30 bands that were fixed before the run, 2\d hold", rest)


def test_the_finding_says_which_line_separates_the_phases():
    measured = toy_models.measured(**LATER)
    said = superposition.finding(superposition.phases(measured), superposition.geometry(measured))
    assert "closed form for ideal weights predicts for 30 of 32 models" in said
    assert "best weights and biases for 32" in said


def test_no_plateau_is_said_and_a_short_run_is_not_judged(tmp_path):
    _, caption = made(toy_models.measured(squares=[8] * 15, judged=False), tmp_path, steps=20)
    assert "within 0.03 of 1/2 at no density, the median dimensionality of those represented at 14" in caption
    assert "A run this short is not judged by bands." in caption and "bands that were" not in caption


def test_of_one_seed_none_is_the_best(tmp_path):
    _, caption = made(toy_models.measured(judged=False), tmp_path, steps=20, seeds=1)
    assert " 20 steps of one seed." in caption


def test_one_density_is_no_range():
    said = superposition.finding(
        superposition.phases(toy_models.measured()),
        superposition.geometry(toy_models.measured(squares=[8, 16, *[40] * 13])),
    )
    assert "within 0.03 of 1/2 at one density, the median" in said
    nowhere = superposition.geometry(toy_models.measured()).features.query("sparsity == 1")
    many = superposition.geometry(toy_models.measured())._replace(features=nowhere)
    assert superposition.finding(superposition.phases(toy_models.measured()), many).endswith("represented at none.")


def test_phases_are_those_of_the_planted_weights():
    models = superposition.phases(toy_models.measured((0.5,), judged=False))
    assert set(models["importance"]) == {0.5} and len(models) == 16
    assert models.loc[models["density"] < 4 / 9, "phase"].unique().tolist() == ["antipodal pair"]
    assert models.loc[models["density"] > 4 / 9, "phase"].unique().tolist() == ["one feature alone"]
    assert models["exact"].unique().tolist() == pytest.approx([4 / 9])
    assert models["best"].unique().tolist() == pytest.approx([4 / 9 + 0.04])


def test_geometry_holds_represented_features_alone():
    many = superposition.geometry(toy_models.measured())
    assert len(many.each) == 15
    per_density = many.features.groupby("sparsity")["value"]
    assert per_density.size().tolist() == [8] + [16] * 14
    assert per_density.mean().tolist() == pytest.approx([1.0] + [0.5] * 14)


def test_five_features_have_their_columns():
    found = superposition.arrangements(toy_models.measured())
    assert list(found) == [1.0, 0.5, 0.2, 0.1, 0.05]
    assert (found[0.05] ** 2).sum(axis=1).tolist() == pytest.approx([1.28] * 5)
    assert found[1.0].to_numpy().tolist() == [[1, 0], [0, 1], [0, 0], [0, 0], [0, 0]]
