"""The molecules: the table against its sources and against chemistry, three splits, and bands of accuracy."""

import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from robustpath.data import molecule_archive, sets
from robustpath.data.download import payload
from robustpath.data.prepared import Prepared
from robustpath.data.registry import DATASETS
from robustpath.data.shifts import shifted_sets

FOLDER = Path(__file__).parents[2] / "src/robustpath/data"
MANIFEST = json.loads((FOLDER / "solubility.json").read_text(encoding="utf-8"))
NAMES = ("solubility", "solubility_size", "solubility_rings")
ATOM = re.compile(r"\[[^]]*\]|Br|Cl|[BCNOPSFI]|[bcnops]")  # of a SMILES; no molecule here has hydrogen as an atom


@pytest.fixture(scope="module")
def rows():
    table = payload(molecule_archive.FILE).decode("utf-8")
    return [dict(zip(MANIFEST["columns"], line.split("\t"), strict=True)) for line in table.split("\n")[:-1]]


@pytest.fixture(scope="module")
def known():
    return molecule_archive.molecules(payload(molecule_archive.FILE))


@pytest.fixture(scope="module")
def prepared():
    """What preparing the data sets gives, without files."""
    found = {}
    for name in NAMES:
        module = sets.load(name)
        raw, *columns = module.read({molecule_archive.FILE.name: payload(molecule_archive.FILE)})
        found[name] = Prepared(module.preprocess(raw, None)[0], *map(torch.from_numpy, columns))
    return found


def bits(molecule):
    return {place for place, bit in enumerate(molecule.bits) if bit == "1"}


def test_the_table_is_the_one_described_and_has_its_licences():
    content = payload(molecule_archive.FILE)
    described = (MANIFEST["sha256"], MANIFEST["bytes"])
    assert (hashlib.sha256(content).hexdigest(), len(content)) == described
    assert all((file.sha256, file.size) == described for name in NAMES for file in DATASETS[name].files)
    assert {source["name"]: source["sha256"] for source in MANIFEST["sources"]} == {
        "solubility.train.sdf": "184a7df425f4a5403d8572c7cf898d259801332f0b7f4fcfab91ccb9aba2994e",
        "solubility.test.sdf": "71fbac86a75146b2f7a142f8939c159435d20813fbc0022f9fce0510f0e7ee02",
    }
    licence = (FOLDER / "solubility.LICENSE.txt").read_text(encoding="utf-8")
    assert "BSD 3-Clause License" in licence and "Greg Landrum" in licence and "Apache License" in licence


def test_there_are_as_many_molecules_as_in_rdkit_and_classes_follow_the_solubility(rows):
    assert Counter(row["part"] for row in rows) == {"train": 1025, "test": 257}  # README.md of RDKit's Docs/Book/data
    for row in rows:
        solubility = float(row["log_solubility"])
        assert row["class"] == ("low" if solubility <= -3 else "medium" if solubility <= -1 else "high")


def test_atoms_rings_and_scaffolds_are_those_that_the_smiles_say(rows):
    for row in rows:
        assert int(row["heavy_atoms"]) == len(ATOM.findall(row["smiles"]))
        bare = re.sub(r"\[[^]]*\]", "", row["smiles"])  # digits in brackets count hydrogens and charges
        assert row["cyclic"] == str(int(bool(re.search(r"\d", bare))))  # a ring is opened and closed by a digit
        assert bool(row["scaffold"]) == (row["cyclic"] == "1")
        assert len(ATOM.findall(row["scaffold"])) <= int(row["heavy_atoms"])


def test_fingerprints_count_the_surroundings_that_a_chemist_counts(known):
    """Rogers and Hahn 2010: a bit for each different surrounding of radius 0, 1 or 2 that no smaller one covers.

    An alkane C5 or C6 in a line has 2 atoms, 3 pairs and triples about CH3, its neighbour and a CH2 within, and 2 of
    radius 2 about the second and the third atom; only the last differs between the two. All atoms of a plain ring are
    alike, one surrounding of each radius.
    """
    by_smiles = {molecule.smiles: bits(molecule) for molecule in known}
    pentane, hexane = by_smiles["CCCCC"], by_smiles["CCCCCC"]
    assert len(pentane) == len(hexane) == 7 and len(pentane & hexane) == 6
    assert all(len(by_smiles[ring]) == 3 for ring in ("C1CCCC1", "C1CCCCC1", "c1ccccc1"))
    assert all(0 < len(bits(molecule)) <= 3 * molecule.heavy_atoms for molecule in known)


def test_bits_keep_their_places(rows, prepared):
    first = {row["smiles"]: row["fingerprint"] for row in reversed(rows)}
    inputs = prepared["solubility"].inputs
    assert inputs.shape == (len(first), 1024)
    # A hexadecimal digit is four bits, the first one the largest.
    for smiles, line in zip(dict.fromkeys(row["smiles"] for row in rows), inputs, strict=True):
        digits = (line.reshape(256, 4) @ line.new_tensor([8, 4, 2, 1])).int().tolist()
        assert "".join(f"{digit:x}" for digit in digits) == first[smiles]


def test_a_molecule_listed_twice_is_kept_once_as_first_listed(rows, known):
    assert (len(rows), len(known)) == (1282, 1274)
    first = {}
    for row in rows:
        first.setdefault(row["smiles"], float(row["log_solubility"]))
    assert {molecule.smiles: molecule.log_solubility for molecule in known} == first


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("solubility", lambda row, scaffolds: scaffolds[row.scaffold] < 3),
        ("solubility_size", lambda row, scaffolds: len(ATOM.findall(row.smiles)) >= 13),
        ("solubility_rings", lambda row, scaffolds: not re.search(r"\d", re.sub(r"\[[^]]*\]", "", row.smiles))),
    ],
)
def test_the_natural_shift_holds_what_its_name_says_and_no_part_does(prepared, known, name, expected):
    scaffolds = Counter(molecule.scaffold for molecule in known)
    data = prepared[name]
    apart = [bool(expected(molecule, scaffolds)) for molecule in known]
    assert (data.domain == 0).tolist() == apart
    held = [int(hashlib.sha256(row.smiles.encode()).hexdigest()[:8], 16) / 16**8 < 0.4 for row in known]
    tested = [own and not other for own, other in zip(held, apart, strict=True)]
    assert data.official_test.tolist() == tested
    pool = [not other and not test for other, test in zip(apart, tested, strict=True)]
    assert (data.group >= 0).tolist() == pool


def test_a_group_is_a_scaffold_and_no_scaffold_is_in_the_pool_and_in_the_shift(prepared, known):
    data = prepared["solubility"]
    pairs = {(molecule.scaffold, int(group)) for molecule, group in zip(known, data.group, strict=True) if group >= 0}
    assert len(pairs) == len(dict(pairs)) == len({group for _, group in pairs})
    shifted = {molecule.scaffold for molecule, place in zip(known, data.domain, strict=True) if place == 0}
    assert shifted and not shifted & set(dict(pairs))


@pytest.mark.parametrize("name", NAMES)
def test_the_shift_is_scored_in_equal_classes(prepared, name):
    data, entry = prepared[name], DATASETS[name]
    settings = {"severities": [], "validation_size": 30, "test_size": 60, "shifts": entry.shifted_by}
    (item,) = (item for item in shifted_sets(name, 2, {name: data}, settings) if item.severity)
    assert (item.shift, item.shift_family) == (*entry.domains, "natural")
    least = int(data.labels[data.domain == 0].bincount().min())
    assert item.labels.bincount().tolist() == [min(least, 20)] * 3


def test_accuracies_lie_where_they_were_measured_before(prepared, known):
    """Logistic regression on the fingerprints had 71.6 % on a random fifth, 61.9 on a fifth of rare scaffolds, 49.8 on
    the fifth of the largest molecules and 32.9 from molecules with rings to those without."""
    inputs, labels = prepared["solubility"].inputs.numpy(), prepared["solubility"].labels.numpy()
    fifth = len(known) // 5
    orders = {
        "random": np.random.default_rng(0).permutation(len(known)),
        "large": np.argsort([molecule.heavy_atoms for molecule in known], kind="stable"),
    }
    tested = {name: np.isin(np.arange(len(known)), order[-fifth:]) for name, order in orders.items()}
    tested["rare"] = (prepared["solubility"].domain == 0).numpy()
    tested["acyclic"] = (prepared["solubility_rings"].domain == 0).numpy()
    found = {}
    for name, mask in tested.items():
        model = LogisticRegression(tol=1e-3).fit(inputs[~mask], labels[~mask])
        found[name] = model.score(inputs[mask], labels[mask])
    assert found == pytest.approx({"random": 0.716, "rare": 0.619, "large": 0.498, "acyclic": 0.329}, abs=0.04)
