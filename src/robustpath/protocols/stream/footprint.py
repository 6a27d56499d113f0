"""What a method keeps on a stream beside the parameters of the network that it trains."""

import math
from collections.abc import Mapping

import torch
from torch.utils._pytree import tree_flatten

from robustpath import models
from robustpath.core.types import Params
from robustpath.data import sets
from robustpath.methods.base import Spec, build
from robustpath.methods.holding import ROOM
from robustpath.methods.memory import CAPACITY
from robustpath.models.functional import initialise

EXAMPLES = {"replay", "other_replay", "augmented_replay", "memory"}  # needs for which examples are stored
LABEL = torch.int64.itemsize


def of_run(spec: Spec, settings: Mapping, experiment: Mapping) -> int | None:
    """Bytes that a run of an experiment keeps, from the settings that the report uses; None on a data set of signals,
    whose length is known only once they are prepared. A method that trains on all tasks at once keeps the stream."""
    entry = sets.load(experiment["datasets"][0]).ENTRY
    if entry.kind != "image":
        return None
    side = entry.side or settings["image_size"]
    shape = (side, side) if entry.channels == 1 else (entry.channels, side, side)
    sizes = {"hidden": settings["hidden"] if models.facts(models.name_of(experiment)).hidden else []}
    model = models.network({**sizes, **experiment}, shape, entry.classes)
    params = initialise(model, torch.Generator().manual_seed(0))
    everything = experiment["tasks"] * experiment["examples"]
    memory = everything if build(spec, {}).order == "joint" else experiment["memory"]
    return kept(spec, params, math.prod(shape), memory, experiment["examples_per_batch"])


def kept(spec: Spec, params: Params, values: int, memory: int, batch_size: int) -> int:
    """Bytes of the stored examples, inputs of so many float32 `values` and their labels, and of the method's state.

    Where the state has room for any memory or batch, only the rows count that `memory` slots and `batch_size` examples
    fill; so do those of a memory within the network itself.
    """
    method = build(spec, {})
    rows = {CAPACITY + 1: memory, ROOM: batch_size}
    examples = memory * (values * torch.float32.itemsize + LABEL)
    stored = examples if EXAMPLES & method.needs.keys() or method.order != "batches" else 0
    state, _ = tree_flatten(method.init(params))
    inside = [tensor for tensor in params.values() if tensor.dim() and len(tensor) == CAPACITY + 1]
    return stored + sum(_bytes(each, rows) for each in [*state, *inside] if isinstance(each, torch.Tensor))


def _bytes(tensor: torch.Tensor, rows: dict[int, int]) -> int:
    room = len(tensor) if tensor.dim() else 1
    return tensor.numel() // room * rows.get(room, room) * tensor.element_size()
