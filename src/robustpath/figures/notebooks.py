"""Notebooks run from the workflow: the same percent-format files that a person opens in Jupyter."""

import logging
import os
import re
import sys
import tempfile
import warnings
from pathlib import Path

import robustpath
from robustpath.core.errors import UserError
from robustpath.core.files import replacing

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def execute(notebook: Path, parameters: dict, executed: Path) -> None:
    """Run a percent-format notebook with `parameters` and write it with its outputs to `executed`, also when it fails.

    The kernel is this very interpreter with this very package, one thread, no settings of the user's, in the current
    folder. Raises UserError with the message of the failing cell.
    """
    import jupytext
    import papermill

    document = jupytext.read(notebook)
    document.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as scratch, replacing(executed) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        unexecuted = Path(scratch) / f"{Path(notebook).stem}.ipynb"
        jupytext.write(document, unexecuted)
        try:
            papermill.execute_notebook(
                unexecuted,
                temporary,
                parameters,
                kernel_name="python3",
                progress_bar=False,
                kernel_manager_class=_manager(Path(scratch)),
            )
        except papermill.exceptions.PapermillExecutionError as error:
            os.replace(temporary, executed)
            raise UserError(
                f"{notebook}: {error.ename}: {_last_line(error.evalue)} (the notebook as far as it ran: {executed})"
            ) from None


def _last_line(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text).strip().splitlines()[-1] if text.strip() else "no message"


def _manager(scratch: Path) -> type:
    """A kernel manager for this interpreter, whatever kernels the machine has; it talks over files, not ports."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    package = str(Path(robustpath.__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    environment = dict.fromkeys(THREADS, "1")
    environment |= {"SOURCE_DATE_EPOCH": "0", "PYTHONPATH": path, "IPYTHONDIR": str(scratch / "ipython")}
    # IPython must not leave its history in the user's home, nor read a start-up file from it.
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    argv += ["--HistoryManager.enabled=False", "--log-level=CRITICAL"]

    class ThisInterpreter(AsyncKernelManager):
        def __init__(self, **options):
            super().__init__(transport="ipc", connection_file=str(scratch / "kernel.json"), **options)

        @property
        def kernel_spec(self):
            return KernelSpec(argv=argv, env=environment, display_name="Python 3", language="python")

    return ThisInterpreter
