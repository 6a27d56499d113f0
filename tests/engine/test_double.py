"""Members in double precision, and a look at them after every step."""

import torch

from robustpath.engine import population
from robustpath.engine.plan import Stage
from robustpath.engine.source import Dealt, Source
from robustpath.methods.base import Method, Spec


def descend(loss, params, state, batch, context):
    """w <- w - progress: what is carried on is the progress itself."""
    return {"w": params["w"] - context.progress}, state, {"loss": params["w"].sum()}


SPEC = Spec("descend", "minima", lambda: Method(lambda params: (), descend), {}, None, "")
STAGES = [Stage(0, 70, 1.0)]
FIELDS = {"inputs": torch.zeros(2, 1), "labels": torch.zeros(2, 1)}


def seen(dtype, **hooks):
    """Steps done and parameters at every look."""
    looks = []
    params = {"w": torch.zeros(2, 3, dtype=dtype)}
    population.advance(
        population.begin(SPEC, STAGES, {}, params),
        SPEC,
        STAGES,
        [population.program(SPEC, None, STAGES[0], False)],
        {},
        Source(tuple, lambda state, params, stage, step: (state, Dealt(FIELDS, {}))),
        lambda snapshot: looks.append((snapshot.step, snapshot.params["w"][0, 0])),
        **hooks,
    )
    return looks


def test_progress_is_as_precise_as_the_parameters():
    """The sum of (t + 1/2) / 70, in the order of the steps: in single precision it is off by 1e-7."""
    expected = 0.0
    for step in range(70):
        expected -= (step + 0.5) / 70
    assert seen(torch.float64)[-1][1].item() == expected
    assert seen(torch.float32)[-1][1].dtype == torch.float32


def test_a_look_after_every_step_where_one_asks_for_it():
    assert [step for step, _ in seen(torch.float64)] == [50, 70]
    looks = seen(torch.float64, each_step=lambda: True)
    assert [step for step, _ in looks] == list(range(1, 71))
    assert looks[-1][1] == seen(torch.float64)[-1][1]
