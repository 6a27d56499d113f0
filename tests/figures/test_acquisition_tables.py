import json
import re
from itertools import product
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
import stream_records
import yaml
from matplotlib import pyplot

from robustpath import protocols, records
from robustpath.core.errors import UserError
from robustpath.data import sets
from robustpath.figures import acquisitions
from robustpath.statistics.acquisitions import advantages, scores

FOLDER = Path(__file__).parents[2] / "notebooks"
MANIFEST = yaml.safe_load((FOLDER / "manifest.yaml").read_text())
DEGREES = {"gauss_groups": 0.0, "whole": 1.0}
SEEDS = 4
SHARED = {"budget": 300, "seed_labels": 40, "acquired": 20, "rounds": 3, "pool": 3000, "seeds": SEEDS}
TOLD = {
    "acquisition_methods": SHARED | {
        "datasets": ["gauss_groups"], "missing": [2], "draws": 1,
        "methods": ["random_acquisition", "core_set", "alvin", "oracle_acquisition", "parallelogram",
                    "parallelogram_reversed"],
    },
    "acquisition_interaction": SHARED | {
        "datasets": list(DEGREES), "missing": [1, 2], "draws": 2,
        "methods": ["core_set", "parallelogram", "parallelogram_random_direction"],
    },
}  # fmt: skip
PLANTED = {"parallelogram": 0.3, "core_set": 0.1, "oracle_acquisition": 0.9}


def discovered(run):
    """The parallelogram leads core-set by 20 points, and by nothing at an interaction of 1."""
    return PLANTED.get(run["method"], 0.02) - 0.2 * (run["method"] == "parallelogram") * (run["dataset"] == "whole")


def recorded(spread=0.002):
    """Records of both experiments; of two draws the second has a validation accuracy that is lower by 0.2."""
    generator, rows = np.random.default_rng(0), []
    for name, own in TOLD.items():
        axes = own["datasets"], own["methods"], own["missing"], range(own["seeds"]), range(own["draws"])
        for dataset, method, missing, seed, draw in product(*axes):
            run = {"experiment": name, "dataset": dataset, "method": method, "missing": missing, "seed": seed}
            run |= {"draw": draw, "hyperparameters": json.dumps({}), "label_noise": 0.0}
            values = {
                "discovered": discovered(run) + 0.5 * draw, "area_worst_group": 0.4, "area_accuracy": 0.7,
                "labels_to_first_hit": 10.0, "never_hit": 0.0, "acquired_minority": 0.2, "pool_minority": 0.03,
            }  # fmt: skip
            for metric, mean in values.items():
                noise = generator.normal(0, spread) if metric != "never_hit" else 0.0
                rows.append(run | {"split": protocols.metrics()[metric].splits[-1], "metric": metric,
                                   "value": max(mean + noise, 0.0)})  # fmt: skip
            for split in ("validation", "test"):
                rows.append(run | {"split": split, "metric": "accuracy", "value": 0.8 - 0.2 * draw})
    table = pd.DataFrame(rows).assign(
        family="shortcuts", shift="none", shift_family="none", severity=0, train_size=-1, converged=True,
        diverged=False, gradient_evaluations=1200.0, steps=1200,
    )  # fmt: skip
    return records.complete(table)[list(records.SCHEMA)]


@pytest.fixture(scope="module")
def table():
    return recorded()


@pytest.fixture
def made(table, tmp_path, monkeypatch):
    """made(notebook) -> its result and caption, executed in this process."""
    known = sets.load
    monkeypatch.setattr(sets, "load", lambda name: type("Whole", (), {"INTERACTION": 1.0}) if name == "whole"
                        else known(name))  # fmt: skip

    def call(name):
        file, out, caption = (tmp_path / each for each in ("records.parquet", "result", "caption.tex"))
        records.write(table, file)
        settings = stream_records._report("laptop") | {"experiments": TOLD}
        given = {"records": str(file), "settings": settings, "out": str(out), "caption": str(caption)}
        text = (FOLDER / f"{name}.py").read_text()
        head, parameters, body = re.split(r'(# %% tags=\["parameters"\]\n(?:.+\n)+)', text)
        scope = {}
        with matplotlib.rc_context({"backend": "agg"}):
            exec(compile(head + parameters, name, "exec"), scope)
            exec(compile(body, name, "exec"), scope | given)
        pyplot.close("all")
        return out.read_bytes(), caption.read_text()

    return call


@pytest.mark.parametrize(
    ("name", "finding"),
    {
        "acquisition_methods": r"Of five acquisitions .*, parallelogram buys most .* \((29|30)\.\d.* gains "
        r"\(\$\+(19|20)\.\d\$ .* against core set",
        "interaction": r"over core set is \$\+(19|20)\.\d\$ .* at 0 and \$[+-]?0\.\d\$ .* at 1",
    }.items(),
)
def test_a_caption_opens_with_the_effect_that_was_planted(name, finding, made):
    result, caption = made(name)
    opening = caption.split("} \\emph")[0]
    assert caption.startswith(r"\textbf{") and re.search(finding, opening), opening
    assert rf"\emph{{{MANIFEST[name]['question']}}}" in caption
    assert f"{SEEDS} paired seeds" in caption
    assert "nan" not in re.split(r"\W+", caption) and not re.search(r"(?<!\\)_", caption.split(r"\origin")[0])
    if MANIFEST[name]["kind"] == "figure":
        assert result.startswith(b"%PDF")


def test_the_table_sets_ablations_apart_from_published_acquisitions(made):
    text = made("acquisition_methods")[0].decode()
    rows = [line.strip() for line in text.splitlines() if line.endswith(r"\\")]
    first = [re.sub(r".*textit\{(.*)\}\}.*", r"[\1]", row) if "textit" in row else row.split(" &")[0] for row in rows]
    assert first[2:] == [
        "[references]", "random", "oracle", "[published]", "core set", "ALVIN", "[ours]",
        "parallelogram", "[ablations of ours]", "reversed",
    ]  # fmt: skip
    assert "nan" not in re.split(r"\W+", text)


def test_scores_are_those_of_the_draw_that_validation_prefers(table):
    rows = scores(table, "acquisition_interaction", "discovered")
    assert len(rows) == 2 * 3 * 2 * SEEDS
    assert rows["value"].max() < 0.4  # the other draw has 0.5 more


def test_an_advantage_is_the_mean_of_paired_differences():
    rows = pd.DataFrame(
        [("ours", 0, 0.5), ("ours", 1, 0.9), ("theirs", 0, 0.2), ("theirs", 1, 0.4)],
        columns=["method", "seed", "value"],
    )
    found = advantages(rows.assign(missing=2), ["missing"], "ours", ["theirs"], 0.95).iloc[0]
    assert found["other"] == "theirs" and found["mean"] == pytest.approx(0.4)
    # Student's t with one degree of freedom: 12.7062 standard errors of 0.1.
    assert (found["low"], found["high"]) == pytest.approx((0.4 - 1.27062, 0.4 + 1.27062), abs=1e-5)


def test_scores_that_are_not_there_are_refused(table):
    with pytest.raises(UserError, match="no discovered of experiment acquisition_hole; run snakemake again"):
        scores(table, "acquisition_hole", "discovered")


def test_every_acquisition_has_a_family():
    given = ["parallelogram_mean", "badge", "parallelogram", "oracle_acquisition", "random_acquisition"]
    assert acquisitions.families(given) == {
        "references": ["oracle_acquisition", "random_acquisition"], "published": ["badge"], "ours": ["parallelogram"],
        "ablations of ours": ["parallelogram_mean"],
    }  # fmt: skip
