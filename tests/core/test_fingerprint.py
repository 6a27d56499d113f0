"""The fingerprint sees code and nothing but code, and only the code that a job runs."""

import json
from pathlib import Path

import pytest

from robustpath.core import fingerprint as reader
from robustpath.core.errors import UserError
from robustpath.core.fingerprint import SOURCE, fingerprint

ENGINE = '''"""The engine."""
from robustpath.shared import scale  # a helper
from .. import files


def run(x):
    """Run it."""
    def later():
        import robustpath.late
        return robustpath.late
    return scale(x)
'''
FILES = {
    "__init__.py": "",
    "shared.py": "import math\n\n\ndef scale(x):\n    return 2 * x\n",
    "files.py": "WIDTH = 4\n",
    "late.py": "VALUE = 1\n",
    "unused.py": "VALUE = 1\n",
    "training/__init__.py": "",
    "training/run.py": ENGINE,
    "methods/__init__.py": '"""Loads a method by its name."""\nfrom importlib import import_module\n',
    "methods/base.py": "def register(f):\n    return f\n",
    "methods/minima/__init__.py": "",
    "methods/minima/sam.py": "from robustpath.methods.base import register\n\n\n@register\ndef sam():\n    return 1\n",
    "methods/minima/sgd.py": "from robustpath.methods.base import register\n\n\n@register\ndef sgd():\n    return 0\n",
}


def package(root: Path, edits: dict[str, str] | None = None) -> Path:
    """Write the toy package under `root`, with some files replaced, and return `root`."""
    for name, text in (FILES | (edits or {})).items():
        file = root / "robustpath" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def prints(root: Path) -> dict[str, str]:
    """The fingerprints of the toy package's cells."""
    methods = root / "robustpath/methods/minima"
    return {name: fingerprint("robustpath.training.run", methods / f"{name}.py", root=root) for name in ("sam", "sgd")}


@pytest.fixture
def before(tmp_path):
    return prints(package(tmp_path / "before"))


def after(tmp_path, name, text):
    return prints(package(tmp_path / "after", {name: text}))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("training/run.py", "# a helper", "# another word"),
        ("training/run.py", "\n\n\ndef run", "\n# why\n\n\n\ndef run"),
        ("training/run.py", '"""The engine."""', '"""The engine, at length."""'),
        ("training/run.py", '    """Run it."""\n', ""),
        ("shared.py", "2 * x", "(2  *  x)"),
        ("methods/__init__.py", "Loads", "Finds"),
        ("unused.py", "1", "2"),
    ],
)
def test_comments_docstrings_layout_and_strangers_are_invisible(tmp_path, before, name, old, new):
    text = FILES[name].replace(old, new)
    assert text != FILES[name]
    assert after(tmp_path, name, text) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("training/run.py", "scale(x)", "scale(x) + 1"),
        ("shared.py", "2", "3"),
        ("files.py", "4", "5"),
        ("late.py", "1", "2"),
        ("methods/base.py", "return f", "return None"),
        ("methods/__init__.py", "import_module", "import_module as load"),
        ("__init__.py", "", "VERSION = 2"),
    ],
)
def test_shared_code_changes_every_cell(tmp_path, before, name, old, new):
    text = FILES[name].replace(old, new, 1)
    changed = after(tmp_path, name, text)
    assert all(changed[cell] != before[cell] for cell in before)


def test_a_method_changes_its_own_cells_only(tmp_path, before):
    changed = after(tmp_path, "methods/minima/sam.py", FILES["methods/minima/sam.py"].replace("1", "2"))
    assert changed["sam"] != before["sam"]
    assert changed["sgd"] == before["sgd"]


def test_a_file_outside_the_package_counts_with_what_it_imports(tmp_path):
    root = package(tmp_path / "src")
    edited = package(tmp_path / "edited", {"shared.py": FILES["shared.py"].replace("2", "3")})
    notebook = tmp_path / "figure.py"
    notebook.write_text("# %%\nfrom robustpath.shared import scale\n")
    assert fingerprint(notebook, root=root) != fingerprint(notebook, root=edited)


def test_the_place_of_the_package_does_not_matter(tmp_path, before):
    assert prints(package(tmp_path / "elsewhere")) == before


def test_invalid_python_is_named(tmp_path):
    root = package(tmp_path, {"shared.py": "def scale(x:\n"})
    with pytest.raises(UserError, match=r"shared\.py, line 1, is not valid Python"):
        fingerprint("robustpath.training.run", root=root)


def test_a_missing_module_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no module robustpath\.nowhere"):
        fingerprint("robustpath.nowhere", root=package(tmp_path))


SAYING = """from typing import TYPE_CHECKING

from robustpath.core.errors import UserError

if TYPE_CHECKING:
    from robustpath.typed import {name}

ENTRY = dict(title="{title}", urls=("{url}",), classes={classes}{more})


def run(x):
    print(f"{line} {{x}}")
    if x > {limit}:
        raise UserError(f"{{x}} {remedy}")
    return "{result}"


def refused():
    return UserError("{returned}")
"""
SAID = {
    "title": "Digits", "url": "here", "classes": 10, "line": "step", "limit": 3, "remedy": "mend it", "result": "a",
    "returned": "make it smaller", "name": "One", "more": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "computed", "printed"),
    [
        ({"remedy": "lower it"}, True, True),
        ({"line": "phase"}, True, True),
        ({"url": "there"}, True, False),
        ({"title": "Numerals"}, True, False),
        ({"url": 'here", "there'}, True, False),
        ({"more": ', licence="free"'}, True, False),
        ({"returned": "lower it"}, True, True),
        ({"name": "Other"}, True, True),
        ({"classes": 26}, False, False),
        ({"limit": 4}, False, False),
        ({"result": "b"}, False, False),
    ],
)
def test_words_count_only_where_they_are_printed(tmp_path, change, computed, printed):
    """Whether the fingerprints of a job that computes, and of one whose result is printed, stay as they are."""
    roots = [package(tmp_path / name, {"core/__init__.py": "", "core/errors.py": "class UserError(Exception): ...\n",
                                       "saying.py": SAYING.format(**SAID | edits)})
             for name, edits in (("before", {}), ("after", change))]  # fmt: skip
    for kind, same in ((False, computed), (True, printed)):
        one, other = (fingerprint("robustpath.saying", root=root, printed=kind) for root in roots)
        assert (one == other) == same


def test_the_engine_reaches_the_contract_but_no_single_method():
    from robustpath.core.fingerprint import _closure
    from robustpath.methods import families

    reached = _closure(SOURCE / "robustpath/protocols/supervised/training.py", SOURCE)
    methods = SOURCE / "robustpath/methods"
    assert methods / "base.py" in reached
    assert not [file for file in reached if file.parent.name in families() and file.name != "__init__.py"]


@pytest.fixture
def planning(tmp_path, monkeypatch):
    """Fingerprints as one process after another takes them, in a folder of its own."""
    monkeypatch.setattr(reader, "MEMORY", tmp_path / "memory/code.json")

    def anew(root):
        for cached in (reader._code, reader._find, reader._imported, reader._closure, reader._remembered):
            cached.cache_clear()
        reader._used.clear()
        found = prints(root)
        reader.remember()
        return found

    return anew


def test_what_was_read_once_is_not_read_as_a_tree_again(tmp_path, planning, monkeypatch):
    root = package(tmp_path / "src")
    first = planning(root)
    package(root, {"shared.py": FILES["shared.py"].replace("2", "3")})
    edited, parsed = planning(root), []
    plain = reader._parsed
    monkeypatch.setattr(reader, "_parsed", lambda content, file: parsed.append(file.name) or plain(content, file))
    assert planning(root) == edited != first
    assert parsed == []
    assert planning(package(root)) == first
    assert parsed == ["shared.py"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"maker": "another", "code": {}}', "cut"])
def test_a_damaged_memory_costs_time_only(tmp_path, planning, damage):
    root = package(tmp_path / "src")
    first = planning(root)
    whole = reader.MEMORY.read_text()
    reader.MEMORY.write_text(whole[: len(whole) // 2] if damage == "cut" else damage)
    assert planning(root) == first
    assert reader.MEMORY.read_text() == whole


def test_another_python_or_another_reader_takes_nothing_over(tmp_path, planning, monkeypatch):
    root = package(tmp_path / "src")
    first = planning(root)
    memory = json.loads(reader.MEMORY.read_text())
    stale = {key: ["stale", []] for key in memory["code"]}
    reader.MEMORY.write_text(json.dumps(memory | {"code": stale}))
    assert planning(root) != first
    monkeypatch.setattr(reader, "_maker", lambda: "another")
    assert planning(root) == first


def test_a_folder_that_cannot_be_written_to_is_no_mistake(tmp_path, planning, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(reader, "MEMORY", tmp_path / "file/code.json")
    root = package(tmp_path / "src")
    assert planning(root) == planning(root)
