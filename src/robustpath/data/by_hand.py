"""Files that every user has to get by hand, since their terms are to be agreed to by a person."""

import os
from dataclasses import dataclass
from pathlib import Path

from robustpath.core.errors import UserError
from robustpath.data import download
from robustpath.data.entries import DataSet, File


@dataclass(frozen=True)
class ByHand(File):
    """A file without an address to fetch it from: `page` is where its terms are, and the way to it."""

    page: str = ""


def check(dataset: DataSet) -> None:
    """UserError where a file that is to be got by hand does not lie where it is looked for."""
    folder = Path(os.environ.get("ROBUSTPATH_DATA") or download.CACHE)
    for file in dataset.files:
        if isinstance(file, ByHand) and not any((place / file.name).is_file() for place in (folder, download.CACHE)):
            raise UserError(
                f"{file.name} is missing, and the terms of {dataset.title} do not let a program fetch it: agree to "
                f"them at {file.page}, download {Path(file.name).name} there and put it at {folder / file.name}"
            )
