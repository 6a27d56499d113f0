"""Data sets: one file each, found by its name.

A data set's file has
- ENTRY: a DataSet, its name that of the file;
- read(files) -> arrays: inputs [N, ...], labels int64 [N], the official-test mask bool [N] and then, where there are
  any, group, domain, severity and attribute (see prepared.Prepared; None for those there are not). `files` maps the
  names of ENTRY.files to their content as bytes, or to their paths where they are large ones to fetch;
- preprocess(inputs, size) -> (tensor, words), the inputs as training reads them and a sentence for the data card, where
  what is usual for images (grey or colour of preprocessing.py, by ENTRY.channels) does not fit;
- of a signal that has not 40 numbers: LENGTH, how many it has, by which costs are estimated before it is prepared;
- where its authors have a validation part, which no split uses: VALIDATION, how many examples are in no part;
- where it has no files but generates its examples: recipe() -> what the card says of how, as a dict;
- where labels may be confused with an attribute and an experiment may say how much: an ENTRY that is a
  grouped.GroupedDataSet, which counts the examples of each group;
- where ENTRY.knobs names shifts of that generator: shifted_test(knob, severity) -> the official test part, shifted.

What is read is compared with ENTRY in registered.py. A reader unpacks within bounds: bounded.py, archives.py and
formats.py say how.

What several files share lies beside this folder. Listing imports every file, so numpy, torch and modules that need them
are imported inside the functions. The arguments title, licence, citation and urls are no part of a fingerprint: to
change one prepares nothing again.
"""

from importlib import import_module
from pathlib import Path
from types import ModuleType

from robustpath.core.errors import UserError
from robustpath.data.entries import DataSet


def names() -> list[str]:
    """Every data set's name, in alphabetical order."""
    return sorted(file.stem for file in Path(__file__).parent.glob("*.py") if not file.stem.startswith("_"))


def load(name: str) -> ModuleType:
    """The module of a data set; UserError where there is none, or where its file cannot be imported or lacks a
    fitting entry."""
    if name not in names():
        raise UserError(f"there is no data set {name!r}: choose one of {', '.join(names())}")
    try:
        module = import_module(f"{__name__}.{name}")
    except Exception as error:
        file = Path(__file__).with_name(f"{name}.py")
        raise UserError(f"{file} cannot be imported ({type(error).__name__}: {error}): fix or delete it") from error
    entry = getattr(module, "ENTRY", None)
    if not isinstance(entry, DataSet):
        raise UserError(
            f"{module.__file__} has no ENTRY = DataSet(...): describe the data set in it or delete the file"
        )
    if entry.name != name:
        raise UserError(
            f"{module.__file__} describes the data set {entry.name!r}: give the file and its entry the same name"
        )
    return module
