"""Seals of files of every format: readable as before, and no bit, no length and no name changes unseen."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from robustpath.core import seals
from robustpath.core.errors import UserError

NUMBERS = torch.arange(5.0)
DATA = "smoke/data/optdigits.safetensors"


def write(folder):
    """One file of each format, a safetensors file with metadata of its own besides, in the folder of a scale."""
    place = folder / "results" / "smoke"
    place.mkdir(parents=True)
    save_file({"a": NUMBERS}, place / "plain.safetensors")
    save_file({"a": NUMBERS}, place / "described.safetensors", metadata={"sha256": "ab"})
    pd.DataFrame({"a": [1.0, 2.0]}).to_parquet(place / "table.parquet")
    np.savez(place / "arrays.npz", a=np.arange(3))
    (place / "verdicts.json").write_text(json.dumps({"families": {}}, indent=1) + "\n")
    (place / "caption.tex").write_text("A caption.")
    (place / "figure.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
    return sorted(place.iterdir())


@pytest.fixture
def files(tmp_path):
    return write(tmp_path)


@pytest.fixture
def sealed(files):
    seals.seal(files, seals.key({"seeds": 2}), {DATA: "0123456789abcdef"})
    return files


def test_every_format_has_a_case(files):
    assert {file.suffix for file in files} == seals.SUFFIXES


def test_a_seal_says_what_a_file_is(sealed):
    for file in sealed:
        found = seals.read(file)
        assert found.file == f"smoke/{file.name}"
        assert found.settings == seals.key({"seeds": 2}) != seals.key({"seeds": 3})
        assert found.of == {DATA: "0123456789abcdef"}


def test_files_are_read_as_before(sealed):
    by_name = {file.name: file for file in sealed}
    for name in ("plain.safetensors", "described.safetensors"):
        assert torch.equal(load_file(by_name[name])["a"], NUMBERS)
    assert list(pd.read_parquet(by_name["table.parquet"])["a"]) == [1.0, 2.0]
    assert list(np.load(by_name["arrays.npz"])["a"]) == [0, 1, 2]
    assert json.loads(by_name["verdicts.json"].read_text())["families"] == {}
    assert by_name["caption.tex"].read_text().startswith("A caption.% robustpath")


def test_without_its_seal_a_file_is_what_it_was(files):
    before = {file: file.read_bytes() for file in files}
    seals.seal(files, "", {})
    for file in files:
        assert file.read_bytes() != before[file]
        assert file.suffix == ".safetensors" or seals.content(file) == before[file], file.name


def test_equal_files_have_equal_seals(tmp_path):
    both = [write(tmp_path / name) for name in ("one", "other")]
    for each in both:
        seals.seal(each, "", {"b": "1" * 16, "a": "2" * 16, "wall.seconds.parquet": str(id(each))[:16]})
    assert [file.read_bytes() for file in both[0]] == [file.read_bytes() for file in both[1]]


def test_no_bit_and_no_length_changes_unseen(sealed):
    for file in sealed:
        whole = file.read_bytes()
        changed = [whole[:i] + bytes([whole[i] ^ 1 << i % 8]) + whole[i + 1 :] for i in range(len(whole))]
        for content in [*changed, *(whole[:length] for length in range(len(whole))), whole + b"\n"]:
            file.write_bytes(content)
            with pytest.raises(UserError, match=f"^{file} is .*: delete it and run again$"):
                seals.read(file)
        file.write_bytes(whole)
        seals.read(file)


def test_a_missing_file_and_one_without_a_seal_are_named(files):
    for file in files:
        with pytest.raises(UserError, match=rf"^{file} is damaged, or was not made by this version \(it has no seal\)"):
            seals.read(file)
    files[0].unlink()
    with pytest.raises(UserError, match=f"^{files[0]} is missing: run the same command again"):
        seals.read(files[0])


def test_no_file_takes_the_name_of_another(sealed):
    """Not in its folder, and not in that of another scale."""
    for name in ("smoke/other.parquet", "laptop/table.parquet"):
        other = sealed[0].parents[1] / name
        other.parent.mkdir(exist_ok=True)
        other.write_bytes((sealed[0].parent / "table.parquet").read_bytes())
        with pytest.raises(UserError, match=f"^{other} is another file, smoke/table.parquet, under this name"):
            seals.read(other)


def test_what_is_read_together_was_made_of_the_same(tmp_path):
    write(tmp_path)
    records, claims, figure = (
        tmp_path / "results/smoke" / name for name in ("table.parquet", "verdicts.json", "figure.pdf")
    )
    seals.seal([records], "", {})
    own = seals.check([records])
    seals.seal([claims], "", own)
    seals.seal([figure], "", dict.fromkeys(own, "0" * 16))
    assert seals.check([records, claims]).keys() == {"smoke/table.parquet", "smoke/verdicts.json"}
    with pytest.raises(UserError, match=f"^{figure} is made of another smoke/table.parquet than the one here"):
        seals.check([records, figure])
    with pytest.raises(UserError, match=f"^{claims} and {figure} are not made of the same smoke/table.parquet"):
        seals.check([claims, figure])


def test_files_of_one_job_were_made_with_the_same_settings(tmp_path):
    write(tmp_path)
    weights = tmp_path / "results/smoke/plain.safetensors"
    runs = weights.with_suffix(".parquet")
    pd.DataFrame({"a": [1.0]}).to_parquet(runs)
    seals.seal([weights], seals.key({"budget": 600}), {})
    seals.seal([runs], seals.key({"budget": 1000}), {})
    with pytest.raises(UserError, match=f"^{weights} and {runs} are not made with the same settings"):
        seals.check([weights, runs])
    with pytest.raises(UserError, match=f"^{weights} is made with other settings than those of config.yaml"):
        seals.check([weights], {"smoke/plain.safetensors": seals.key({"budget": 1000})})
    seals.check([weights], {"smoke/plain.safetensors": seals.key({"budget": 600})})
