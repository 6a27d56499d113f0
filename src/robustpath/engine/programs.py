"""A step of a population as machine code: traced, compiled and kept in the cache once, then loaded in milliseconds.

The step is traced by make_fx and compiled by AOTInductor to a shared library that takes and gives a flat list of
tensors. Loading one imports nothing of the compiler. Whether a step is compiled is the caller's choice, never that of
the cache: what is compiled now and what was compiled before are the same code and give the same bytes.
"""

import functools
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from robustpath.engine import cache

Tree = Any  # tensors in dicts, tuples and named tuples; None where there is nothing
Step = Callable[..., tuple[Tree, Tree, Tensor, dict[str, Tensor]]]
Flat = Callable[[list[Tensor]], list[Tensor]]

OPTIONS = {
    # The wrapper calls kernels and does no arithmetic of its own: optimising it takes seconds and gains nothing.
    "aot_inductor.compile_wrapper_opt_level": "O0",
    "aot_inductor.enable_line_tables": False,
    "cpp.vec_isa_ok": True,  # what the processor has, the compiler is taken to know: a trial compilation each costs 5 s
    "compile_threads": 1,
}
# What a compiler that is missing, old or broken, a full disk, or a folder that forbids to run code ends in.
FAILURES = (OSError, RuntimeError, ImportError, AttributeError, AssertionError, LookupError, TypeError, ValueError)
FAILURES += (subprocess.SubprocessError,)


def packaged(step: Step, key: str) -> Step:
    """The step `(hyperparameters, params, state, diverged, …) -> (params, state, diverged, info)` as machine code.

    `key` names all that the code of the step depends on; shapes and types of the tensors are added here. Where this
    machine cannot compile or load, the step itself runs, and one line says so.
    """
    programs: dict[tuple, tuple[Flat, list[str]] | None] = {}

    def run(hyperparameters, params, state, diverged, *rest):
        arguments = hyperparameters, params, state, diverged, *rest
        flat = [tensor.contiguous() for tensor in leaves(arguments)]
        shapes = tuple([tensor.shape for tensor in flat])
        if shapes not in programs:
            programs[shapes] = obtain(step, arguments, key)
        if programs[shapes] is None:
            return step(*arguments)
        program, names = programs[shapes]
        results = iter(program(flat))
        carried = rebuild((params, state, diverged), results)
        return *carried, dict(zip(names, results, strict=True))

    return run


def timed(step: Callable, spent: list[float]) -> Callable:
    """The step, which adds the wall seconds of each call to `spent`; not of the first, which compiles or loads it."""
    begun = False

    def run(*arguments):
        nonlocal begun
        start = time.perf_counter()
        results = step(*arguments)
        if begun:
            spent.append(time.perf_counter() - start)
        begun = True
        return results

    return run


def obtain(step: Step, arguments: tuple, key: str) -> tuple[Flat, list[str]] | None:
    """The program for arguments of these shapes, and the names of what its info
    holds; None where there can be none."""
    flat = list(leaves(arguments))
    of = [key, torch.get_num_threads(), form(arguments), *((str(tensor.dtype), *tensor.shape) for tensor in flat)]
    program, fault = hashlib.sha256(json.dumps(of).encode()).hexdigest()[:24], None
    for folder in cache.folders():
        try:
            found = cache.find(folder, program) or _added(step, arguments, folder, program)
            runner = torch._C._aoti.AOTIModelContainerRunnerCpu(str(found.library), 1)
        except FAILURES as error:
            fault = fault or error
            continue
        try:
            # Some operations, as Cholesky factors, are compiled without a fault and cannot be run.
            runner.run([tensor.contiguous() for tensor in flat])
        except FAILURES as error:
            fault = error
            break
        return runner.run, found.about["info"]
    say(f"no program can be compiled here ({_sentence(fault)}): uncompiled, slower, equal to rounding")
    return None


def has_compiler() -> bool:
    """Whether there is a C++ compiler; a line says so where there is none."""
    if shutil.which(cache.compiler()):
        return True
    say(f"there is no C++ compiler {cache.compiler()} (Debian: g++): uncompiled, slower, equal to rounding")
    return False


@functools.cache
def say(line: str) -> None:
    """Print a line, once in a process."""
    print(line)


def _added(step: Step, arguments: tuple, folder: Path, program: str) -> cache.Found:
    """The program compiled and put into the cache, unless another process did so in the meantime."""
    with cache.compiling(folder, program) as scratch:
        found = cache.find(folder, program)
        if found:
            return found
        begun = time.monotonic()
        library, names = build(step, arguments, scratch, folder / "compiler" if folder == cache.lasting() else None)
        # benchmarks/pipeline.py reads the seconds of compilation.
        print(f"program {program}: compiled in {time.monotonic() - begun:.1f} s")
        return cache.add(folder, program, library, {"info": names})


def build(step: Step, arguments: tuple, scratch: Path, lasting: Path | None) -> tuple[Path, list[str]]:
    """Compile the step in the folder `scratch`: the shared library, and the names of what the step's info holds.

    What compilations share, 300 MB of precompiled headers, goes to `lasting`, or is done without.
    """
    with _files_in(scratch, lasting or scratch), warnings.catch_warnings(action="ignore"):
        from torch._inductor import aot_compile, codecache
        from torch.utils import cpp_extension

        graph, names = traced(step, arguments)
        options = OPTIONS | {
            "aot_inductor.output_path": str(scratch / "program.so"),
            "aot_inductor.precompile_headers": lasting is not None,
            "cpp.cxx": (cache.compiler(),),
        }
        # The libraries' path is pasted into the linker's command, and a folder above may have a space in its name.
        for_now = {(codecache, "_HEADER_DIR"): str((lasting or scratch) / "headers"),
                   (cpp_extension, "TORCH_LIB_PATH"): shlex.quote(cpp_extension.TORCH_LIB_PATH)}  # fmt: skip
        before = {place: getattr(*place) for place in for_now}
        try:
            for place, value in for_now.items():
                setattr(*place, value)
            return Path(aot_compile(graph, tuple(leaves(arguments)), options=options)), names
        finally:
            for place, value in before.items():
                setattr(*place, value)


def traced(step: Step, arguments: tuple) -> tuple[torch.fx.GraphModule, list[str]]:
    """The operations of a step as a graph from a flat list of tensors to one, and the names of what the
    step's info holds."""
    from torch.fx.experimental.proxy_tensor import make_fx

    names: list[str] = []

    def on_leaves(*flat: Tensor) -> tuple[Tensor, ...]:
        *carried, info = step(*rebuild(arguments, iter(flat)))
        names[:] = info
        # The next step takes these tensors in the layout in which this one was compiled to take its own.
        return tuple(tensor.contiguous() for tensor in chain(leaves(carried), info.values()))

    return make_fx(on_leaves, tracing_mode="fake")(*leaves(arguments)), names


def captured(step: Step) -> Step:
    """The step compiled for a GPU, as a CUDA graph: one launch in place of hundreds."""
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache.lasting() / "compiler"))
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    graph = torch.compile(step, fullgraph=True, dynamic=False, mode="reduce-overhead")
    # A graph writes its results where it wrote those of the step before.
    return lambda *arguments: tree_map(torch.clone, graph(*arguments))


@contextmanager
def _files_in(scratch: Path, lasting: Path) -> Iterator[None]:
    """Let the compiler put its files into these folders, and none into those of the machine: they may be small, or
    forbid to run what lies in them."""
    names = {"TMPDIR": scratch, "TORCHINDUCTOR_CACHE_DIR": lasting, "TORCHINDUCTOR_COMPILE_THREADS": 1}
    before, folder = {name: os.environ.get(name) for name in names}, tempfile.tempdir
    os.environ.update({name: str(value) for name, value in names.items()})
    tempfile.tempdir = str(scratch)
    try:
        yield
    finally:
        tempfile.tempdir = folder
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def leaves(tree: Tree) -> Iterable[Tensor]:
    """The tensors of a tree, in order."""
    if isinstance(tree, Tensor):
        return (tree,)
    if tree is None:
        return ()
    return [leaf for part in (tree.values() if isinstance(tree, dict) else tree) for leaf in leaves(part)]


def form(tree: Tree) -> str:
    """A tree in words, without what its tensors are."""
    if tree is None or isinstance(tree, Tensor):
        return "-" if tree is None else "."
    if isinstance(tree, dict):
        return "{" + ",".join(f"{name}:{form(part)}" for name, part in tree.items()) + "}"
    return f"{type(tree).__name__}(" + ",".join(map(form, tree)) + ")"


def rebuild(like: Tree, flat: Iterator[Tensor]) -> Tree:
    """A tree of the form of `like`, of the next tensors of `flat`."""
    if isinstance(like, Tensor):
        return next(flat)
    if like is None:
        return None
    if isinstance(like, dict):
        return {name: rebuild(part, flat) for name, part in like.items()}
    parts = [rebuild(part, flat) for part in like]
    return like._make(parts) if hasattr(like, "_make") else type(like)(parts)


def _sentence(fault: Exception | None) -> str:
    """The first line of what went wrong."""
    lines = str(fault).strip().splitlines()
    return lines[0][:200] if lines else type(fault).__name__
