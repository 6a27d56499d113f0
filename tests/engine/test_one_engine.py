"""There is one engine: nothing outside it and the methods themselves vectorises what a method does over members."""

import ast
from pathlib import Path

from robustpath.core.fingerprint import SOURCE

PACKAGE = SOURCE / "robustpath"
# A method may take several steps of another one inside its own, for one member: its candidates.
ALLOWED = ("engine", "methods")
# What a network makes of the support set of an episode is a part of its evaluation, and trains no run.
EVALUATION = Path("protocols/episodes/adaptation.py")
OF_A_METHOD = {"init", "step", "readout"}


def functions(tree: ast.Module) -> dict[str, ast.AST]:
    """Every function of a module by name, also those inside others and lambdas that have a name."""
    found = {node.name: node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            found |= {target.id: node.value for target in node.targets if isinstance(target, ast.Name)}
    return found


def steps(node: ast.AST, known: dict[str, ast.AST], seen: frozenset[str] = frozenset()) -> bool:
    """Whether an expression or a function mentions a part of a method, itself or in functions of its module."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and part.attr in OF_A_METHOD:
            return True
        called = part.id if isinstance(part, ast.Name) else ""
        if called in known and called not in seen and steps(known[called], known, seen | {called}):
            return True
    return False


def vectorised(file: Path) -> list[int]:
    """The lines on which vmap is called over a method's init, step or readout."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    known = functions(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    calls = [node for node in calls if ast.unparse(node.func).split(".")[-1] == "vmap"]
    return sorted(node.lineno for node in calls if steps(node.args[0], known))


def engines(package: Path) -> list[str]:
    """Calls of vmap over a part of a method outside the folders that may."""
    files = {file.relative_to(package): file for file in sorted(package.rglob("*.py"))}
    return [
        f"{place}, line {line}"
        for place, file in files.items()
        if place.parts[0] not in ALLOWED and place != EVALUATION
        for line in vectorised(file)
    ]


def test_no_second_engine():
    assert engines(PACKAGE) == []


def test_the_engine_itself_is_found():
    assert len(vectorised(PACKAGE / "engine" / "population.py")) == 3


def test_other_engines_are_found_and_evaluation_is_none(tmp_path):
    (tmp_path / "theory").mkdir()
    (tmp_path / "theory" / "own.py").write_text(
        "def outer(method, network, params, batch):\n"
        "    state = torch.vmap(method.init)(params)\n"
        "    advance = lambda params, state: method.step(params, state, batch)\n"
        "    def member(params, state):\n"
        "        return advance(params, state)\n"
        "    vmap(member)(params, state)\n"
        "    torch.func.vmap(lambda p: method.readout(p, state))(params)\n"
        "    return torch.vmap(network, in_dims=(0, None))(params, batch)\n"
    )
    assert engines(tmp_path) == [f"theory/own.py, line {line}" for line in (2, 6, 7)]
