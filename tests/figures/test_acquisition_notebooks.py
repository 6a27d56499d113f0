import re
from functools import cache
from pathlib import Path

import acquired_records
import pandas as pd
import pytest
import quick_yaml
from executed import on_records

from robustpath import methods
from robustpath.figures import acquisition

FOLDER = Path(__file__).parents[2] / "notebooks"
MANIFEST = quick_yaml.loaded((FOLDER / "manifest.yaml").read_text())
NAMES = ["worst_group_curves", "discovery", "acquisition_methods", "interaction"]
SEEDS = 6
MAJORITIES = (0, 3)
STRENGTH = {"gauss_interaction_25": 0.25, "gauss_interaction_50": 0.5, "gauss_interaction_100": 1.0}


def effects(run):
    """Means with an effect for each question: ours finds minorities that are missing, and less so with interaction."""
    ours, hole = run["method"] == "parallelogram", run["missing"] >= 0
    found = {"parallelogram": 0.35, "core_set": 0.15, "active_data_discovery": 0.2, "parallelogram_reversed": 0.02}
    share = found.get(run["method"], 0.05)
    if run["missing"] in MAJORITIES:
        share = 0.6 if run["method"] == "core_set" else 0.5
    share -= 0.2 * ours * STRENGTH.get(run["dataset"], 0.0)
    worst = 0.4 + 0.1 * ours * hole - 0.1 * ours * run["label_noise"] + 0.05 * (run["method"] == "badge")
    late = {"parallelogram": 7.0, "core_set": 33.0}.get(run["method"], 80.0)
    if run["method"] == "alvin" and run["draw"] > 0:  # which validation does not select
        share, late = 0.9, 1.0
    return {
        "discovered": share, "worst": worst, "labels_to_first_hit": late, "never_hit": float(late == 80.0),
        "validation": 0.9 - 0.1 * run["draw"], "acquired_minority": 0.1 + share / 2,
        "off_manifold": 1.5 + 0.8 * ours * STRENGTH.get(run["dataset"], 0.0),
    }  # fmt: skip


def run(name, settings, folder, kept=lambda table: table):
    """The result and the caption of a notebook, executed in this process on what is `kept` of records with the planted
    means."""
    return on_records(name, kept(acquired_records.recorded(settings, effects)), settings, folder)


def settings_of(name, scale="laptop"):
    return acquired_records.settings(*MANIFEST[name]["experiments"], seeds=SEEDS, scale=scale)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """made(notebook) -> its result and caption on the planted effects."""
    return cache(lambda name: run(name, settings_of(name), tmp_path_factory.mktemp(name)))


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_of_acquisition_makes_its_result_and_caption(name, made):
    result, caption = made(name)
    assert rf"\emph{{{MANIFEST[name]['question']}}}" in caption and f"{SEEDS} seeds" in caption
    assert "nan" not in re.split(r"\W+", caption)
    if MANIFEST[name]["kind"] == "figure":
        assert result.startswith(b"%PDF")
        return
    rows = [line for line in result.decode().splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
    assert len({line.count("&") for line in rows}) == 1 and "nan" not in re.split(r"\W+", result.decode())


@pytest.mark.parametrize(
    ("name", "finding"),
    {
        "worst_group_curves": r"no label of one group, compared with BADGE, it leads \(\$\+[45]\.\d\$ .*"
        r"all on clean labels, compared with BADGE, it is behind \(\$-[45]\.\d\$ .*"
        r"all with 20.*, it is behind \(\$-[67]\.\d\$",
        "discovery": r"compared with core-set: majority of label 0, (49|50)\.\d.*%, fewer \(\$-(9|10)\.\d\$ .*"
        r"minority of label 0, 3[3-6]\.\d.*%, more \(\$\+(19|20)\.\d\$ .*minority of label 1, 3.*%, more .*"
        r"majority of label 1, .*%, fewer",
        "acquisition_methods": r"In finding the group the parallelogram is ahead of 14 of 14 published .*"
        r"to Active Data Discovery, the best: \$\+1[45]\.\d\$.*"
        r"in worst-group accuracy the parallelogram is ahead of 14 of 14 .*BADGE.*; five of five controls",
        "interaction": r"over random direction is \$\+(29|30)\.\d\$ .*without interaction and \$\+(9|10)\.\d\$ .*"
        r"it falls \(\$-(19|20)\.\d\$ .*over core-set is \$\+(19|20)\.\d\$.*"
        r"off-manifold ratio of its targets is 1\.(49|50|51) .*and 2\.(29|30|31) \[.*it rises \(\$\+0\.(79|80|81)\$",
    }.items(),
)
def test_a_caption_opens_with_the_effect_that_was_planted(name, finding, made):
    opening = made(name)[1].split("} \\emph")[0]
    assert re.search(finding, opening, re.DOTALL), opening


def test_the_table_has_all_acquisitions_and_censors_runs_that_never_hit(made):
    rows = dict(re.findall(r"^([^&\n]+) & [^&]* & (\S+) & ", made("acquisition_methods")[0].decode(), re.MULTILINE))
    assert (rows["parallelogram"], rows["core-set"], rows["ALVIN"]) == ("7", "33", "$>$80")
    assert len(rows) == 31


@pytest.mark.parametrize("name", NAMES)
def test_notebooks_of_acquisition_bear_the_methods_of_a_smoke_run(name, tmp_path):
    assert run(name, settings_of(name, "smoke"), tmp_path)[1].startswith(r"\textbf{")


def test_every_acquisition_has_a_group_and_a_name_of_its_own():
    known = [name for name in methods.names() if methods.protocols_of(name) == ("acquisition",)]
    found = acquisition.grouped(known)
    assert sorted(name for members in found.values() for name in members) == sorted(known)
    assert "other acquisitions" not in found
    assert len({acquisition.name(name) for name in known}) == len(known)


def test_chance_is_that_of_the_pool_as_it_is_dealt():
    parts = [acquisition.share("gauss_groups", 0.97, group) for group in range(4)]
    assert parts == pytest.approx([0.485, 0.015, 0.015, 0.485])
    # Two of four: the first pick misses with 1/2, two picks miss with 1/2 x 1/3, and three cannot.
    assert acquisition.by_chance(4, 0.5, [0, 1, 2, 3]) == pytest.approx([0, 1 / 2, 5 / 6, 1])


def test_records_without_a_ratio_draw_the_interaction_all_the_same(tmp_path):
    """As those that were published before acquisitions noted it."""
    settings = settings_of("interaction", "smoke")
    result, caption = run("interaction", settings, tmp_path, lambda table: table[table["metric"] != "off_manifold"])
    assert result.startswith(b"%PDF") and "of its targets" not in caption and "over core-set is" in caption


def test_where_no_ratio_is_known_nothing_is_said_of_it():
    levels = pd.DataFrame({"mean": [1.5, 2.0], "low": [1.4, 1.9], "high": [1.6, 2.1]})
    slope = pd.Series({"n": 5, "mean": 0.5, "low": 0.4, "high": 0.6})
    assert "1.50 [1.40, 1.60] without interaction and 2.00 " in acquisition.drifting(levels, slope)
    assert acquisition.drifting(levels, slope.replace(5, 0)) == acquisition.drifting(levels[:0], slope) == ""


def test_without_a_published_acquisition_the_sentence_names_controls_alone():
    """Of nothing published and of no control there is nothing to say."""
    row = {"mean": 0.1, "low": 0.05, "high": 0.15}
    control = pd.DataFrame([{"method": "parallelogram_random_triples"} | row])
    bound = pd.DataFrame([{"method": "oracle_acquisition"} | row])
    assert acquisition.standing(control, control) == "One of one controls without the analogy find less."
    published = pd.concat([control, pd.DataFrame([{"method": "core_set"} | row])])
    assert acquisition.standing(published, published).startswith("In finding the group the parallelogram is ahead of")
    assert acquisition.standing(bound, bound) == acquisition.NOTHING
