"""The line that a finished step prints of itself."""

import json

import pandas as pd
import pytest

from robustpath.operations import outcome


def said(step, file, capsys):
    outcome.tell(step, file)
    return capsys.readouterr().out


def test_training_tells_runs_loss_and_divergence(tmp_path, capsys):
    table = pd.DataFrame({"diverged": [False, False, True], "mean_0.loss": [9.0] * 3, "mean_1.loss": [0.1, 0.3, 99.0]})
    table.to_parquet(tmp_path / "runs.parquet")
    assert said(outcome.train, tmp_path / "runs.parquet", capsys) == (
        "result: 3 runs, median training loss 0.2, 1 diverged\n"
    )


def test_an_evaluation_tells_its_accuracy_on_the_test_split_alone(tmp_path, capsys):
    rows = [
        ("test", "none", "accuracy", 0.5),
        ("test", "none", "accuracy", 0.75),
        ("test", "rotate", "accuracy", 0.1),
        ("train", "none", "accuracy", 1.0),
        ("test", "none", "cross_entropy", 3.0),
    ]
    pd.DataFrame(rows, columns=["split", "shift", "metric", "value"]).to_parquet(tmp_path / "s.parquet")
    assert said(outcome.evaluate, tmp_path / "s.parquet", capsys) == "result: 2 runs, mean test accuracy 0.625\n"


def test_measures_tell_the_curvature_of_what_converged(tmp_path, capsys):
    rows = [("train", "lambda_max", 4.0, True), ("train", "lambda_max", 900.0, False), ("train", "trace", 7.0, True)]
    pd.DataFrame(rows, columns=["split", "metric", "value", "converged"]).to_parquet(tmp_path / "m.parquet")
    assert said(outcome.measure, tmp_path / "m.parquet", capsys) == (
        "result: 2 runs, median curvature 4 of the 1 converged\n"
    )


def test_theory_says_what_is_predicted(tmp_path, capsys):
    pd.DataFrame({"expected": [1.0, None, 2.0]}).to_parquet(tmp_path / "t.parquet")
    assert said(outcome.theory, tmp_path / "t.parquet", capsys) == "result: 3 values, 2 of them with a known answer\n"


@pytest.mark.parametrize(("step", "end"), [(outcome.collate, "rows"), (outcome.trace, "values along the way")])
def test_tables_tell_their_length(step, end, tmp_path, capsys):
    pd.DataFrame({"value": range(1234)}).to_parquet(tmp_path / "r.parquet")
    assert said(step, tmp_path / "r.parquet", capsys) == f"result: 1,234 {end}\n"


def test_claims_are_counted_by_verdict(tmp_path, capsys):
    verdicts = [{"verdict": verdict} for verdict in ("void", "refuted", "refuted")]
    (tmp_path / "claims.json").write_text(json.dumps({"families": {"minima": {"verdicts": verdicts}}}))
    assert said(outcome.claims, tmp_path / "claims.json", capsys) == "result: 2 refuted, 1 void\n"


def test_numbers_and_pages_are_counted(tmp_path, capsys):
    (tmp_path / "numbers.tex").write_text("% two\n\\newcommand{\\A}{1}\n\\providecommand{\\B}{2}\n")
    assert said(outcome.numbers, tmp_path / "numbers.tex", capsys) == "result: 2 numbers\n"
    (tmp_path / "paper.build").mkdir()
    log = tmp_path / "paper.build/main.log"
    log.write_text("Output written on main.pdf (3 pages, 1 bytes).\nOutput written on main.pdf (24 pages, 2 bytes).\n")
    assert said(outcome.paper, tmp_path / "paper.pdf", capsys) == "result: 24 pages\n"


def test_a_file_that_cannot_be_read_is_said_so_and_fails_nothing(tmp_path, capsys):
    for step in (outcome.prepare, outcome.train, outcome.paper, outcome.file):
        assert said(step, tmp_path / "none", capsys) == "result: unread (FileNotFoundError)\n"
