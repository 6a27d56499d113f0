"""Packaged steps against the eager step, and a cache that is cold, damaged, foreign, shut or shared."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from supervised_methods import SUPERVISED

from robustpath import methods
from robustpath.core.fingerprint import SOURCE
from robustpath.core.parameters import stack
from robustpath.engine import cache, population, programs
from robustpath.engine.plan import NOISE, plan
from robustpath.engine.source import Data, Dealt, examples
from robustpath.methods import selecting
from robustpath.methods.base import Batch, draw
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp

MEMBERS, BATCH, STEPS = 3, 8, 4
DATA = Data(
    torch.randn(40, 6, generator=torch.Generator().manual_seed(1)), torch.arange(40) % 4, torch.tensor([0, 1, 1])
)
DATA = DATA._replace(labels=torch.stack([DATA.labels, DATA.labels.flip(0)]))
COMPILED = ["perturbed_sgd", "early_stopping"]  # noise; a hold-out


def network(name: str):
    return mlp(6, [2] if methods.load(name).largest else [5, 5], 4)


def layers(name: str):
    return activations(network(name))


@pytest.fixture(autouse=True)
def few_candidates(monkeypatch):
    """Fewer than the small network has parameters, since their numbers are taken from its noise."""
    monkeypatch.setattr(selecting, "CANDIDATES", 72)


def problem(name: str):
    """(spec, loss, the network as a function, stages, hyperparameters, parameters) of a method."""
    spec, model = methods.load(name), network(name)
    loss, outputs = mean_cross_entropy(model), predict(model)
    start = [initialise(model, torch.Generator().manual_seed(member)) for member in range(MEMBERS)]
    batch = Batch(DATA.inputs[:BATCH], DATA.labels[0, :BATCH])
    stages = plan(spec, loss, start[0], batch, 4000, outputs, layers(name))
    drawn = [draw(spec, seed, 1) for seed in range(MEMBERS)]
    hyperparameters = {key: torch.tensor([values[key] for values in drawn]) for key in spec.search}
    return spec, loss, outputs, stages, hyperparameters, stack(start)


def inputs_of(stage, params, step: int) -> tuple:
    """What a step is given beside its hyperparameters and where it stands."""
    generator = torch.Generator().manual_seed(step)
    positions = torch.randint(40, (MEMBERS, BATCH), generator=generator)

    given, fixed = {}, torch.Generator().manual_seed(99)
    for need, count in stage.needs.items():
        if need == NOISE:
            numbers = count * sum(tensor[0].numel() for tensor in params.values())
            given[need] = torch.randn(MEMBERS, numbers, generator=generator)
        else:
            given[need] = examples(DATA, torch.randint(40, (MEMBERS, count), generator=fixed))
    return torch.tensor((step + 0.5) / STEPS), Dealt(examples(DATA, positions), given)


def trained(name: str, faster) -> list:
    """Where every phase of a method stands after a few steps, and what the last of them tells: all its tensors.
    `faster` makes a program of a stage."""
    spec, loss, outputs, stages, hyperparameters, params = problem(name)
    found = []
    for number, stage in enumerate(stages):
        step = faster(spec, loss, stage, outputs)
        snapshot = population.begin(spec, stages, hyperparameters, params, number)
        now, info = (snapshot.params, snapshot.state, snapshot.diverged), {}
        for position in range(STEPS):
            *now, info = step(hyperparameters, *now, *inputs_of(stage, params, position))
        found += [*programs.leaves(now), *info.values()]
    return found


def eager(spec, loss, stage, outputs):
    return population.program(spec, loss, stage, False, outputs, activations=layers(spec.name))


def compiled(spec, loss, stage, outputs):
    key = population.key(spec, "mlp", "float32", stage)
    return population.program(spec, loss, stage, True, outputs, key=key, activations=layers(spec.name))


def graph_of(step):
    """The graph of the step, traced once, run as it is."""
    found = []

    def run(*arguments):
        found[:] = found or programs.traced(step, arguments)
        graph, names = found
        results = iter(graph(*programs.leaves(arguments)))
        return *programs.rebuild(arguments[1:4], results), dict(zip(names, results, strict=True))

    return run


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """An empty cache."""
    monkeypatch.setattr(cache, "FOLDER", tmp_path / "programs")
    programs.say.cache_clear()
    return cache.lasting()


@pytest.fixture(scope="session")
def shrinking(tmp_path_factory):
    """A step without a network, its arguments, and the library that it compiles to."""

    def step(hyperparameters, params, state, diverged):
        return {"w": params["w"] * hyperparameters["rate"][:, None]}, state, diverged, {"loss": params["w"].sum(1)}

    arguments = {"rate": torch.tensor([0.5, 2.0])}, {"w": torch.ones(2, 3)}, (), torch.zeros(2, dtype=torch.bool)
    library, names = programs.build(step, arguments, tmp_path_factory.mktemp("compiled"), None)
    return step, arguments, library, names


def compile_by_copying(monkeypatch, shrinking) -> list:
    """Let a compilation take no time; the folders that were compiled in."""
    _, _, library, names = shrinking
    done = []
    monkeypatch.setattr(
        programs, "build", lambda step, given, scratch, lasting: done.append(scratch) or (library, names)
    )
    return done


def is_right(shrinking, run) -> bool:
    step, arguments, _, _ = shrinking
    ours, expected = run(*arguments), step(*arguments)
    return all(torch.equal(a, b) for a, b in zip(programs.leaves(ours), programs.leaves(expected), strict=True))


@pytest.mark.parametrize("name", SUPERVISED)
def test_the_graph_of_every_phase_is_its_step(name):
    def faster(spec, loss, stage, outputs):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(population, "packaged", lambda step, key: graph_of(step))
            return population.program(spec, loss, stage, True, outputs, activations=layers(spec.name))

    for ours, expected in zip(trained(name, faster), trained(name, eager), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", COMPILED)
def test_a_package_is_its_step_to_rounding_and_the_same_bytes_cold_and_warm(name, folder, monkeypatch):
    build = programs.build
    monkeypatch.setattr(programs, "build", lambda *given: build(*given[:3], None))  # precompiled headers do not repay
    cold = trained(name, compiled)
    assert list(folder.glob("*.so"))
    monkeypatch.setattr(programs, "build", None)  # what is in the cache is not compiled again
    warm = trained(name, compiled)
    assert all(torch.equal(a, b) for a, b in zip(cold, warm, strict=True))
    for ours, expected in zip(cold, trained(name, eager), strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-5)


def test_descents_after_different_walks_are_one_program_and_other_shapes_are_another():
    keys = {}
    for name in ("sgd", "contour_warmup", "restarts", "contour_cooldown", "sam"):
        spec, *_, stages, _, _ = problem(name)
        for stage in stages:
            keys[name, stage.of_base or len(stages) == 1] = population.key(spec, "mlp", "float32", stage)
    descents = [keys["sgd", True], *(keys[name, True] for name in ("contour_warmup", "restarts", "contour_cooldown"))]
    assert len(set(descents)) == 1
    assert len(set(keys.values())) == 5
    sgd = methods.load("sgd")
    stage = problem("sgd")[3][0]
    assert (
        len(
            {
                population.key(sgd, *other, stage)
                for other in (("mlp", "float32"), ("cnn", "float32"), ("mlp", "bfloat16"))
            }
        )
        == 3
    )


def test_a_program_depends_on_shapes_types_and_key_and_not_on_the_data(folder, shrinking, monkeypatch):
    step, arguments, _, _ = shrinking
    done = compile_by_copying(monkeypatch, shrinking)
    rates, params, state, diverged = arguments
    for _ in range(2):
        programs.packaged(step, "a")(*arguments)
        programs.packaged(step, "a")({"rate": torch.tensor([1.0, 3.0])}, {"w": torch.zeros(2, 3)}, state, diverged)
    assert len(done) == 1
    for key, given in (("b", params), ("a", {"w": torch.ones(2, 4)}), ("a", {"w": torch.ones(2, 3).double()})):
        programs.obtain(step, (rates, given, state, diverged), key)
    assert len(done) == 4
    assert len(list(folder.glob("*.so"))) == len(list(folder.glob("*.json"))) == 4


def test_one_step_takes_tensors_in_any_layout(folder, shrinking, monkeypatch):
    step, (rates, _, state, diverged), _, _ = shrinking
    compile_by_copying(monkeypatch, shrinking)
    params = {"w": torch.arange(6.0).reshape(3, 2).T}
    ours, expected = (run(rates, params, state, diverged)[0]["w"] for run in (programs.packaged(step, "a"), step))
    assert torch.equal(ours, expected)


def damage(folder: Path, kind: str) -> None:
    [library], [note] = folder.glob("*.so"), folder.glob("*.json")
    whole, said = library.read_bytes(), json.loads(note.read_text())
    if kind == "gone":
        return library.unlink()
    changed = {
        "truncated": (library, whole[:1000]),
        "flipped": (library, whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]),
        "of another processor": (note, json.dumps(said | {"machine": "x86_64-avx2-000000000000"}).encode()),
        "of another program": (note, json.dumps(said | {"program": "0" * 24}).encode()),
    }
    file, content = changed.get(kind, (note, kind.encode()))
    file.unlink()  # the library is in use: this process has it mapped
    file.write_bytes(content)


@pytest.mark.parametrize(
    "kind", ["truncated", "flipped", "gone", "of another processor", "of another program", "", "[]", '{"about": {}}']
)
def test_what_is_damaged_or_foreign_is_compiled_again(kind, folder, shrinking, monkeypatch):
    done = compile_by_copying(monkeypatch, shrinking)
    assert is_right(shrinking, programs.packaged(shrinking[0], "a"))
    damage(folder, kind)
    assert is_right(shrinking, programs.packaged(shrinking[0], "a"))
    assert len(done) == 2
    assert is_right(shrinking, programs.packaged(shrinking[0], "a"))
    assert len(done) == 2


def test_another_processor_or_version_has_a_folder_of_its_own(monkeypatch):
    here = cache.machine()
    for change in (
        lambda patched: patched.setattr(torch, "__version__", "0.0"),
        lambda patched: patched.setattr(cache, "_version", lambda compiler: "1.0"),
        lambda patched: patched.setattr(Path, "read_text", lambda *_, **__: "flags : sse2\n\nprocessor : 1"),
    ):
        with monkeypatch.context() as patched:
            change(patched)
            cache.machine.cache_clear()
            assert cache.machine() != here
    cache.machine.cache_clear()
    assert cache.machine() == here


def test_a_cache_that_cannot_be_written_is_done_without(shrinking, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(cache, "FOLDER", tmp_path / "file/programs")
    done = compile_by_copying(monkeypatch, shrinking)
    for times in (1, 2):
        assert is_right(shrinking, programs.packaged(shrinking[0], "a"))
        assert len(done) == times
    assert not any(scratch.exists() for scratch in done)


def test_a_cache_that_can_only_be_read_is_read(folder, shrinking, monkeypatch):
    done = compile_by_copying(monkeypatch, shrinking)
    programs.packaged(shrinking[0], "a")(*shrinking[1])

    def shut(*_):
        raise PermissionError("read-only")

    monkeypatch.setattr(cache, "compiling", shut)
    assert is_right(shrinking, programs.packaged(shrinking[0], "a"))
    assert len(done) == 1


def test_where_no_library_can_be_loaded_the_step_itself_runs_and_one_line_says_so(
    folder, shrinking, monkeypatch, capsys
):
    compile_by_copying(monkeypatch, shrinking)

    def forbidden(*_):
        raise RuntimeError("failed to map segment from shared object")

    monkeypatch.setattr(torch._C._aoti, "AOTIModelContainerRunnerCpu", forbidden)
    for _ in range(2):
        assert is_right(shrinking, programs.packaged(shrinking[0], "a"))
    said = "no program can be compiled here (failed to map segment from shared object): uncompiled, slower, equal to"
    lines = [line for line in capsys.readouterr().out.splitlines() if "compiled in" not in line]
    assert lines == [f"{said} rounding"]


def test_a_compiler_that_fails_or_is_missing_leaves_the_step_uncompiled(folder, shrinking, monkeypatch, capsys):
    monkeypatch.setenv("CXX", "false")
    assert is_right(shrinking, programs.packaged(shrinking[0], "a"))
    assert "no program can be compiled here (" in capsys.readouterr().out
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert not programs.has_compiler()
    assert capsys.readouterr().out == (
        "there is no C++ compiler no-such-compiler (Debian: g++): uncompiled, slower, equal to rounding\n"
    )


def test_a_program_that_cannot_be_run_leaves_the_step_uncompiled(folder, shrinking, monkeypatch, capsys):
    """As where AOTInductor compiles linalg.cholesky_ex (torch 2.13.0)."""

    class Unusable:
        def __init__(self, library, runners):
            assert Path(library).is_file()

        def run(self, flat):
            raise RuntimeError("Invalid extern node index")

    done = compile_by_copying(monkeypatch, shrinking)
    monkeypatch.setattr(torch._C._aoti, "AOTIModelContainerRunnerCpu", Unusable)
    assert is_right(shrinking, programs.packaged(shrinking[0], "a"))
    assert len(done) == 1, "it is not compiled again in another folder"
    assert "no program can be compiled here (Invalid extern node index): unc" in capsys.readouterr().out


def test_two_that_want_the_same_program_compile_it_once(folder, shrinking, monkeypatch):
    _, _, library, names = shrinking
    done, right = [], []

    def slowly(step, given, scratch, lasting):
        done.append(scratch)
        time.sleep(0.3)
        return library, names

    monkeypatch.setattr(programs, "build", slowly)
    both = [
        threading.Thread(target=lambda: right.append(is_right(shrinking, programs.packaged(shrinking[0], "a"))))
        for _ in range(2)
    ]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert right == [True, True]
    assert len(done) == 1


def test_the_compiler_leaves_nothing_in_the_machines_own_folder_for_temporary_files(
    folder, shrinking, monkeypatch, tmp_path
):
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("TMPDIR", str(own))
    monkeypatch.setattr(programs.tempfile, "tempdir", str(own))
    used, before = set(), dict(programs.os.environ)

    def look(*_, **__):
        used.update((programs.tempfile.gettempdir(), programs.os.environ["TORCHINDUCTOR_CACHE_DIR"]))
        raise RuntimeError("looked")

    monkeypatch.setattr(torch._inductor, "aot_compile", look)
    with pytest.raises(RuntimeError, match="looked"):
        programs._added(*shrinking[:2], folder, "a")
    assert all(Path(place).is_relative_to(folder) for place in used)
    assert programs.tempfile.gettempdir() == str(own)
    assert dict(programs.os.environ) == before
    assert not list(own.iterdir())


def test_gradients_and_packages_import_no_compiler(folder, shrinking, monkeypatch):
    compile_by_copying(monkeypatch, shrinking)
    programs.obtain(*shrinking[:2], "a")
    [library] = folder.glob("*.so")
    code = f"""
import sys, torch
from robustpath.engine import population, programs
from robustpath.methods.base import grad
print(grad(lambda w: (w ** 2).sum())(torch.ones(2)).tolist())
library = torch._C._aoti.AOTIModelContainerRunnerCpu({str(library)!r}, 1)
print(library.run([torch.ones(2), torch.ones(2, 3), torch.zeros(2, dtype=torch.bool)])[0].tolist())
print([name for name in ("torch._dynamo", "torch._inductor", "sympy", "pandas", "scipy") if name in sys.modules])
import torch._dynamo
print(hasattr(torch._dynamo.compiled_autograd, "reset"))
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=SOURCE)
    assert said.stdout.splitlines() == ["[2.0, 2.0]", "[[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]", "[]", "True"], said.stderr
