"""Every figure, table, number and claim of the paper has an origin that is there, and reads what it says it reads."""

import math
import re
from itertools import product
from pathlib import Path
from typing import get_args

import pandas as pd
import pytest
import quick_yaml

from robustpath import numbers, protocols, study
from robustpath.claims import contrast_model, files, model
from robustpath.core.errors import UserError
from robustpath.protocols.base import ABSENT
from robustpath.publication import machine, origin, origin_page
from robustpath.study import Experiments, load

ROOT = Path(__file__).parents[2]
TEXT = "\n".join(file.read_text() for file in sorted((ROOT / "paper/sections").glob("*.tex")))
MANIFEST = quick_yaml.loaded((ROOT / "notebooks/manifest.yaml").read_text())
FAMILIES = [
    model.load(ROOT / files.CLAIMS).families,
    contrast_model.load_all(ROOT / file for file in files.CONTRAST_FILES).families,
]
CLAIMS = {claim.id for families in FAMILIES for family in families.values() for claim in family.claims}
PROTOCOLS = {
    name: get_args(field.annotation.model_fields["protocol"].annotation)[0]
    for name, field in Experiments.model_fields.items()
}
NAMES = list(Experiments.model_fields)
WIDTH = math.isqrt(len(NAMES))
# The experiments divided twice, so that two of them share one group at most.
GROUPS = [NAMES[start : start + WIDTH] for start in range(0, len(NAMES), WIDTH)]
GROUPS += [NAMES[start::WIDTH] for start in range(WIDTH)]
WALKS = [f'{{"descended": 0.1, "share": 0.5, "step_length": {length}}}' for length in (0.0, 0.05)]


@pytest.fixture(scope="module")
def entries():
    return {entry.name: entry for entry in origin.table(load(ROOT / "config.yaml", {"scale": "smoke"}), ROOT)}


@pytest.fixture(scope="module")
def records():
    """A few rows of every experiment, enough for every number to be computed."""
    rows = []
    for experiment in Experiments.model_fields:
        for method in ("sgd", "sam", "contour_warmup", "isotropic_warmup", "short_descent"):
            for seed in range(3):
                sizes = product((50, 500), (0.0, 0.2), WALKS if experiment == "walk_levels" else ["{}"])
                for size, noise, values in sizes:
                    run = {"experiment": experiment, "dataset": "optdigits", "method": method, "family": "minima"}
                    run |= {"train_size": size, "evaluations": size / 50, "shots": size // 50, "label_noise": noise}
                    run |= {"seed": seed, "draw": int(values == WALKS[1])}
                    run |= {"gradient_evaluations": 60.0, "steps": 60, "diverged": False, "converged": True}
                    run |= {"hyperparameters": values}
                    level = 0.5 + 0.03 * len(method) / 10 + 0.01 * seed * len(method) % 0.07 + size / 5000
                    level += 0.05 * run["draw"]
                    for split, shift, family, severity in (
                        ("train", "none", "none", 0),
                        ("validation", "none", "none", 0),
                        *([("holdout", "none", "none", 0)] if experiment == "held_out" else []),
                        ("test", "none", "none", 0),
                        ("test", "fog", "corruption", 1),
                        ("test", "mnist5k", "natural", 1),
                    ):
                        where = {"split": split, "shift": shift, "shift_family": family, "severity": severity}
                        rows.append(run | where | {"metric": "accuracy", "value": level - 0.02 * severity})
                    rows.append(run | {"split": "train", "shift": "none", "shift_family": "none", "severity": 0}
                                | {"metric": "cross_entropy", "value": 2 - level})  # fmt: skip
    table = pd.DataFrame(rows)
    for experiment, protocol in PROTOCOLS.items():
        others = protocols.axes().keys() - protocols.load(protocol).axes
        table.loc[table["experiment"] == experiment, list(others)] = ABSENT
    return table.drop_duplicates()


def settings():
    from robustpath.study import report_settings

    return report_settings(load(ROOT / "config.yaml", {"scale": "smoke"}))


@pytest.fixture(scope="module")
def made(records):
    """The numbers of these records."""
    return numbers.collect(records, settings())


def test_figures_tables_and_claims_of_the_paper_are_in_the_table(entries):
    labelled = {name for kind, name in re.findall(r"\\label\{(fig|tab):(\w+)\}", TEXT)}
    assert {name for name, entry in entries.items() if entry.kind in ("figure", "table")} == set(MANIFEST)
    assert labelled == {name for name, entry in MANIFEST.items() if entry.get("place") != "repository"}
    assert {name for name, entry in entries.items() if entry.kind == "claim"} == CLAIMS


def test_every_origin_is_a_line_of_a_file(entries):
    for entry in entries.values():
        lines = (ROOT / entry.source).read_text().splitlines()
        if entry.function:
            assert any(f"def {entry.function}(" in line for line in lines[entry.line - 1 : entry.line + 1]), entry


def test_every_number_of_the_text_has_a_maker_in_the_table(entries, made):
    used = origin_page.used_in(ROOT / "paper") & set(made)
    assert len(used) > 100
    assert {made[name].maker for name in used} <= set(entries)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group[0])
def test_a_number_changes_with_no_experiment_but_those_it_says_it_reads(group, entries, records, made):
    """Several experiments at a time, in two divisions: a number that reads one in silence is seen unless it says that
    it reads another one of both its groups."""
    own = records["experiment"].isin(group).to_numpy()
    shifted = records["value"].where(~own, 0.9 * records["value"] + 0.001 * records["seed"] ** 2 * own)
    more = records[own & (records["seed"] == 0)].assign(seed=3)
    after = numbers.collect(pd.concat([records.assign(value=shifted), more], ignore_index=True), settings())
    changed = {made[name].maker for name in made if made[name].value != after[name].value}
    noticed = {experiment for maker in changed for experiment in entries[maker].experiments}
    assert set(group) <= noticed, "no number notices this experiment"
    assert all(set(group) & set(entries[maker].experiments) for maker in changed)


def test_a_notebook_names_no_experiment_but_those_of_its_entry():
    for name, entry in MANIFEST.items():
        source = (ROOT / f"notebooks/{name}.py").read_text()
        assigned = set(re.findall(r'^(?:experiment|joint|curve) = "(\w+)"', source, re.MULTILINE))
        reads = assigned & set(Experiments.model_fields) if "load(records" in source or "traces" in source else set()
        assert reads <= set(entry["experiments"]), name
        # Verdicts and lines of robustness rest on the curve of lengths, which claims.yaml names.
        if 'judged["curve"]' in source:
            assert "lengths" in entry["experiments"], name


def test_the_page_has_an_anchor_for_every_link(entries, made, tmp_path):
    (tmp_path / "numbers.tex").write_text(
        "\n".join(f"\\newcommand{{\\{n}}}{{\\origin{{{m.maker}}}{{{m.value}}}}}% {m.meaning}" for n, m in made.items())
    )
    config = load(ROOT / "config.yaml", {"scale": "smoke"})
    origin_page.write(config, tmp_path / "numbers.tex", ROOT / "paper", "0123456789abcdef", 0, tmp_path / "origin.tex")
    page = (tmp_path / "origin.tex").read_text()
    anchors = set(re.findall(r"\\hypertarget\{origin\.([\w.]+)\}", page))
    used = {made[name].maker for name in origin_page.used_in(ROOT / "paper") & set(made)}
    assert used | set(MANIFEST) | CLAIMS == anchors
    assert "0123456789ab" in page


def test_what_the_paper_does_not_show_has_its_name_and_no_reference(tmp_path, monkeypatch):
    kept = MANIFEST | {"theory_cases": MANIFEST["theory_cases"] | {"place": "repository"}}
    (tmp_path / "numbers.tex").write_text("")
    config = load(ROOT / "config.yaml", {"scale": "smoke"})
    pages = []
    for entries in (MANIFEST, kept):
        monkeypatch.setattr(origin_page, "manifest", lambda entries=entries: entries)
        origin_page.write(config, tmp_path / "numbers.tex", ROOT / "paper", "unknown", 0, tmp_path / "origin.tex")
        pages.append((tmp_path / "origin.tex").read_text())
    assert [r"\Cref{tab:theory_cases}" in page for page in pages] == [True, False]
    assert [r"\texttt{theory\_cases}, not in the paper" in page for page in pages] == [False, True]
    assert all(r"\hypertarget{origin.theory_cases}" in page and r"\Cref{fig:escape}" in page for page in pages)


@pytest.mark.parametrize(
    ("commit", "edits", "said", "linked"),
    [
        ("0123456789abcdef", 0, r"commit \texttt{0123456789ab}", True),
        ("0123456789abcdef", 1, r"commit \texttt{0123456789ab} with uncommitted edits of 1 file", False),
        ("0123456789abcdef", 12, r"commit \texttt{0123456789ab} with uncommitted edits of 12 files", False),
        ("unknown", 0, "a folder without its history", False),
    ],
)
def test_the_page_says_whose_lines_it_gives(commit, edits, said, linked, tmp_path, monkeypatch):
    monkeypatch.setattr(origin, "repository", lambda: "https://example.org/it")
    (tmp_path / "numbers.tex").write_text("")
    config = load(ROOT / "config.yaml", {"scale": "smoke"})
    origin_page.write(config, tmp_path / "numbers.tex", ROOT / "paper", commit, edits, tmp_path / "origin.tex")
    page = (tmp_path / "origin.tex").read_text()
    assert page.splitlines()[0] == f"Files and lines are those of {said}."
    assert (f"example.org/it/blob/{commit}/notebooks" in page) == linked == ("example.org" in page)


def test_a_name_is_explained_at_its_commit_with_the_edits_since(monkeypatch):
    here = machine.Source("abc", "def", ("src/one.py", "src/two.py"), "")
    monkeypatch.setattr(machine, "source", lambda root: here)
    text = origin_page.explain("tab:hypotheses", "smoke", ROOT)
    assert re.search(r"^at commit +def with uncommitted edits of 2 files$", text, re.M)


def test_a_name_is_explained_and_an_unknown_one_refused():
    text = origin_page.explain("tab:hypotheses", "smoke", ROOT)
    assert "notebooks/hypotheses.py:1" in text and "snakemake hypotheses" in text and "minima, lengths" in text
    assert "claims/judge.py" in origin_page.explain("M3", "smoke", ROOT)
    with pytest.raises(UserError, match=r"nothing in the paper is called learning_curve; did you mean learning_curves"):
        origin_page.explain("learning_curve", "smoke", ROOT)


def test_a_number_is_explained_by_its_macro(tmp_path, monkeypatch):
    folder = tmp_path / "results/smoke/generated"
    folder.mkdir(parents=True)
    line = "\\newcommand{\\SeedCount}{\\origin{numbers.protocol}{3}}% seeds, each a split\n"
    (folder / "numbers.tex").write_text(line)
    for part in ("config.yaml", "notebooks", "paper", "src"):
        (tmp_path / part).symlink_to(ROOT / part)
    text = origin_page.explain("\\SeedCount", "smoke", tmp_path)
    assert re.search(r"^meaning +seeds, each a split$", text, re.M) and re.search(r"^value +3$", text, re.M)
    assert "src/robustpath/numbers/__init__.py" in text and "_protocol" in text


def test_what_reads_every_experiment_counts_all_runs_of_the_config():
    """Those too whose names are free, as the sizes of a ruler."""
    config = load(ROOT / "config.yaml", {"scale": "smoke"})
    free = set(study.experiments(config)) - set(Experiments.model_fields)
    all_runs = sum(study.runs(study.train_settings(config, cell)) for cell in study.expand(config))
    every = [entry for entry in origin.table(config, ROOT) if set(entry.experiments) >= set(Experiments.model_fields)]
    assert free and every
    assert {entry.runs for entry in every} == {all_runs}
    assert all(free < set(entry.experiments) for entry in every)
