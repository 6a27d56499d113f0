"""Gradients of pure functions: torch.func's, without the compiler that they import.

The first gradient of a process makes torch.func import torch._dynamo, which takes as long as PyTorch itself, for one
purpose: to switch off compiled autograd, which nothing here switches on. Until something needs more of the compiler, a
stand-in answers that there is nothing to switch off.
"""

import sys
from contextlib import nullcontext
from importlib import import_module
from types import SimpleNamespace

import torch
from torch.func import grad, grad_and_value

__all__ = ["grad", "grad_and_value"]


class _Compiler:
    """torch._dynamo, imported at the first use of anything but the switch of compiled autograd."""

    compiled_autograd = SimpleNamespace(_disable=nullcontext)

    def __getattr__(self, name: str) -> object:
        return getattr(import_module("torch._dynamo"), name)


if "torch._dynamo" not in sys.modules:
    torch._dynamo = _Compiler()  # the import of the real one puts that in its place
