"""Where tensors live: one code path for the CPU and CUDA."""

import torch

from robustpath.errors import UserError


def resolve(name: str) -> torch.device:
    """The device for `auto`, `cpu` or `cuda`; UserError where CUDA is asked for and absent."""
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise UserError("device is cuda, but PyTorch sees no GPU here; set `device: auto` in config.yaml")
    return torch.device("cuda" if available and name != "cpu" else "cpu")
