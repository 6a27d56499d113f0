"""The figure of networks on graphs: its notebook on planted errors, and what its caption says."""

from pathlib import Path

import graph_networks
import pytest
from executed import executed

from robustpath.figures import extrapolation
from robustpath.theory import table
from robustpath.theory.algorithmic_alignment import DEGREE, PATH

ROOT = Path(__file__).parents[2]
NAME = "extrapolation"


def made(measured, folder, seeds=3):
    """The result and the caption of the notebook, executed in this process, on a table of the theory case."""
    table.write(measured, folder / f"{NAME}.parquet")
    own = {"steps": 1000, "graphs": 1000, "seeds": seeds, "densities": [0.5]}
    settings = {"scale": "laptop", "confidence": 0.95, "theory": {"algorithmic_alignment": own}}
    return executed(NAME, folder, theory=[folder / f"{NAME}.parquet"], settings=settings)


def test_the_notebook_makes_the_figure_and_its_caption(tmp_path):
    figure, caption = made(graph_networks.measured(), tmp_path)
    assert figure.startswith(b"%PDF") and b"/Subtype /Image" not in figure
    opening, rest = caption.split("} \\emph")
    assert opening == (
        r"\textbf{On larger graphs the network aligned with the task errs on maximum degrees by 0.30\,\% "
        r"\mbox{[0.23, 0.38]} (0.31\,\% in range), the best other one by 14\,\% \mbox{[11, 18]}; on shortest paths by "
        r"4.0\,\% \mbox{[3.1, 5.1]} (2.0\,\% in range), the best other one by 40\,\% \mbox{[31, 51]}."
    )
    assert "Of 15 bands that were fixed before the run, 15 hold" in rest
    assert (
        "1\\,000 steps on shortest paths and half of that on degrees, on 1\\,000 graphs; lines are geometric means "
        "over three seeds, bands" in rest
    )
    assert r"95\,\% $t$ intervals of the logarithm over seeds" in rest
    assert "a line has at least 0.9991 of the variance" in rest


def test_a_short_run_of_one_seed_is_not_judged(tmp_path):
    _, caption = made(graph_networks.measured(seeds=1, judged=False), tmp_path, seeds=1)
    assert "are not judged by bands" in caption and "bands that were" not in caption
    assert "lines are of one seed, which has no interval" in caption and "mbox" not in caption and "nan" not in caption


def test_errors_are_separated_by_network_size_and_seed():
    found = extrapolation.errors(graph_networks.measured())
    assert len(found) == 2 * 4 * 12 * 3 and set(found["task"]) == {DEGREE, PATH}
    one = found.query("task == @DEGREE and architecture == 'sum + sum' and nodes == 100").set_index("seed")["value"]
    assert one.to_dict() == pytest.approx({0: 0.9 * 106, 1: 106, 2: 1.1 * 106})


def test_intervals_are_those_of_the_logarithms_of_the_seeds():
    """By hand: of .9, 1 and 1.1 the logarithms have mean -.00335 and standard deviation .10036; t is 4.3027."""
    found = extrapolation.errors(graph_networks.measured())
    parts = extrapolation.means(found, 0.95).set_index(["task", "architecture", "part"])
    for part, error in (("inside", 7), ("outside", 200)):
        row = parts.loc[(PATH, "min + sum", part), ["n", "mean", "low", "high"]]
        assert row.tolist() == pytest.approx([3, 0.99666 * error, 0.7767 * error, 1.2788 * error], rel=1e-3)
    drawn = extrapolation.lines(found, 0.95).query("task == @DEGREE and architecture == 'sum + sum' and nodes == 100")
    assert drawn[["low", "mean", "high"]].to_numpy()[0] == pytest.approx([82.33, 105.65, 135.55], rel=1e-3)


def test_the_aligned_network_looks_alike_in_both_panels():
    looks = extrapolation.looks()
    first = [next(iter(own.values())) for own in looks.values()]
    assert [own["label"] for own in first] == ["sum + max (aligned)", "min + min (aligned)"]
    assert first[0] | {"label": ""} == first[1] | {"label": ""}
    assert all(len({look["color"] for look in own.values()}) == 4 for own in looks.values())


def test_numbers_have_two_digits():
    assert [extrapolation.percent(own) for own in (0.304, 0.996, 9.94, 9.96, 106.2)] == [
        r"0.30\,\%", r"1.0\,\%", r"9.9\,\%", r"10\,\%", r"106\,\%",
    ]  # fmt: skip
