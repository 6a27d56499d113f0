"""Solubility in water, in three classes, of molecules with rings; those without a ring are a natural shift."""

from robustpath.data import molecule_archive
from robustpath.data.entries import DataSet

LENGTH = molecule_archive.BITS
ENTRY = DataSet(
    name="solubility_rings",
    title="Solubility of molecules with rings",
    kind="signal",
    classes=3,
    examples=553,
    official_test=385,
    smallest_class=73,
    smallest_test_class=46,
    files=(molecule_archive.FILE,),
    licence=molecule_archive.LICENCE,
    citation="huuskonen2000solubility",
    domains=("acyclic_molecules",),
)
preprocess = molecule_archive.preprocess


def read(payloads):
    """Molecules without a ring are apart: see molecule_archive.apart."""
    return molecule_archive.apart(payloads[molecule_archive.FILE.name], lambda molecule, frequency: not molecule.cyclic)
