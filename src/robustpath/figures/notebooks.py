"""Notebooks run from the workflow: the same percent-format files that a person opens in Jupyter."""

import io
import logging
import os
import re
import sys
import tempfile
from pathlib import Path

from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.figures.manifest import MANIFEST, manifest
from robustpath.protocols import declared

# Read by libraries when they are first imported: one thread, the same bytes on any day, figures shown in the notebook.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "SOURCE_DATE_EPOCH": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


def make(notebook: Path, parameters: dict, executed: Path) -> None:
    """As `execute`; but where the config lacks what the notebook's entry in the manifest beside it declares to need,
    the sentence that says so takes the place of its result."""
    listed = notebook.with_name(MANIFEST.name)
    entry = manifest(listed).get(notebook.stem, {}) if listed.is_file() else {}
    if why := declared.why(entry.get("needs", {}), parameters["settings"]):
        os.environ |= ENVIRONMENT
        from robustpath.figures import left_out

        left_out.write(notebook.stem, entry, why, Path(parameters["out"]), Path(parameters["caption"]))
    else:
        execute(notebook, parameters, executed)


def execute(notebook: Path, parameters: dict, executed: Path) -> None:
    """Run a percent-format notebook with `parameters` and write it with its outputs to `executed`, also when it fails.

    It runs in this process, in the current folder, and changes the environment and the `__main__` module of the
    process; therefore only as the one task of a process of its own, before numpy is imported: RuntimeError on a second
    call. None of the user's settings of IPython are read. Raises UserError with the message of the failing cell.
    """
    with tempfile.TemporaryDirectory() as scratch, replacing(executed) as temporary:
        os.environ |= {**ENVIRONMENT, "IPYTHONDIR": str(Path(scratch) / "ipython")}
        os.environ.pop("VIRTUAL_ENV", None)  # of another environment, IPython would take the packages
        sys.stdin = io.StringIO()  # a cell that asks fails; it does not wait
        import jupytext
        import papermill

        from robustpath.figures import engine

        papermill.engines.papermill_engines.register("this process", engine.ThisProcess)
        papermill.translators.papermill_translators.register("python", engine.Parameters)
        logging.getLogger("papermill").setLevel(logging.ERROR)
        document = jupytext.read(notebook)
        document.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        unexecuted = Path(scratch) / f"{Path(notebook).stem}.ipynb"
        jupytext.write(document, unexecuted)
        try:
            papermill.execute_notebook(
                unexecuted,
                temporary,
                parameters,
                engine_name="this process",
                progress_bar=False,
                request_save_on_cell_execute=False,
            )
        except papermill.exceptions.PapermillExecutionError as error:
            os.replace(temporary, executed)
            raise UserError(
                f"{notebook}: {error.ename}: {_last_line(error.evalue)} (the notebook as far as it ran: {executed})"
            ) from None


def _last_line(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip().splitlines()[-1] if text.strip() else "no message"
