import pandas as pd
import pytest

from robustpath.core.errors import UserError
from robustpath.figures import captions
from robustpath.records.selection import ORACLE


def test_a_caption_states_its_evidence(small_records, small_settings):
    table = small_records.assign(diverged=(small_records["draw"] == 1) & (small_records["seed"] == 0))
    text = captions.caption(
        "learning_curves", small_settings, table, "data_efficiency", correction="Corrected by Holm."
    )
    for part in [
        r"\textbf{How does accuracy grow with the number of training examples?}",
        "; 50 and 150 training examples; 4 seeds, ",
        r"4 seeds, 95\,\% $t$ intervals.",
        "Hyperparameters: of two draws a seed, the one with the highest validation accuracy.",
        "Corrected by Holm.",
        "12 of 96 runs diverged",
    ]:
        assert part in text
    assert "  " not in text and "Made by" not in text and "Scale" not in text


def test_a_finding_opens_a_caption_in_the_place_of_its_question(small_records, small_settings):
    question = "How does accuracy grow with the number of training examples?"
    plain = captions.caption("learning_curves", small_settings, small_records, "data_efficiency")
    found = captions.caption("learning_curves", small_settings, small_records, "data_efficiency", finding="It grows.")
    assert plain.startswith(rf"\textbf{{{question}}} ")
    assert found.startswith(rf"\textbf{{It grows.}} \emph{{{question}}} ")
    assert found.partition(question)[2][1:] == plain.partition(question)[2][1:]


def test_results_of_the_defaults_say_so(small_records, small_settings):
    said = captions.caption("learning_curves", small_settings, small_records, "data_efficiency", rule=None)
    assert "Default hyperparameters." in said and "draws" not in said


def test_label_noise_is_stated_where_there_is_any(small_records, small_settings):
    noisy = pd.concat([small_records, small_records.assign(label_noise=0.2)])
    said = captions.caption("learning_curves", small_settings, noisy, "data_efficiency")
    assert r"; 0 and 20\,\% label noise; " in said
    assert "label noise" not in captions.caption("learning_curves", small_settings, small_records, "data_efficiency")


def test_a_network_that_is_not_the_usual_one_is_named(small_records, small_settings):
    own = small_settings["experiments"]["data_efficiency"]
    linear = {**small_settings, "experiments": {"data_efficiency": {**own, "model": "softmax_regression"}}}
    said = captions.caption("learning_curves", linear, small_records, "data_efficiency")
    assert r"Network: softmax regression." in said
    assert "Network:" not in captions.caption("learning_curves", small_settings, small_records, "data_efficiency")


def test_an_oracle_is_marked_and_no_divergence_is_said(small_records, small_settings):
    table = small_records.assign(diverged=False)
    text = captions.caption("learning_curves", small_settings, table, "data_efficiency", rule=ORACLE)
    assert "oracle" in text
    assert "diverged" not in text


def test_a_figure_without_an_entry_is_refused(tmp_path):
    (tmp_path / "manifest.yaml").write_text("known: {kind: figure, question: Why, shows: All}\n")
    with pytest.raises(UserError, match="no entry unknown, only known"):
        captions.manifest("unknown", tmp_path)


def test_what_the_paper_does_not_show_is_named_in_the_place_of_a_reference(monkeypatch):
    entries = {"shown": {"kind": "figure"}, "in_table": {"kind": "table"}}
    entries |= {"kept_back": {"kind": "table", "place": "repository"}}
    monkeypatch.setattr(captions, "manifest", entries.get)
    assert [captions.see(name) for name in entries] == [
        r"\cref{fig:shown}", r"\cref{tab:in_table}", r"\texttt{kept\_back} in the repository",
    ]  # fmt: skip


def test_without_a_file_text_is_printed(tmp_path, capsys):
    captions.write("a", None)
    captions.write("a", tmp_path / "a.tex")
    assert capsys.readouterr().out == (tmp_path / "a.tex").read_text() == "a\n"
