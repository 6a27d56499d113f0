"""Random accepted configs reach the paper: records are simulated, all that follows from them is the real code.

Two configs; as many as the environment variable ROBUSTPATH_CONFIGS says, from the seed ROBUSTPATH_FROM on. Each goes
through the judge, the calibration, the numbers and every notebook, whose figures are made and not rendered; the first
also through LaTeX, each one where ROBUSTPATH_CONFIGS is given.
"""

import hashlib
import json
import os
import shutil

import accepted
import known_faults
import pytest
import to_the_paper
import whole_study

from robustpath import records, study
from robustpath.paper.build import build
from robustpath.publication import origin_page
from robustpath.theory.section import theory_settings

COUNT, FIRST = (
    int(os.environ.get(name, default)) for name, default in (("ROBUSTPATH_CONFIGS", 2), ("ROBUSTPATH_FROM", 0))
)
EVERY = "ROBUSTPATH_CONFIGS" in os.environ
# One of the edits that once ended a run after all training; all of them where ROBUSTPATH_CONFIGS is given.
FAULTS = ("two train sizes in minima",)


@pytest.fixture(scope="module")
def shipped():
    """The config whose smoke run there is."""
    return study.load(known_faults.CONFIG, {"scale": "smoke"})


@pytest.fixture(scope="module")
def theories(tmp_path_factory, smoke_run, shipped):
    """The theory cases of the smoke run, under the names that to_the_paper gives them."""
    folder = tmp_path_factory.mktemp("theory")
    for file in (smoke_run / "results/smoke/theory").glob("*.parquet"):
        settings = json.dumps(theory_settings(study.active(shipped).theory, file.stem))
        shutil.copy(file, folder / f"{file.stem}-{hashlib.sha256(settings.encode()).hexdigest()[:12]}.parquet")
    return folder


def reaches_the_paper(raw, folder, theories, smoke_run, latex):
    """Make all that the paper inputs of a config, and the PDF where `latex` is asked for."""
    config = study.validate(raw)
    generated = to_the_paper.made(config, folder, theories, draws=False)
    text = (smoke_run / "results/smoke/generated/numbers.tex").read_text(encoding="utf-8")
    printed = set(origin_page.numbers_in(text)) & origin_page.used_in(to_the_paper.ROOT / "paper")
    own = generated / "numbers.tex"
    assert printed - set(origin_page.numbers_in(own.read_text(encoding="utf-8"))) == set()
    if latex and not shutil.which("latexmk"):
        pytest.skip("latexmk is not installed, so all but the PDF was made")
    if latex:
        origin_page.write(config, own, to_the_paper.ROOT / "paper", "unknown", 0, generated / "origin.tex")
        build("smoke", to_the_paper.ROOT / "paper", generated, folder / "paper.pdf")
        assert (folder / "paper.pdf").stat().st_size > 100_000


def test_simulated_records_have_the_rows_of_a_real_run(smoke_run, shipped):
    real = records.plain(records.read(smoke_run / "results/smoke/records.parquet"))
    columns = [*records.KEY, "family", "shift_family", "hyperparameters"]
    both = whole_study.recorded(shipped)[columns].merge(real[columns], how="outer", indicator=True)
    assert both[both["_merge"] != "both"].head().to_dict("records") == []


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_a_random_accepted_config_reaches_the_paper(seed, tmp_path, theories, smoke_run, monkeypatch):
    monkeypatch.chdir(to_the_paper.ROOT)
    reaches_the_paper(accepted.drawn(seed), tmp_path, theories, smoke_run, EVERY or seed == FIRST)


@pytest.mark.parametrize("fault", known_faults.FAULTS if EVERY else FAULTS)
def test_a_config_that_once_failed_reaches_the_paper(fault, tmp_path, theories, smoke_run, monkeypatch):
    monkeypatch.chdir(to_the_paper.ROOT)
    raw = known_faults.edited(known_faults.FAULTS[fault])
    raw["scales"]["smoke"] |= {"severities": [1], "calibration": accepted.CALIBRATION}
    reaches_the_paper(raw, tmp_path, theories, smoke_run, EVERY)
