"""Solubility in water, in three classes, of small molecules; large ones are a natural shift."""

from robustpath.data import molecule_archive
from robustpath.data.entries import DataSet

LENGTH = molecule_archive.BITS
SMALL = 12  # heavy atoms of a small molecule, at most: of larger ones too few are highly soluble
ENTRY = DataSet(
    name="solubility_size",
    title="Solubility of small molecules",
    kind="signal",
    classes=3,
    examples=419,
    official_test=286,
    smallest_class=68,
    smallest_test_class=59,
    files=(molecule_archive.FILE,),
    licence=molecule_archive.LICENCE,
    citation="huuskonen2000solubility",
    domains=("large_molecules",),
)
preprocess = molecule_archive.preprocess


def read(payloads):
    """Molecules of more than SMALL heavy atoms are apart: see molecule_archive.apart."""
    return molecule_archive.apart(
        payloads[molecule_archive.FILE.name], lambda molecule, frequency: molecule.heavy_atoms > SMALL
    )
