"""Fingerprints of code: what a job runs from this package, blind to comments, docstrings and layout.

Snakemake sees that a command or a parameter changed, never that a module behind the command did. Each rule therefore
carries the fingerprint of the modules its job imports among its parameters: a changed method reruns its own runs only.
Imports are read off the syntax tree and nothing is executed, so planning stays fast and needs no torch.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from robustpath.errors import UserError

SOURCE = Path(__file__).resolve().parents[2]
PACKAGE = "robustpath"
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def fingerprint(*sources: str | Path, root: Path = SOURCE) -> str:
    """Return the sha256 (hex) of the code that `sources` run: dotted modules or files, with all they import from here.

    `root` is the folder that holds the package. Raises UserError when a file is missing or is not valid Python.
    """
    files = set()
    for source in sources:
        files |= _closure(_locate(str(source), root) if isinstance(source, str) else Path(source).resolve(), root)
    lines = sorted(f"{_name(file, root)} {_digest(file)}" for file in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@cache
def _closure(start: Path, root: Path) -> frozenset[Path]:
    """All files reached from `start` by imports inside the package, itself included."""
    reached, waiting = set(), [start]
    while waiting:
        file = waiting.pop()
        if file not in reached:
            reached.add(file)
            waiting.extend(_imported(file, root))
    return frozenset(reached)


@cache
def _imported(file: Path, root: Path) -> frozenset[Path]:
    """The package's files that importing `file` imports directly, its parent packages included."""
    names = set(_parents(_name(file, root)))
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, file, root)
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names if _find(f"{base}.{alias.name}", root))
    ours = {name for name in names if name.split(".")[0] == PACKAGE}
    ours |= {parent for name in ours for parent in _parents(name)}
    return frozenset(_locate(name, root) for name in ours)


@cache
def _digest(file: Path) -> str:
    """The sha256 of the file's syntax tree, in which comments and positions have no place."""
    return hashlib.sha256(ast.dump(_tree(file)).encode()).hexdigest()


@cache
def _tree(file: Path) -> ast.Module:
    """The syntax tree of a file, docstrings taken out."""
    try:
        tree = ast.parse(file.read_bytes(), filename=str(file))
    except FileNotFoundError:
        raise UserError(f"{file} does not exist, but a step of the pipeline needs it.") from None
    except SyntaxError as error:
        raise UserError(f"{file}, line {error.lineno}, is not valid Python ({error.msg}).") from None
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return tree


def _find(module: str, root: Path) -> Path | None:
    """The file of a dotted module name, None where there is none."""
    path = root.joinpath(*module.split("."))
    return next((file for file in (path.with_name(f"{path.name}.py"), path / "__init__.py") if file.is_file()), None)


def _locate(module: str, root: Path) -> Path:
    file = _find(module, root)
    if file is None:
        raise UserError(f"There is no module {module} under {root}.")
    return file


def _name(file: Path, root: Path) -> str:
    """The dotted module name of a file of the package, the plain file name of any other."""
    if not file.is_relative_to(root):
        return file.name
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _parents(module: str) -> Iterator[str]:
    """The packages around a dotted module name, outermost first."""
    parts = module.split(".")
    return (".".join(parts[:depth]) for depth in range(1, len(parts)))


def _absolute(node: ast.ImportFrom, file: Path, root: Path) -> str:
    """The dotted module that a from-import reads, relative dots resolved."""
    if not node.level:
        return node.module or ""
    package = _name(file, root).split(".")
    package = package[: len(package) - node.level + (file.name == "__init__.py")]
    return ".".join([*package, *([node.module] if node.module else [])])
