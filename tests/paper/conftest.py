"""The built paper that the tests of its form look at."""

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # pytest's importlib mode leaves helpers beside the tests unseen

import sources

from robustpath.core.errors import UserError
from robustpath.paper import build

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "published/laptop/generated"


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The folder in which LaTeX built the paper: ROBUSTPATH_PAPER where that is given (as results/laptop/paper.build),
    else a build of paper/ with the published figures, tables and numbers of the laptop scale."""
    if given := os.environ.get("ROBUSTPATH_PAPER"):
        folder = Path(given)
        assert (folder / "main.pdf").is_file(), f"ROBUSTPATH_PAPER={given} has no main.pdf: name a folder of a build"
        return folder
    if not (shutil.which("latexmk") and shutil.which("pdflatex")):
        pytest.skip(f"LaTeX is missing: install {build.PACKAGES}, or name a built paper by ROBUSTPATH_PAPER")
    lacking = sorted(name for name in sources.generated(ROOT / "paper") if not (PUBLISHED / name).is_file())
    if lacking:
        pytest.skip(f"published/laptop lacks {', '.join(lacking)}, which the text shows: publish a laptop run again")
    folder = tmp_path_factory.mktemp("form")
    try:
        build.build("laptop", ROOT / "paper", PUBLISHED, folder / "paper.pdf")
    except UserError as error:
        pytest.fail(f"the text cannot be built with what is published: {error}")
    return folder / "paper.build"
