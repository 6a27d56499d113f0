"""How many members a GPU holds, found by trying."""

from collections.abc import Callable

import torch

from robustpath.core.errors import UserError

HEADROOM = 1 / 5  # of the memory, for what a trial of a few steps does not see: fragments, captured graphs


def room(device: torch.device) -> int | None:
    """Bytes that a population may take; None on a CPU, where caches, not memory, set the width."""
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    return int((1 - HEADROOM) * (free + torch.cuda.memory_reserved(device)))


def peak(device: torch.device, run: Callable[[], object]) -> float:
    """The most bytes that `run` has on the GPU at once; infinity where there are not as many."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)
    try:
        run()
        torch.cuda.synchronize(device)
    except torch.OutOfMemoryError:
        return float("inf")
    return torch.cuda.max_memory_allocated(device)


def widest(fits: Callable[[int], bool], most: int) -> int:
    """The largest width up to `most` that fits, 0 where not even 1 does, in at most 2 log2(most) + 2 tries.

    `fits` must hold for every width below one that fits. Widths are doubled, so that no try is of more than about twice
    what fits, and then halved in on.
    """
    fitting, width = 0, 1
    while width <= most and fits(width):
        fitting, width = width, min(2 * width, most) if width < most else most + 1
    beyond = width
    while beyond - fitting > 1:
        middle = (fitting + beyond) // 2
        fitting, beyond = (middle, beyond) if fits(middle) else (fitting, middle)
    return fitting


def too_small(method: str, parameters: int, members: int, batch_size: int, room: int | None) -> UserError:
    """What to say where not even one member fits."""
    held = "the GPU's memory" if room is None else f"the {room / 2**30:.1f} GiB that the GPU has for it"
    return UserError(
        f"{method}: one of {members} members, a model of {parameters:,} parameters on batches of {batch_size}, takes "
        f"more than {held}; make `hidden` or `batch_size` smaller in config.yaml, or set `device: cpu`"
    )
