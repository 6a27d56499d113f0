"""Fingerprints of code: what a job runs from this package, blind to comments, layout and words.

Snakemake sees that a command or a parameter changed, never that a module behind the command did. Each rule therefore
carries the fingerprint of the modules its job imports among its parameters: a changed method reruns its own runs only.
Imports are read off the syntax tree and nothing is executed, so planning stays fast and needs no torch.
"""

import ast
import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from robustpath.core.errors import UserError
from robustpath.core.files import replacing

SOURCE = Path(__file__).resolve().parents[2]
PACKAGE = "robustpath"
MEMORY = Path(".cache/code.json")
# Arguments that say something to a person, or where the same bytes are fetched from: no result depends on them.
FOR_PEOPLE = {"title", "licence", "citation", "urls", "cite", "meaning", "description", "help"}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def fingerprint(*sources: str | Path, root: Path = SOURCE, printed: bool = False) -> str:
    """Return the sha256 (hex) of the code that `sources` run: dotted modules or files, with all they import from here.

    Where the job's result is `printed` in the paper, what the arguments FOR_PEOPLE say counts; elsewhere it does not.
    `root` is the folder that holds the package. Raises UserError when a file is missing or is not valid Python.
    """
    files = set()
    for source in sources:
        files |= _closure(_locate(str(source), root) if isinstance(source, str) else Path(source).resolve(), root)
    lines = sorted(f"{_name(file, root)} {_code(file).digests[printed]}" for file in files)
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
    for level, module, parts in _code(file).imports:
        base = _absolute(level, module, file, root)
        names.add(base)
        names.update(f"{base}.{part}" for part in parts if _find(f"{base}.{part}", root))
    ours = {name for name in names if name.split(".")[0] == PACKAGE}
    ours |= {parent for name in ours for parent in _parents(name)}
    return frozenset(_locate(name, root) for name in ours)


class Code(NamedTuple):
    """What a file's syntax tree says: its sha256 without comments and positions (of what is computed, and with what is
    said to people), and its imports."""

    digests: tuple[str, str]
    imports: list[tuple[int, str, list[str]]]  # leading dots, module, names


@cache
def _code(file: Path) -> Code:
    """A file's digest and imports; a file of the same content is not read as a tree again."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{file} does not exist, but a step of the pipeline needs it.") from None
    key = hashlib.sha256(content).hexdigest()
    known = _remembered().get(key)
    code = Code(*known) if known else _parsed(content, file)
    _used[key] = code
    return code


def _parsed(content: bytes, file: Path) -> Code:
    """The same, from the syntax tree. Docstrings are taken out, and so is the text of errors and of printed lines: a
    better word is no reason to compute anything again. Nor does what is imported for a type checker alone count."""
    try:
        tree = ast.parse(content, filename=str(file))
    except SyntaxError as error:
        raise UserError(f"{file}, line {error.lineno}, is not valid Python ({error.msg}).") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    imports = []
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
        elif isinstance(node, ast.Import):
            imports.extend((0, alias.name, []) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imports.append((node.level, node.module or "", [alias.name for alias in node.names]))
        elif isinstance(node, ast.Raise) or _prints(node) or _is_error(node):
            _silence(node)
    said = hashlib.sha256(ast.dump(tree).encode()).hexdigest()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords = [each for each in node.keywords if each.arg not in FOR_PEOPLE]
    return Code((hashlib.sha256(ast.dump(tree).encode()).hexdigest(), said), imports)


def _prints(node: ast.AST) -> bool:
    """Whether a statement is a call of print."""
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"


def _is_error(node: ast.AST) -> bool:
    """Whether an expression makes an exception, which its caller raises."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("Error")


def _silence(node: ast.AST) -> None:
    """Empty every text in a part of the tree; what is computed for it stays."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            part.value = ""
        elif isinstance(part, ast.JoinedStr):
            part.values = [value for value in part.values if isinstance(value, ast.FormattedValue)]


_used: dict[str, Code] = {}


@cache
def _maker() -> str:
    """What a tree's digest depends on beside the content: this file, and the Python whose tree it is."""
    return f"{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()} {sys.version}"


@cache
def _remembered() -> dict[str, list]:
    """What MEMORY holds of files by the sha256 of their content; nothing where it is of another maker or damaged."""
    try:
        memory = json.loads(MEMORY.read_text(encoding="utf-8"))
        return memory["code"] if memory["maker"] == _maker() else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def remember() -> None:
    """Write what the fingerprints of this process rest on to MEMORY: the next process plans in half the time."""
    if _used.keys() - _remembered().keys():
        with suppress(OSError), replacing(MEMORY) as file:  # a folder that cannot be written to only costs time
            file.write_text(json.dumps({"maker": _maker(), "code": _used}), encoding="utf-8")


@cache
def _find(module: str, root: Path) -> Path | None:
    """The file of a dotted module name, None where there is none."""
    path = root.joinpath(*module.split("."))
    return next((file for file in (path.with_name(f"{path.name}.py"), path / "__init__.py") if file.is_file()), None)


def _locate(module: str, root: Path) -> Path:
    file = _find(module, root)
    if file is None:
        raise UserError(f"There is no module {module} under {root}.")
    return file


@cache
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


def _absolute(level: int, module: str, file: Path, root: Path) -> str:
    """The dotted module that an import reads, `level` relative dots resolved."""
    if not level:
        return module
    package = _name(file, root).split(".")
    package = package[: len(package) - level + (file.name == "__init__.py")]
    return ".".join([*package, *([module] if module else [])])
