"""Comparing: every departure is named by the level that must see it."""

import shutil

import pandas as pd
import pytest

from robustpath import protocols, records
from robustpath.publication import compare, machine, published
from robustpath.publication.compare import DIFFERS, EXTRA, MISSING, SAME


def bad(checks):
    """What was found wrong, by name."""
    return {check.what: check for check in checks if check.verdict not in compare.GOOD}


def replace(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def named(table, position):
    """A row by its key; no word of the axes of other protocols."""
    others = protocols.axes().keys() - {"train_size", "label_noise"}
    own = [name for name in records.KEY if name not in others]
    return ", ".join(f"{name}={table[name].iloc[position]}" for name in own)


def test_untouched_files_are_the_same_at_every_level(out, results):
    found = compare.made(out, results, 1)
    checks = compare.files(out) + found.checks + compare.tables(out, results)
    assert {check.verdict for check in checks} == {SAME}
    assert not found.unchecked


def test_a_number_altered_by_a_millionth_names_its_file_and_its_row(out):
    file = out / published.RECORDS / "accuracy.parquet"
    table = pd.read_parquet(file)
    table.loc[5, "value"] -= 1e-6
    table.to_parquet(file, index=False)
    row = named(table, 5)
    found = bad(compare.files(out))
    assert set(found) == {"records/accuracy.parquet", f"records: {row}"}
    assert found[f"records: {row}"].found == repr(float(table["value"].iloc[5]))


def test_a_table_that_cannot_be_read_is_named(out):
    (out / published.RECORDS / "accuracy.parquet").write_bytes(b"no parquet")
    assert set(bad(compare.files(out))) == {"records/accuracy.parquet", "records"}


def test_a_swapped_figure_is_named_by_level_0_and_by_level_1(out, results, relist):
    shutil.copy(out / "generated/escape.pdf", out / "generated/learning_curves.pdf")
    assert set(bad(compare.files(out))) == {"generated/learning_curves.pdf"}
    relist(out)
    assert not bad(compare.files(out))
    assert set(bad(compare.made(out, results, 1).checks)) == {"generated/learning_curves.pdf"}


def test_lost_and_added_files_are_named(out, results, relist):
    (out / "generated/escape.pdf").unlink()
    (out / "generated/nonsense.tex").write_text("new")
    assert {name: check.verdict for name, check in bad(compare.files(out)).items()} == {
        "generated/escape.pdf": MISSING,
        "generated/nonsense.tex": EXTRA,
    }
    relist(out)
    assert set(bad(compare.made(out, results, 1).checks)) == {"generated/escape.pdf", "generated/nonsense.tex"}


def test_a_macro_edited_by_a_careful_cheat_is_named_by_level_1(out, results, relist):
    replace(out / "generated/numbers.tex", "{81.3}", "{91.3}")
    relist(out)
    assert not bad(compare.files(out))
    found = bad(compare.made(out, results, 1).checks)
    assert set(found) == {r"generated/numbers.tex: \AccuracySgdId"}
    assert "91.3" in found.popitem()[1].expected


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('"verdict": "refuted"', '"verdict": "supported"', "minima, M1, verdict"),
        ('"n": 3', '"n": 4', "minima, M1, entries, sam at 0.2, n"),
    ],
)
def test_a_verdict_edited_by_a_careful_cheat_is_named_by_level_1(out, results, relist, old, new, place):
    replace(out / "claims.json", old, new)
    relist(out)
    assert set(bad(compare.made(out, results, 1).checks)) == {f"claims.json: {place}"}


def test_a_line_of_a_table_is_named(out, results):
    replace(out / "generated/walks.tex", "c & d", "c & e")
    assert set(bad(compare.made(out, results, 1).checks)) == {"generated/walks.tex, line 2"}


def test_a_printed_commit_is_not_compared_and_other_hashes_are(out, results):
    one, other = "a1b2c3d4" * 5, "0f9e8d7c" * 5
    for folder, commit in ((out, one), (results, other)):
        (folder / "generated/origin.tex").write_text(f"at {commit[:9]}, {commit}\nof deadbeef\n")
    assert not bad(compare.made(out, results, 1, {one, other}).checks)
    replace(out / "generated/origin.tex", "deadbeef", "deadbee0")
    assert set(bad(compare.made(out, results, 1, {one, other}).checks)) == {"generated/origin.tex, line 2"}


def test_with_other_versions_a_figure_that_differs_is_not_checked_and_said_so(out, results, monkeypatch):
    (results / "generated/escape.pdf").write_text("%PDF drawn otherwise")
    monkeypatch.setattr(machine, "versions", lambda: dict.fromkeys(machine.DRAWING, "0"))
    found = compare.made(out, results, 1)
    assert not bad(found.checks)
    assert [entry.what for entry in found.unchecked] == ["generated/escape.pdf"]
    assert "generated/learning_curves.pdf" in {check.what for check in found.checks}


def test_everything_compares_tables_and_names_the_row(out, results, table):
    altered = table.copy()
    altered.loc[3, "value"] += 1e-9
    records.write(altered, results / "records.parquet")
    pd.DataFrame({"value": [0.25]}).to_parquet(results / "theory/saddles.parquet")
    (results / "trace/trajectories/optdigits.parquet").unlink()
    found = bad(compare.tables(out, results))
    where = named(table, 3)
    assert {what: check.verdict for what, check in found.items()} == {
        f"records: 1 rows, the first {where}": DIFFERS,
        "theory/saddles.parquet": DIFFERS,
        "trace/trajectories/optdigits.parquet": MISSING,
    }


def test_wall_seconds_are_not_compared_but_their_runs_are(out, results):
    file = results / "seconds.parquet"
    seconds = pd.read_parquet(file)
    seconds.assign(seconds=9.0).to_parquet(file, index=False)
    assert not bad(compare.tables(out, results))
    seconds.drop(columns="evaluations").to_parquet(out / "seconds.parquet", index=False)  # before there were streams
    assert not bad(compare.tables(out, results))
    seconds[1:].to_parquet(file, index=False)
    assert [what.partition(":")[0] for what in bad(compare.tables(out, results))] == ["seconds.parquet"]


def test_departures_hold_lost_added_and_altered_rows():
    one = pd.DataFrame({"k": [1, 2, 3, 4], "value": [0.1, None, 0.3, 0.4]})
    other = pd.DataFrame({"k": [1, 2, 3, 5], "value": [0.1, None, 0.31, 0.5]})
    assert compare.departures(one, other, ["k"])["k"].tolist() == [3, 4, 5]
    assert compare.departures(one, one[::-1], ["k"]).empty


def test_departures_of_keys_alone_are_those_that_either_side_lacks():
    one, other = pd.DataFrame({"k": [1, 2]}), pd.DataFrame({"k": [2, 3]})
    assert compare.departures(one, other, ["k"])["k"].tolist() == [1, 3]
