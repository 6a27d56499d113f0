import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from robustpath import records
from robustpath.core import seals
from robustpath.core.errors import UserError


def seconds_of(table):
    return records.runs(table)[records.RUN].assign(seconds=1.5)


def test_what_is_written_is_read(small_records, tmp_path):
    records.write(small_records, tmp_path / "records.parquet")
    read = records.load(tmp_path / "records.parquet")
    order = small_records.sort_values(records.KEY).reset_index(drop=True)
    pd.testing.assert_frame_equal(records.plain(read), order)
    pd.testing.assert_frame_equal(records.read(tmp_path / "records.parquet"), order)


def test_text_is_loaded_as_categories_in_alphabetical_order_from_a_file_and_from_parts(small_records, tmp_path):
    backwards = small_records.sort_values(records.KEY, ascending=False)
    for number, (_, rows) in enumerate(backwards.groupby("metric", sort=False)):
        records.write(rows, tmp_path / "parts" / f"{number}.parquet")
    records.write(backwards, tmp_path / "whole.parquet")
    for place in ("parts", "whole.parquet"):
        table = records.load(tmp_path / place)
        for name in [name for name, kind in records.SCHEMA.items() if kind == "text"]:
            known = table[name].cat.categories
            assert list(known) == sorted(small_records[name].unique())
            assert pd.api.types.is_string_dtype(known)
        found = records.plain(table).sort_values(records.KEY, ignore_index=True)
        pd.testing.assert_frame_equal(found, small_records.sort_values(records.KEY, ignore_index=True))


def test_the_records_of_some_experiments_are_those_rows_of_all(small_records, tmp_path, monkeypatch):
    monkeypatch.setattr(records, "GROUP", 97)  # so that experiments begin and end within groups of rows
    copies = [small_records.assign(experiment=name) for name in ("a_first", "b", "c", "d_last")]
    table = pd.concat(copies, ignore_index=True)
    records.write(table, tmp_path / "whole.parquet")
    for copy in copies:
        records.write(copy, tmp_path / "parts" / f"{copy['experiment'].iloc[0]}.parquet")
    every = records.plain(records.load(tmp_path / "whole.parquet"))
    file = pq.ParquetFile(tmp_path / "whole.parquet")
    assert 0 < len(records._groups(file, ["b"])) < file.metadata.num_row_groups / 3
    for place in ("whole.parquet", "parts"):
        for names in (["b"], ["a_first", "d_last"], ["b", "nowhere"]):
            found = records.plain(records.load(tmp_path / place, "laptop", names))
            pd.testing.assert_frame_equal(found, every[every["experiment"].isin(names)].reset_index(drop=True))
        with pytest.raises(UserError, match="no runs of the experiments nowhere; run snakemake again"):
            records.load(tmp_path / place, "laptop", ["nowhere"])


@pytest.mark.parametrize("columns", [["word", "share"], ["word", "share", "seed"], ["seed"]])
@pytest.mark.parametrize("kind", ["str", "category"])
def test_repeated_rows_are_those_that_pandas_finds(columns, kind):
    generator = np.random.default_rng(0)
    table = pd.DataFrame({
        "word": generator.choice(["a", "b", None], 200),
        "share": generator.choice([0.0, 0.1, np.nan], 200),
        "seed": generator.integers(30, size=200),
    }, index=np.arange(200)[::-1]).astype({"word": kind})  # fmt: skip
    expected = table.duplicated(columns)
    assert expected.any() and not expected.all()
    pd.testing.assert_series_equal(records._repeated(table, columns), expected)


def test_repeated_rows_are_found_where_the_combinations_exceed_an_integer():
    """Six axes of 2^12 values: rows 7 and 4096 differ by a multiple of 2^64 if the axes are the digits of a number."""
    table = pd.DataFrame({f"axis_{number}": np.arange(4096) for number in range(6)})
    alike = table.iloc[[7]].assign(axis_0=7 + 16)
    table = pd.concat([table, alike, table.iloc[[7]]], ignore_index=True)
    assert list(np.flatnonzero(records._repeated(table, list(table)))) == [4097]


def test_order_of_rows_and_files_does_not_change_the_bytes(small_records, tmp_path):
    parts = [rows for _, rows in small_records.groupby("method")]
    for folder, order in {"one": parts, "two": [part.sample(frac=1, random_state=0) for part in parts[::-1]]}.items():
        scores, seconds = [], []
        for part in order:
            scores.append(tmp_path / folder / f"{part['method'].iloc[0]}.parquet")
            seconds.append(scores[-1].with_suffix(".seconds.parquet"))
            records.write(part, scores[-1])
            records.write(seconds_of(part), seconds[-1], records.SECONDS, records.RUN)
        records.collate(scores, seconds, tmp_path / folder / "records", tmp_path / folder / "seconds")
    for name in ("records", "seconds"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert len(records.load(tmp_path / "one" / "records")) == len(small_records)


def test_collating_the_same_runs_twice_is_refused(small_records, tmp_path):
    for name in ("a", "b"):
        records.write(small_records, tmp_path / name)
    with pytest.raises(UserError, match=r"occurs twice.*method=adamw.*train_size=50"):
        records.collate([tmp_path / "a", tmp_path / "b"], [], tmp_path / "out", tmp_path / "seconds")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.drop(columns="seed"), "lacks seed"),
        (lambda t: t.assign(colour="red"), "unknown colour"),
        (lambda t: t.iloc[:0], "no rows"),
        (lambda t: t.assign(seed=t["seed"].astype(float)), "column seed must hold whole numbers, not float64"),
        (lambda t: t.assign(diverged=t["diverged"].astype(int)), "column diverged must hold true or false"),
        (lambda t: t.assign(value=t["value"].mask(t.index == 7)), r"column value has no value in row 7 \(experiment="),
        (
            lambda t: t.assign(split=t["split"].replace("test", "final")),
            "column split may hold holdout, test, train, validation",
        ),
        (lambda t: t.assign(value=t["value"] * 100), r"accuracy must lie in \[0, 1\] \(fraction\), see row 0"),
        (lambda t: t.assign(label_noise=20.0), r"label_noise must be a share of the labels .* in \[0, 1\], see row 0"),
        (lambda t: t.assign(metric="sharpness"), r"column metric may hold accuracy, .*\basam_sharpness, .*\bbarrier, "),
        (lambda t: pd.concat([t, t.iloc[[3]]], ignore_index=True), "occurs twice: row"),
    ],
)
def test_a_spoilt_table_is_refused_with_file_and_place(small_records, spoil, message):
    with pytest.raises(UserError, match=message) as error:
        records.validate(spoil(small_records), "scores/optdigits.parquet")
    assert str(error.value).startswith("scores/optdigits.parquet: ")


def test_a_diverged_run_may_lack_its_cross_entropy(small_records):
    diverged = small_records["draw"] == 1
    table = small_records.assign(diverged=diverged)
    lost = diverged & (table["metric"] == "cross_entropy")
    records.validate(table.assign(value=table["value"].mask(lost)), "scores")
    with pytest.raises(UserError, match="column value has no value"):
        records.validate(table.assign(value=table["value"].mask(diverged)), "scores")


def test_a_measure_that_did_not_converge_may_lack_its_value_and_says_so(small_records):
    runs = small_records[(small_records["split"] == "train") & (small_records["metric"] == "accuracy")]
    measures = runs.assign(metric="lambda_max", value=float("nan"), converged=False)
    table = pd.concat([small_records, measures], ignore_index=True)
    records.validate(table, "measures")
    assert not records.measured(table, "data_efficiency", "lambda_max")["converged"].any()
    with pytest.raises(UserError, match="column value has no value"):
        records.validate(table.assign(converged=True), "measures")


def test_runs_that_differ_in_label_noise_alone_are_two_runs(small_records):
    noisy = pd.concat([small_records, small_records.assign(label_noise=0.2)], ignore_index=True)
    records.validate(noisy, "scores")
    assert len(records.runs(noisy)) == 2 * len(records.runs(small_records))


def test_a_truncated_file_is_refused(small_records, tmp_path):
    path = tmp_path / "records.parquet"
    records.write(small_records, path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UserError, match="not a readable parquet file"):
        records.load(path)


def test_load_finds_the_repository_from_the_notebook_folder(small_records, tmp_path, monkeypatch):
    (tmp_path / "config.yaml").touch()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    with pytest.raises(UserError, match=r"no records\.parquet in .*: run `snakemake --config scale=smoke` first"):
        records.load(scale="smoke")
    made = tmp_path / "results" / "smoke" / "records.parquet"
    records.write(small_records, made)
    seals.seal([made], "", {})
    assert len(records.load(scale="smoke")) == len(small_records)


def test_outside_a_repository_load_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"no config\.yaml"):
        records.load()


def test_test_scores_hold_no_validation_rows(small_records):
    scores = records.test_scores(small_records, "data_efficiency")
    assert "speckle_noise" not in set(scores["shift"])
    assert set(scores["shift_family"]) == {"none", "natural", "corruption", "generator"}
    with pytest.raises(UserError, match="no test accuracy of experiment other, only data_efficiency"):
        records.test_scores(small_records, "other")


def test_whole_records_of_either_kind_are_accepted(small_records, minima_records):
    records.whole(small_records, "whole.parquet")
    records.whole(minima_records, "whole.parquet")


@pytest.mark.parametrize("metric", ["accuracy", "lambda_max", "walk_level_error"])
def test_a_lost_row_is_refused_with_its_cell_and_run(minima_records, metric):
    own = minima_records[(minima_records["metric"] == metric) & (minima_records["experiment"] == "minima")]
    lost = own.iloc[40]
    said = (
        f"metric={metric} is lacking for .*label_noise={lost['label_noise']}, seed={lost['seed']}, draw={lost['draw']};"
    )
    with pytest.raises(UserError, match=f"are not complete: experiment=minima, dataset={lost['dataset']}, .*{said}"):
        records.whole(minima_records.drop(index=own.index[40]), "some.parquet")


def test_a_lost_run_and_a_lost_method_are_refused(small_records):
    run = (small_records["method"] == "adamw") & (small_records["seed"] == 2) & (small_records["draw"] == 1)
    here = run & (small_records["dataset"] == "mnist1d") & (small_records["train_size"] == 150)
    with pytest.raises(UserError, match=r"dataset=mnist1d, .* for method=adamw, train_size=150, .*seed=2, draw=1;"):
        records.whole(small_records[~here], "some.parquet")
    here = (small_records["method"] == "adamw") & (small_records["dataset"] == "mnist1d")
    with pytest.raises(UserError, match=r"lacking for method=adamw, .*; .*; .* and 13 more; run snakemake again"):
        records.whole(small_records[~here], "some.parquet")


def test_loading_refuses_what_is_not_whole(small_records, tmp_path):
    records.write(small_records[1:], tmp_path / "records.parquet")
    with pytest.raises(UserError, match=r"records\.parquet: the records are not complete"):
        records.load(tmp_path / "records.parquet")


def test_a_repository_without_results_opens_on_what_is_published(small_records, tmp_path, monkeypatch, capsys):
    (tmp_path / "config.yaml").touch()
    monkeypatch.chdir(tmp_path)
    halves = small_records["metric"] == "accuracy"
    for name, rows in (("accuracy", small_records[halves]), ("cross_entropy", small_records[~halves])):
        records.write(rows, tmp_path / "published" / "smoke" / "records" / f"{name}.parquet")
    assert len(records.load(scale="smoke")) == len(small_records)
    assert capsys.readouterr().out == (
        f"records of what is published in {tmp_path}/published/smoke: results/smoke has none\n"
    )
    made = tmp_path / "results" / "smoke" / "records.parquet"
    records.write(small_records, made)
    with pytest.raises(UserError, match=f"{made} is damaged, or was not made by this version"):
        records.load(scale="smoke")
    seals.seal([made], "", {})
    records.load(scale="smoke")
    assert capsys.readouterr().out == ""


def test_reading_text_as_codes_gives_what_plain_reading_gives(small_records, tmp_path):
    table = small_records.assign(hyperparameters=[*"é\n", "", *small_records["hyperparameters"][3:]])
    table["shift"] = table["shift"].where(table["seed"] != 0)
    schema = pa.schema([(name, records.ARROW[kind]) for name, kind in records.SCHEMA.items()])
    pq.write_table(pa.Table.from_pandas(table, schema, preserve_index=False), tmp_path / "records.parquet")
    read = records.read(tmp_path / "records.parquet")
    assert read["shift"].isna().any()
    pd.testing.assert_frame_equal(read, pq.read_table(tmp_path / "records.parquet").to_pandas())
