"""What members learn from, step by step: the contract of a source, and the source of runs that draw from a data set."""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor

from robustpath.core.types import Params
from robustpath.engine.plan import NOISE, Stage

BLOCK = 50  # steps whose batches are drawn together
STREAM = "stream"  # a need: so many examples that follow those of the step before, as batches follow one another

NOBODY = False  # in place of a mask of members

Fields = dict[str, Tensor]  # what a batch has: inputs [M, b, …], labels [M, b], …


class Dealt(NamedTuple):
    """What members learn from in one step: a batch; what the stage needs beside it, by name (numbers [M, …] for noise,
    a batch for all else); who meets the batch for the first and for the last time: a mask [M], None for everybody or
    NOBODY."""

    batch: Fields
    given: dict[str, Tensor | Fields]
    arrives: Tensor | bool | None = None
    leaves: Tensor | bool | None = None


class Source(NamedTuple):
    """What members learn from, keyed by the whole run.

    init() -> state, a tree of tensors [M, …]; next(state, params, stage, step) -> (state, Dealt), for a step that is
    counted from the start of training. What a source has to remember lies in its state, which checkpoints hold; one
    that looks neither at its state nor at the parameters is a pure function of (run, step).

    look(state, read, step) -> state runs before each step, for scores on the way: read() gives the parameters that
    would be evaluated now.
    """

    init: Callable[[], Any]
    next: Callable[[Any, Params, Stage, int], tuple[Any, Dealt]]
    look: Callable[[Any, Callable[[], Params], int], Any] | None = None


class Data(NamedTuple):
    """The examples of a data set on the device: inputs [N, …], labels [N]; or, where members learn from different
    labels of the same examples, labels [R, N] and the row of each member, int64 [M]."""

    inputs: Tensor
    labels: Tensor
    row: Tensor | None = None


class Streams(NamedTuple):
    """What members draw in a stage; rows are members. `batches(stage, start, stop)` -> positions in the data, int64
    [stop - start, M, b]; `noise(stage, start, stop)` -> [stop - start, M, numbers]; `fixed(stage, name)` -> positions,
    int64 [M, n], of a batch that stays the same for the whole stage; `stream(stage, step)` -> positions, int64 [M, n],
    of a step's part of the stream. Steps are counted from the start of training."""

    batches: Callable[[Stage, int, int], Tensor]
    noise: Callable[[Stage, int, int], Tensor] | None = None
    fixed: Callable[[Stage, str], Tensor] | None = None
    stream: Callable[[Stage, int], Tensor] | None = None


def examples(data: Data, positions: Tensor) -> Fields:
    """The examples at `positions` [M, b] as each member sees them: inputs [M, b, …], labels [M, b]."""
    # Whole rows and single numbers: several times as fast as data.inputs[positions] and data.labels[row, positions].
    inputs = data.inputs.index_select(0, positions.reshape(-1)).reshape(positions.shape + data.inputs.shape[1:])
    first = 0 if data.row is None else data.row[:, None] * data.labels.shape[-1]
    return {"inputs": inputs, "labels": data.labels.take(first + positions)}


def streamed(data: Data, streams: Streams) -> Source:
    """The source of a new batch in every step, a pure function of (run, step), drawn in blocks."""
    device, drawn = data.inputs.device, {}

    def block(stage: Stage, step: int) -> tuple[int, Tensor]:
        """The first step of the block that a step is in, and the positions of all its batches."""
        start = step - step % BLOCK
        if drawn.get("block") != (stage.index, start):
            drawn["block"] = stage.index, start
            drawn["positions"] = streams.batches(stage, start, start + BLOCK).to(device)
        return start, drawn["positions"]

    def fixed(stage: Stage) -> dict[str, Fields]:
        if drawn.get("stage") != stage.index:
            drawn["stage"] = stage.index
            names = [name for name in stage.needs if name not in (NOISE, STREAM)]
            drawn["fixed"] = {name: examples(data, streams.fixed(stage, name).to(device)) for name in names}
        return drawn["fixed"]

    def deal(state: Any, params: Params, stage: Stage, step: int) -> tuple[Any, Dealt]:
        start, positions = block(stage, step)
        given: dict[str, Tensor | Fields] = dict(fixed(stage))
        if NOISE in stage.needs:
            given[NOISE] = streams.noise(stage, step, step + 1)[0].to(device)
        if STREAM in stage.needs:
            given[STREAM] = examples(data, streams.stream(stage, step).to(device))
        return state, Dealt(examples(data, positions[step - start]), given)

    return Source(tuple, deal)
