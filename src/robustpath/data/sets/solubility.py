"""Solubility in water, in three classes, of molecules with common scaffolds; those with rare ones are a natural shift.

No scaffold is both in the pool and in the shift, so that a network is asked about rings it has never met.
"""

from robustpath.data import molecule_archive
from robustpath.data.entries import DataSet

LENGTH = molecule_archive.BITS
RARE = 2  # molecules of a scaffold, at most, that count as rare
ENTRY = DataSet(
    name="solubility",
    title="Solubility of molecules with common scaffolds",
    kind="signal",
    classes=3,
    examples=598,
    official_test=405,
    smallest_class=134,
    smallest_test_class=79,
    files=(molecule_archive.FILE,),
    licence=molecule_archive.LICENCE,
    citation="huuskonen2000solubility",
    domains=("rare_scaffolds",),
)
preprocess = molecule_archive.preprocess


def read(payloads):
    """Molecules whose scaffold at most RARE molecules have are apart: see molecule_archive.apart."""
    return molecule_archive.apart(
        payloads[molecule_archive.FILE.name], lambda molecule, frequency: frequency[molecule.scaffold] <= RARE
    )
