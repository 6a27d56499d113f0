"""The house: layers that import from earlier ones only, no circles, no file of two ideas, nothing renamed on import."""

import ast
from pathlib import Path

import pytest

from robustpath.core.fingerprint import SOURCE

PACKAGE = SOURCE / "robustpath"
# A module imports from its own layer and those before it. docs/architecture.md says what each is.
FLOORS = [
    *("core", "config", "data", "models", "methods", "engine", "protocols", "theory", "study", "records", "statistics"),
    *("claims", "numbers", "figures", "paper", "publication", "operations", "commands", "command_line", "__main__"),
]
LONGEST = 400  # lines: a longer file holds two ideas


def modules(package: Path) -> dict[str, Path]:
    """Every module below a package by its dotted name within it."""
    return {name(file, package): file for file in sorted(package.rglob("*.py"))}


def name(file: Path, package: Path) -> str:
    return ".".join(file.relative_to(package).with_suffix("").parts).removesuffix("__init__").removesuffix(".")


def imports(file: Path, known: dict[str, Path]) -> dict[str, int]:
    """The modules of the package that a file imports, also inside functions, with the line of each."""
    found = {}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "robustpath":
            base = node.module.removeprefix("robustpath").removeprefix(".")
            for alias in node.names:
                module = f"{base}.{alias.name}".removeprefix(".")
                found[module if module in known else base] = node.lineno
        elif isinstance(node, ast.Import):
            found |= {
                alias.name.removeprefix("robustpath").removeprefix("."): node.lineno
                for alias in node.names
                if alias.name.split(".")[0] == "robustpath"
            }
    return {module: line for module, line in found.items() if module}


def upwards(package: Path) -> list[str]:
    """Imports from a later layer, and folders that are in none."""
    known = modules(package)
    faults = [f"{each} is in no layer" for each in {module.split(".")[0] for module in known if module} - {*FLOORS}]
    for module, file in known.items():
        for other, line in imports(file, known).items():
            here, there = module.split(".")[0], other.split(".")[0]
            if here in FLOORS and there in FLOORS and FLOORS.index(there) > FLOORS.index(here):
                faults.append(f"{file.relative_to(package)}, line {line}: {here} imports {other}")
    return faults


def circles(package: Path) -> list[list[str]]:
    """Modules that import each other, directly or through others."""
    known = modules(package)
    graph = {module: [other for other in imports(file, known) if other in known] for module, file in known.items()}
    found, done = [], set()

    def visit(module: str, path: list[str]) -> None:
        if module in path:
            found.append([*path[path.index(module) :], module])
        elif module not in done:
            for other in graph[module]:
                visit(other, [*path, module])
            done.add(module)

    for module in graph:
        visit(module, [])
    return found


def renamed(package: Path) -> list[str]:
    """Modules, classes and functions of the package that get another name where they are imported."""
    found = []
    for file in package.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            module = node.module if isinstance(node, ast.ImportFrom) else ""
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    ours = (module or alias.name).split(".")[0] == "robustpath"
                    if ours and alias.asname and alias.asname != alias.name:
                        found.append(f"{file.relative_to(package)}, line {node.lineno}: {alias.name} as {alias.asname}")
    return found


def test_imports_go_one_way():
    assert upwards(PACKAGE) == []


def test_there_is_no_circle():
    assert circles(PACKAGE) == []


def test_nothing_of_ours_is_renamed_on_import():
    assert renamed(PACKAGE) == []


@pytest.mark.parametrize("folder", ["src", "notebooks", "workflow", "benchmarks", "tests"])
def test_no_file_holds_two_ideas(folder):
    files = [file for suffix in ("py", "smk", "sh") for file in (SOURCE.parent / folder).rglob(f"*.{suffix}")]
    lengths = {file.name: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {file: lines for file, lines in lengths.items() if lines > LONGEST} == {}


def test_the_tests_can_fail(tmp_path):
    package = tmp_path / "robustpath"
    for file, text in {
        "__init__.py": "",
        "core/__init__.py": "",
        "core/files.py": "def write():\n    from robustpath.records import table\n",
        "records/__init__.py": "from robustpath.core import files\n",
        "records/table.py": "from robustpath.core.files import write as put\n",
        "attic/__init__.py": "",
    }.items():
        (package / file).parent.mkdir(parents=True, exist_ok=True)
        (package / file).write_text(text)
    assert upwards(package) == ["attic is in no layer", "core/files.py, line 2: core imports records.table"]
    assert circles(package) == [["core.files", "records.table", "core.files"]]
    assert renamed(package) == ["records/table.py, line 1: write as put"]
