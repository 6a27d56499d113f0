"""Where tensors live and how they are computed with: one code path for the CPU and CUDA."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from robustpath.core.errors import UserError


def resolve(name: str) -> torch.device:
    """The device for `auto`, `cpu` or `cuda`; UserError where CUDA is asked for and absent."""
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise UserError("device is cuda, but PyTorch sees no GPU here; set `device: auto` in config.yaml")
    return torch.device("cuda" if available and name != "cpu" else "cpu")


def at_precision(function: Callable[..., Tensor], device: torch.device, precision: str) -> Callable[..., Tensor]:
    """A forward pass (params, examples) -> tensor with its products in `precision`; what goes in and comes out, and so
    parameters, gradients and states, stays float32."""
    if precision == "float32":
        return function

    def forward(params: dict[str, Tensor], examples: object) -> Tensor:
        # A cached cast would outlive the transformation (grad, vmap) that it was made in.
        with torch.autocast(device.type, getattr(torch, precision), cache_enabled=False):
            return tree_map(torch.Tensor.float, function(params, examples))

    return forward


@contextmanager
def deterministic(on: bool, method: str) -> Iterator[None]:
    """Let PyTorch use only operations that give the same bytes every time; UserError where a method needs another.

    On a CPU those that are used here do so anyway.
    """
    if not on:
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS is first used
    before = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    except RuntimeError as error:
        if "deterministic implementation" not in str(error):
            raise
        operation = str(error).split(" does not have")[0]
        raise UserError(
            f"{method} needs an operation that is not deterministic on this device ({operation}); set "
            "`deterministic: false` in config.yaml, or take the method off the list of methods"
        ) from error
    finally:
        torch.use_deterministic_algorithms(before[0])
        torch.backends.cudnn.benchmark = before[1]
