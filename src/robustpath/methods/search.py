"""Hyperparameters, networks and needs of a method, read from its source: the config is checked without importing torch.

Understood are the forms that `search=` of a registration takes: mappings with text keys, names of such mappings in
this or another module of the methods, `METHOD.spec.search`, and unions of these by `|` and `**`.
"""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from robustpath import methods

CONTRACT = "robustpath.methods.base"  # states no needs of its own
SAYS_MORE = re.compile(r"\bneeds\s*=|\bsequence\b")  # in the source of a module that states more than its imports
USABLE = re.compile(r"\bnetworks\s*=")
IMPORTED = re.compile(r"^[ \t]*from[ \t]+(robustpath\.methods\.[\w.]+)[ \t]+import\b", re.M)


@cache
def hyperparameters(family: str, name: str) -> frozenset[str] | None:
    """The search space of a method, its base's included; None where the source has a form that is not understood.

    The slow way, `methods.load(name).search`, imports torch.
    """
    try:
        return frozenset(_space(f"robustpath.methods.{family}.{name}", name))
    except (LookupError, OSError, TypeError, SyntaxError):
        return None


@cache
def networks(family: str, name: str) -> tuple[str, ...]:
    """The networks that a method states it can use; none where it states none, or in a form that is not understood."""
    module = f"robustpath.methods.{family}.{name}"
    try:
        factory = _factory(module, name) if USABLE.search(_text(module)) else None
        stated = {word.arg: word.value for word in factory.decorator_list[0].keywords} if factory else {}
        return tuple(ast.literal_eval(stated["networks"])) if "networks" in stated else ()
    except (LookupError, OSError, TypeError, ValueError, SyntaxError, AttributeError):
        return ()


@cache
def needs(family: str, name: str) -> frozenset[str]:
    """What the steps of a method may need beside their batches, by name: the text keys of every `needs=` in its module
    and in the modules of the methods that it imports from.

    That can be too many, where such a module holds functions that the method does not use. The slow way, the needs of
    its phases, imports torch.
    """
    return frozenset().union(*(each.needs for each in _reached(family, name)))


@cache
def may_have_phases(family: str, name: str) -> bool:
    """Whether a method's module, or one of the methods that it imports from, makes a sequence of phases.

    The slow way, the method's phases, imports torch.
    """
    return any(each.phased for each in _reached(family, name))


class _Stated(NamedTuple):
    """Of a module: the text keys of every `needs=`; whether it makes a sequence of phases; the modules of methods that
    it imports from but the contract."""

    needs: frozenset[str] = frozenset()
    phased: bool = False
    origins: frozenset[str] = frozenset()


@cache
def _reached(family: str, name: str) -> tuple[_Stated, ...]:
    """What a method's module states, and every module of the methods that it imports from."""
    found, waiting = {}, [f"robustpath.methods.{family}.{name}"]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found[module] = _stated(module)
            waiting += found[module].origins
    return tuple(found.values())


@cache
def _stated(module: str) -> _Stated:
    try:
        if not SAYS_MORE.search(_text(module)):  # a tree takes ten times as long as the text
            return _Stated(origins=frozenset(IMPORTED.findall(_text(module))) - {CONTRACT})
        nodes = list(ast.walk(_module(module)))
    except (OSError, SyntaxError):
        return _Stated()
    stated = [node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "needs"]
    keys = [key for value in stated for part in ast.walk(value) if isinstance(part, ast.Dict) for key in part.keys]
    origins = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)} - {CONTRACT}
    return _Stated(
        frozenset(key.value for key in keys if isinstance(key, ast.Constant)),
        any(isinstance(node, ast.Name) and node.id == "sequence" for node in nodes),
        frozenset(origin for origin in origins if origin.startswith("robustpath.methods.")),
    )


@cache
def _module(name: str) -> ast.Module:
    return ast.parse(_text(name))


@cache
def _text(module: str) -> str:
    root = Path(methods.__file__).parents[2]
    return (root / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")


def _space(module: str, name: str) -> set[str]:
    """The names in the space of the method `name`; an error of those above where its source is not understood."""
    factory = _factory(module, name)
    if factory is None:
        return _space(*_imported(module, name))
    given = {word.arg: word.value for word in factory.decorator_list[0].keywords}
    below = _space(module, given["base"].id) if "base" in given and isinstance(given["base"], ast.Name) else set()
    return below | _keys(module, given["search"])


def _factory(module: str, name: str) -> ast.FunctionDef | None:
    """The definition of `name` in a module; None where it has none."""
    return next((node for node in _module(module).body if getattr(node, "name", None) == name), None)


def _keys(module: str, node: ast.expr) -> set[str]:
    match node:
        case ast.Dict():
            own = {key.value for key in node.keys if key is not None}
            return own.union(
                *(_keys(module, part) for key, part in zip(node.keys, node.values, strict=True) if not key)
            )
        case ast.BinOp(op=ast.BitOr()):
            return _keys(module, node.left) | _keys(module, node.right)
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id=method), attr="spec"), attr="search"):
            return _space(module, method)
        case ast.Name(id=name):
            for statement in _module(module).body:
                if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
                    return _keys(module, statement.value)
            return _keys(_imported(module, name)[0], ast.Name(_imported(module, name)[1]))
    raise TypeError(f"no mapping with text keys: {ast.unparse(node)}")


def _imported(module: str, name: str) -> tuple[str, str]:
    """The module and the name there of what `module` imports as `name`; LookupError where it imports no such thing."""
    for statement in _module(module).body:
        if isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                if name == (alias.asname or alias.name):
                    return statement.module, alias.name
    raise LookupError(name)
