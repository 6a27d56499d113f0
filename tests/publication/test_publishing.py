"""Publishing: what is written, that it joins back, and what is refused."""

import json
import shutil

import pytest
from repositories import commit

from robustpath import records
from robustpath.core.errors import UserError
from robustpath.publication import compare, machine, published, publishing


def test_the_parts_join_to_the_very_bytes_of_the_records(out, results, tmp_path):
    joined = records.load(out / published.RECORDS)
    records.write(joined, tmp_path / "joined.parquet")
    assert len(list((out / published.RECORDS).iterdir())) == 3
    assert (tmp_path / "joined.parquet").read_bytes() == (results / "records.parquet").read_bytes()


def test_publishing_twice_gives_the_same_bytes(out, results, table, config, tmp_path):
    publishing.fill(tmp_path / "again", results, table.sample(frac=1, random_state=1), config, "a1b2c3d4" * 5)
    for name in [*published.files(out), published.MANIFEST]:
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_the_manifest_says_of_what_and_lists_every_file(out):
    manifest = published.manifest(out)
    assert manifest["scale"] == "smoke"
    assert manifest["commit"] == "a1b2c3d4" * 5
    assert manifest["versions"] == machine.versions()
    assert set(manifest["files"]) == set(published.files(out))
    name = "generated/numbers.tex"
    assert manifest["files"][name] == {"sha256": published.sha256(out / name), "bytes": (out / name).stat().st_size}


def test_rows_of_a_metric_that_no_protocol_states_are_refused(results, table, config, tmp_path):
    """They would be in no part, and lost without a word."""
    regret = table.assign(metric=table["metric"].where(table["metric"] != "cross_entropy", "regret"))
    with pytest.raises(UserError, match="the metric regret is in no part of what is published, so its rows would be"):
        publishing.fill(tmp_path / "out", results, regret, config, "a1b2c3d4" * 5)


@pytest.mark.parametrize("start", ["records", "text"])
def test_unpacking_gives_what_the_start_needs(out, results, tmp_path, start):
    publishing.unpack(out, start, tmp_path / "unpacked")
    names = {str(file.relative_to(tmp_path / "unpacked")) for file in (tmp_path / "unpacked").rglob("*.*")}
    assert names == set(published.unpacked(out, start))
    assert ("records.parquet" in names) == (start == "records")
    assert ("generated/escape.pdf" in names) == (start == "text")
    for name in names:
        assert (tmp_path / "unpacked" / name).read_bytes() == (results / name).read_bytes()


def test_unpacking_refuses_an_altered_file(out, tmp_path):
    (out / "generated/escape.pdf").write_text("%PDF else")
    publishing.unpack(out, "records", tmp_path / "unpacked")  # does not need it
    with pytest.raises(UserError, match=r"generated/escape\.pdf: altered since it was published"):
        publishing.unpack(out, "text", tmp_path / "unpacked")
    (out / "theory/saddles.parquet").unlink()
    with pytest.raises(UserError, match=r"theory/saddles\.parquet: missing though published"):
        publishing.unpack(out, "records", tmp_path / "unpacked")


@pytest.fixture
def repository(tmp_path, results, monkeypatch):
    """A clone whose run Snakemake takes for finished."""
    shutil.copy(machine.__file__.partition("src")[0] + "config.yaml", tmp_path)
    monkeypatch.setattr(publishing, "to_do", lambda *_: "")
    commit(tmp_path)
    monkeypatch.setattr(publishing, "_check_whole", lambda *_: None)
    return tmp_path


def test_a_run_is_published_in_place_of_an_older_one(repository, out):
    (out / "generated/gone.pdf").write_text("of an older run")
    assert publishing.publish("smoke", repository) == out
    assert not (out / "generated/gone.pdf").exists()
    assert {check.verdict for check in compare.files(out)} == {compare.SAME}
    assert [folder.name for folder in out.parent.iterdir()] == ["smoke"]


@pytest.fixture
def redrawn(repository, results, out):
    """The same clone after figures were made anew from what it published: one is another, one is gone."""
    folder = results.with_name("smoke-records")
    shutil.copytree(results, folder)
    (folder / "generated/escape.pdf").write_text("%PDF anew")
    (folder / "generated/learning_curves.pdf").unlink()
    (folder / "seconds.parquet").write_bytes(b"not of the run")
    before = json.loads((out / published.MANIFEST).read_text())
    before |= {"platform": {"cpu": "another"}, "commit": "b" * 40}
    (out / published.MANIFEST).write_text(json.dumps(before))
    return repository


def test_what_is_printed_is_published_anew_and_the_records_stay(redrawn, out):
    kept = {name: (out / name).read_bytes() for name in published.files(out) if not published.printed(name)}
    assert publishing.publish("smoke", redrawn, "records") == out
    assert {name: (out / name).read_bytes() for name in kept} == kept
    assert (out / "generated/escape.pdf").read_text() == "%PDF anew"
    assert not (out / "generated/learning_curves.pdf").exists()
    assert {check.verdict for check in compare.files(out)} == {compare.SAME}


def test_the_manifest_keeps_the_run_that_gave_the_records(redrawn, out):
    for _ in range(2):
        publishing.publish("smoke", redrawn, "records")
        manifest = published.manifest(out)
        assert manifest["commit"] == machine.source(redrawn).commit != "b" * 40
        assert manifest["platform"] == machine.machine()
        assert published.trained(manifest)["commit"] == "b" * 40
        assert published.trained(manifest)["platform"] == {"cpu": "another"}
        assert not machine.alike(published.trained(manifest), machine.TRAINING)
    publishing.publish("smoke", redrawn)
    assert published.trained(published.manifest(out)) == published.manifest(out)


def test_altered_records_are_not_published_anew(redrawn, out):
    (out / "theory/saddles.parquet").write_bytes(b"else")
    with pytest.raises(UserError, match=r"theory/saddles\.parquet: altered since it was published"):
        publishing.publish("smoke", redrawn, "records")
    assert (out / "generated/escape.pdf").read_text() == "%PDF one"


def test_a_stale_run_is_refused(repository, monkeypatch):
    monkeypatch.setattr(publishing, "to_do", lambda *_: "3 jobs are to do")
    with pytest.raises(UserError, match=r"results/smoke is not up to date \(3 jobs are to do\)"):
        publishing.publish("smoke", repository)


def test_an_edited_run_is_refused(repository):
    (repository / "src").mkdir()
    (repository / "src/new.py").write_text("")
    with pytest.raises(UserError, match=r"src/new\.py differs from the commit that would be published"):
        publishing.publish("smoke", repository)


def test_what_git_knows_nothing_of_is_not_published(repository):
    shutil.rmtree(repository / ".git")
    with pytest.raises(UserError, match=r"no commit is known to publish: .*; publish from a clone"):
        publishing.publish("smoke", repository)
    commit(repository.parent)
    with pytest.raises(UserError, match=r"no commit is known to publish: .* lies in the repository"):
        publishing.publish("smoke", repository)
    assert not (repository / "published/smoke/manifest.json").exists()


def test_a_run_that_lacks_runs_is_refused(table, config, results):
    with pytest.raises(UserError, match=r"has 0 of the 12 runs of sgd on optdigits \(data_efficiency\)"):
        publishing._check_whole(table, config, results)


@pytest.mark.parametrize(
    ("text", "sentence"), [(None, "no such file"), ("{", "not readable as JSON"), ("[]", "lists no files")]
)
def test_a_manifest_that_is_none_is_named(tmp_path, text, sentence):
    if text is not None:
        (tmp_path / published.MANIFEST).write_text(text)
    with pytest.raises(UserError, match=rf"manifest\.json: .*{sentence}"):
        published.manifest(tmp_path)


def test_the_settings_are_those_of_the_report(config):
    assert publishing.settings(config) == json.loads(json.dumps(publishing.study.report_settings(config)))
