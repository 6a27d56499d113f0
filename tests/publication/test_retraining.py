"""Cells retrained from raw data: drawn, timed, and judged by the two rules."""

import json
import time

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from robustpath import command_line, records, study
from robustpath.core.errors import UserError
from robustpath.publication import machine, retraining
from robustpath.publication.compare import DIFFERS, OUTSIDE, SAME, WITHIN
from robustpath.records import KEY, SCHEMA
from robustpath.study import Cell

CELL = Cell("data_efficiency", "mnist1d", "sgd")


@pytest.fixture
def here(monkeypatch):
    """The commands run in this process, which has loaded torch already."""

    def run(step, settings, *arguments):
        options = vars(command_line.parser().parse_args([step, "--settings", "{}", *map(str, arguments)]))
        command_line.job(options | {"settings": json.loads(json.dumps(settings))})

    monkeypatch.setattr(retraining, "run", run)


@pytest.fixture
def tiny():
    """The smoke scale with a few short runs on one data set."""
    own = {"datasets": ["mnist1d"], "methods": ["sgd", "adamw"], "train_sizes": [50], "seeds": 2, "budget": 3}
    return study.load(overrides={"scale": "smoke", "scales": {"smoke": {"experiments": {"data_efficiency": own}}}})


def test_a_retrained_cell_alone_gives_the_rows_it_had_among_others(tiny, here, tmp_path):
    alone = retraining.retrain(CELL, tiny, tmp_path / "alone")
    data = tmp_path / "alone/data/mnist1d.safetensors"
    files = []
    for method in ("sgd", "adamw"):
        files.append({name: tmp_path / f"{method}{ending}" for name, ending in retraining.OUTPUTS.items()})
        out = [word for name, file in files[-1].items() for word in (f"--{name}", file)]
        retraining.run("train", study.train_settings(tiny, CELL._replace(method=method)), "--data", data, *out)
    of = [word for name in ("weights", "runs") for word in (f"--{name}", *(each[name] for each in files))]
    settings = study.evaluate_settings(tiny, *CELL[:2])
    retraining.run("evaluate", settings, "--data", f"mnist1d={data}", *of, "--scores", tmp_path / "scores.parquet")
    both = records.read(tmp_path / "scores.parquet")
    published = both[both["method"] == "sgd"]
    assert len(published) == len(both) / 2
    check = retraining.judge(CELL, published, alone, True, tiny)
    assert (check.verdict, check.what) == (SAME, "sgd on mnist1d (data_efficiency)")

    published = published.reset_index(drop=True)
    published.loc[4, "value"] += 1e-6
    check = retraining.judge(CELL, published, alone, True, tiny)
    where = ", ".join(f"{name}={published[name][4]}" for name in KEY[3:])
    assert check.verdict == DIFFERS
    assert check.what.endswith(f": 1 of {len(alone):,} rows, the first {where}")
    assert check.expected == repr(float(published["value"][4]))


def test_a_cell_that_begins_with_anothers_runs_is_trained_after_it(monkeypatch, tmp_path):
    """And the other once, whichever of them is asked for first."""
    own = {"datasets": ["mnist1d"], "methods": ["sgd", "sam"], "train_sizes": [50], "seeds": 2, "budget": 3}
    further = {"pre": own, "fine": own | {"parent": {"experiment": "pre", "method": "sam"}}}
    config, ran = study.load(overrides={"scale": "smoke", "scales": {"smoke": {"further": further}}}), []

    def run(step, settings, *arguments):
        ran.append((step, settings.get("experiment"), settings.get("method"), list(map(str, arguments))))
        written = {"prepare": "--out", "train": "--runs"}[step]
        file = arguments[arguments.index(written) + 1]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()

    monkeypatch.setattr(retraining, "run", run)
    for method in ("sgd", "sam"):
        retraining.trained(Cell("fine", "mnist1d", method), config, tmp_path)
    assert [each[:3] for each in ran] == [
        ("prepare", None, None),
        ("train", "pre", "sam"),
        ("train", "fine", "sgd"),
        ("train", "fine", "sam"),
    ]
    begins = [
        "--parent",
        *(str(tmp_path / f"train/pre/mnist1d/sam{ending}") for ending in (".safetensors", ".parquet")),
    ]
    assert [each[3][-3:] == begins for each in ran] == [False, False, True, True]


@pytest.fixture
def cell_of_the_study(table):
    """The rows of one cell, scores only."""
    own = (table["experiment"] == "minima") & (table["dataset"] == "optdigits") & (table["method"] == "sgd")
    return table.loc[own & table["metric"].isin(["accuracy", "cross_entropy"]), list(SCHEMA)].reset_index(drop=True)


def judged(rows, found, config, exact=False):
    return retraining.judge(Cell("minima", "optdigits", "sgd"), rows, found, exact, config)


def test_elsewhere_a_mean_may_move_as_far_as_its_seeds_allow(cell_of_the_study, config):
    rows, limits = cell_of_the_study, retraining.tolerances(cell_of_the_study, study.active(config))
    found = rows.merge(limits, on=retraining.MEAN)
    for share, verdict in ((0.99, WITHIN), (1.01, OUTSIDE)):
        moved = found.assign(value=found["value"] + share * found["tolerance"])
        assert judged(rows, moved[list(SCHEMA)], config).verdict == verdict
        assert judged(rows, moved[list(SCHEMA)], config, exact=True).verdict == DIFFERS


def test_the_tolerance_is_the_simultaneous_interval_of_the_seeds(cell_of_the_study, config):
    limits = retraining.tolerances(cell_of_the_study, study.active(config))
    assert len(limits) == 12  # 6 scores at 2 levels of label noise
    one = limits.iloc[0]
    own = np.logical_and.reduce([cell_of_the_study[name] == one[name] for name in retraining.MEAN])
    seeds = cell_of_the_study[own].groupby("seed")["value"].mean()
    half = t.ppf(1 - 0.05 / 12 / 2, len(seeds) - 1) * seeds.std() / np.sqrt(len(seeds))
    assert one["tolerance"] == pytest.approx(half)
    assert one["mean"] == pytest.approx(seeds.mean())


def test_where_seeds_do_not_differ_one_example_is_allowed(cell_of_the_study, config):
    alike = cell_of_the_study.assign(value=np.where(cell_of_the_study["metric"] == "accuracy", 1.0, 0.5))
    limits = retraining.tolerances(alike, study.active(config)).set_index(["metric", "split"])["tolerance"]
    assert limits["accuracy", "train"].unique() == pytest.approx([1 / 300])
    assert limits["accuracy", "test"].unique() == pytest.approx([1 / study.active(config).test_size])
    assert limits["cross_entropy", "train"].tolist() == pytest.approx([0, 0], abs=1e-12)


def test_lost_rows_and_lost_means_are_found(cell_of_the_study, config):
    assert judged(cell_of_the_study, cell_of_the_study[1:], config).verdict == DIFFERS
    assert judged(cell_of_the_study[:0], cell_of_the_study[:0], config).verdict == DIFFERS
    renamed = cell_of_the_study.replace({"shift": {"fog": "fogs"}})
    assert judged(cell_of_the_study, renamed, config).verdict == OUTSIDE


def test_a_diverged_loss_on_both_sides_is_no_difference(cell_of_the_study, config):
    lost = cell_of_the_study.copy()
    lost.loc[lost["metric"] == "cross_entropy", "value"] = np.inf
    assert judged(lost, lost, config).verdict == SAME
    assert judged(lost, lost.assign(steps=1), config).verdict == WITHIN


@pytest.fixture
def drawn(monkeypatch, tmp_path, table):
    """Level 2 with retraining replaced by a look-up; returns the function and the cells that it retrained."""
    retrained = []

    def look_up(cell, config, scratch):
        retrained.append(cell)
        own = [table[axis] == value for axis, value in cell._asdict().items()]
        return table[own[0] & own[1] & own[2] & table["metric"].isin(["accuracy", "cross_entropy"])]

    monkeypatch.setattr(retraining, "retrain", look_up)
    monkeypatch.setattr(machine, "alike", lambda *_: True)
    order = [Cell("minima", name, method) for name in ("optdigits", "typeface_digits") for method in ("sgd", "sam")]
    monkeypatch.setattr(retraining, "sample", lambda config, seed: order)
    return order, retrained


def level_2(out, config, count, minutes):
    return retraining.cells(config, out, out, count, 0, time.monotonic() + 60 * minutes)


def test_as_many_cells_are_retrained_as_were_asked_for_and_the_rest_is_listed(out, config, drawn):
    order, retrained = drawn
    found = level_2(out, config, 2, 10)
    assert retrained == order[:2]
    assert [check.verdict for check in found.checks] == [SAME, SAME]
    reasons = {entry.what: entry.why for entry in found.unchecked}
    assert reasons["2 of 4 cells"] == "not drawn by seed 0 or out of time"
    assert any(what.startswith("measures") for what in reasons)


def test_a_cell_that_would_end_too_late_is_passed_over(out, config, drawn):
    order, retrained = drawn
    seconds = pd.read_parquet(out / "seconds.parquet")
    long = (seconds["dataset"] == "optdigits") & (seconds["method"] == "sgd")
    seconds.assign(seconds=np.where(long, 1000.0, 0.1)).to_parquet(out / "seconds.parquet")
    found = level_2(out, config, 4, 5)
    assert retrained == order[1:]
    assert "1 of the 4 cells asked for" in {entry.what for entry in found.unchecked}
    assert not level_2(out, config, 4, 0).checks


def test_a_whole_run_of_another_machine_is_judged_cell_by_cell(out, results, table, config, monkeypatch):
    pairs = (("sgd", "optdigits"), ("sgd", "typeface_digits"), ("sam", "optdigits"), ("sgd", "mnist1d"))
    order = [Cell("minima", dataset, method) for method, dataset in pairs]
    monkeypatch.setattr(study, "expand", lambda config: order)
    accuracy = (table["metric"] == "accuracy") & (table["method"] == "sgd")
    shift = 1e-7 * (table["dataset"] == "optdigits") + 0.4 * (table["dataset"] == "typeface_digits")
    records.write(table.assign(value=table["value"] + shift.where(accuracy, 0.0)), results / "records.parquet")
    found = retraining.whole(config, out, results)
    verdicts = {check.what.split(" (")[0]: (check.level, check.verdict) for check in found.checks}
    assert verdicts == {
        "sgd on optdigits": (3, WITHIN),
        "sgd on typeface_digits": (3, OUTSIDE),
        "sam on optdigits": (3, SAME),
        "sgd on mnist1d": (3, DIFFERS),  # neither has it
    }
    assert {entry.what.split(",")[0] for entry in found.unchecked} == {"measures", "figures"}


def test_the_draw_is_the_seeds(config):
    cells = study.expand(config)
    assert retraining.sample(config, 1) == retraining.sample(config, 1) != retraining.sample(config, 2)
    assert sorted(retraining.sample(config, 1)) == sorted(cells) != retraining.sample(config, 1)


def test_a_step_that_fails_says_why():
    with pytest.raises(UserError, match=r"prepare failed where a cell was to be verified: .*'dataset'"):
        retraining.run("prepare", {}, "--out", "a", "--card", "b")
