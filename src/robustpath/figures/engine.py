"""Papermill's engine that executes a notebook's cells in this very process, by IPython's shell.

A Jupyter kernel is a second process that answers over sockets. To execute one notebook from its first cell to its last
none is needed: what a cell prints, displays, returns or raises is kept here as a kernel's client would keep it.
"""

import io
import platform
from contextlib import redirect_stderr, redirect_stdout
from pprint import pformat

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbformat import NotebookNode
from nbformat.v4 import new_output
from papermill.engines import Engine, NotebookExecutionManager
from papermill.translators import PythonTranslator
from traitlets import List, Type
from traitlets.config import Config

LANGUAGE = {  # what a kernel says of itself: Jupyter colours the cells by it
    "name": "python",
    "version": platform.python_version(),
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}


class Displayed(DisplayPublisher):
    """What `display` is given, kept among the outputs of the cell."""

    def publish(self, data, metadata=None, **_) -> None:
        self.shell.outputs.append(new_output("display_data", data, metadata=metadata or {}))


class Returned(DisplayHook):
    """The value of the cell's last line, kept among the outputs of the cell."""

    def write_output_prompt(self) -> None:
        """A prompt is for a terminal."""

    def write_format_data(self, format_dict, md_dict=None) -> None:
        count = self.prompt_count
        self.shell.outputs.append(
            new_output("execute_result", format_dict, metadata=md_dict or {}, execution_count=count)
        )

    def finish_displayhook(self) -> None:
        self._is_active = False


class Printed(io.TextIOBase):
    """A standard stream of which the text is kept among the outputs of the cell, in the order in which they came."""

    def __init__(self, name: str, outputs: list[NotebookNode]):
        self.name, self.outputs = name, outputs

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self.outputs and self.outputs[-1].get("name") == self.name:
            self.outputs[-1]["text"] += text
        elif text:
            self.outputs.append(new_output("stream", name=self.name, text=text))
        return len(text)


class Shell(InteractiveShell):
    """IPython without a terminal. A process has only one, so a second notebook would see the variables of the first."""

    displayhook_class = Type(Returned)
    display_pub_class = Type(Displayed)
    outputs = List()
    kernel = None  # pandas takes a shell without this name for a terminal, and cuts tables to its width

    def _showtraceback(self, etype, evalue, stb) -> None:
        self.outputs.append(new_output("error", ename=etype.__name__, evalue=str(evalue), traceback=stb))


class ThisProcess(Engine):
    """Executes the cells in order, up to the first that fails. Raises RuntimeError on a second notebook."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: NotebookExecutionManager, kernel_name: str, **_) -> None:
        if Shell.initialized():
            raise RuntimeError("a process can execute one notebook only")
        shell = Shell.instance(config=Config(HistoryManager={"enabled": False}))
        nb_man.nb.metadata["language_info"] = LANGUAGE
        for index, cell in enumerate(nb_man.nb.cells):
            nb_man.cell_start(cell, index)
            succeeded = cell.cell_type != "code" or _execute(cell, shell)
            if not succeeded:
                nb_man.cell_exception(cell, index)
            nb_man.cell_complete(cell, index)
            if not succeeded:
                break


def _execute(cell: NotebookNode, shell: Shell) -> bool:
    """Run one cell of code, keep its outputs, and say whether it succeeded."""
    cell.execution_count = shell.execution_count
    shell.outputs = []
    out, err = (Printed(name, shell.outputs) for name in ("stdout", "stderr"))
    with redirect_stdout(out), redirect_stderr(err):
        result = shell.run_cell(cell.source, store_history=True)
    cell.outputs = shell.outputs
    return result.success and not any(output.output_type == "error" for output in cell.outputs)


class Parameters(PythonTranslator):
    """The cell of parameters, laid out by pprint: papermill would import a whole formatter of code for it."""

    @classmethod
    def codify(cls, parameters: dict, comment: str = "Parameters") -> str:
        lines = [f"{name} = {pformat(value, width=100, sort_dicts=False)}" for name, value in parameters.items()]
        return "\n".join([cls.comment(comment), *lines, ""])
