"""The table of draws: what the runs had, what this code draws, and that an altered value is named."""

import pandas as pd
import pytest

from robustpath import methods, study
from robustpath.core.errors import UserError
from robustpath.methods.base import draw
from robustpath.publication import draws, published, publishing
from robustpath.publication.compare import DIFFERS, SAME

MADE = ["sgd", "sam", "contour_warmup"]


def filled(tmp_path, results, table, config):
    publishing.fill(tmp_path / "published" / "smoke", results, table, config, "c0ffee")
    return tmp_path / "published" / "smoke"


def test_it_says_each_value_and_who_declares_it(tmp_path, results, table, config):
    out = filled(tmp_path, results, table, config)
    published_draws = pd.read_parquet(out / published.DRAWS).set_index(draws.KEY)
    assert list(published_draws.columns) == ["owner", "value"]
    for method in MADE:
        for seed in range(3):
            for number in range(2):
                own = published_draws.loc[(method, seed, number)]
                assert own["value"].to_dict() == draw(methods.load(method), seed, number)
    rates = published_draws.xs("learning_rate", level="hyperparameter")
    assert set(rates["owner"]) == {"sgd"}
    assert rates.groupby(["seed", "draw"])["value"].nunique().eq(1).all()
    assert published_draws.loc[("sam", 1, 1, "radius"), "owner"] == "sam"
    assert 0.3 not in published_draws["value"].tolist()


def test_a_grid_and_a_design_draw_nothing():
    experiments = study.report_settings(study.load("config.yaml", {"scale": "smoke"}))["experiments"]
    assert draws.undrawn({name: experiments[name] for name in ("minima", "lengths", "feature_sweep", "groups")}) == [
        "lengths",
        "feature_sweep",
    ]


def test_level_1_finds_the_runs_and_the_draws_of_this_code_in_it(tmp_path, results, table, config):
    found = draws.check(filled(tmp_path, results, table, config))
    assert [check.verdict for check in found.checks] == [SAME, SAME]
    assert not found.unchecked


def test_an_altered_value_is_named(tmp_path, results, table, config):
    out = filled(tmp_path, results, table, config)
    published_draws = pd.read_parquet(out / published.DRAWS)
    here = (
        (published_draws["method"] == "sam")
        & (published_draws["seed"] == 2)
        & (published_draws["draw"] == 1)
        & (published_draws["hyperparameter"] == "radius")
    )
    published_draws.assign(value=published_draws["value"].mask(here, 0.5)).to_parquet(out / published.DRAWS)
    found = draws.check(out)
    assert [check.verdict for check in found.checks] == [DIFFERS, DIFFERS]
    assert all("1 values, the first method=sam, seed=2, draw=1, hyperparameter=radius" in c.what for c in found.checks)
    assert found.checks[0].expected == "0.5 of sam"


def test_another_way_to_draw_is_found(tmp_path, results, table, config, monkeypatch):
    out = filled(tmp_path, results, table, config)
    monkeypatch.setattr(draws, "draw", lambda spec, seed, number: draw(spec, seed + 1, number))
    assert [check.verdict for check in draws.check(out).checks] == [SAME, DIFFERS]


def test_runs_of_one_draw_with_other_values_are_refused(tmp_path, results, table, config):
    odd = (table["experiment"] == "minima") & (table["seed"] == 1) & (table["dataset"] == "optdigits")
    text = table["hyperparameters"].str.replace('"learning_rate": ', '"learning_rate": 1')
    mixed = table.assign(hyperparameters=table["hyperparameters"].mask(odd, text))
    with pytest.raises(UserError, match=r"two sets of hyperparameters for draw \d of \w+ at seed 1; train"):
        filled(tmp_path, results, mixed, config)


def test_what_was_published_before_has_no_such_table_and_that_is_said(tmp_path, results, table, config):
    out = filled(tmp_path, results, table, config)
    (out / published.DRAWS).unlink()
    published.write_manifest(out, {key: value for key, value in published.manifest(out).items() if key != "files"})
    assert draws.check(out).unchecked[0].what == published.DRAWS
