r"""A ball around an anchor: while a model learns from a batch, its behaviour stays near that of the anchor.

A ball is a distance between outputs on a set Z of examples (`Ball`), an anchor, and a way to hold the model inside
(methods/ways.py); `hold` makes a method of them. Z is "replay", examples of the memory drawn anew for each step, whose
labels are not used, or the "batch" itself. On the batch, the anchor is the model as the batch arrives. On replay, it
moves after each batch, anchor <- age anchor + (1 - age) parameters: at age 0 it is the model before the batch, at age 1
the model that the stream began with.

| methods | distance | on | anchor | held by |
| --- | --- | --- | --- | --- |
| slow_ball | forward KL | replay | any age | a penalty |
| reverse_kl_ball, logit_ball, feature_ball, cosine_ball, mahalanobis_ball, efm_ball, cka_ball, mmd_ball, sliced_ball, \
neighbour_ball | that of the name | replay | age 0.9 | a penalty |
| batch_ball, batch_feature_ball | forward KL, features | batch | before the batch | a penalty |
| batch_line_search, batch_feature_line_search | the same | batch | before the batch | a line search |
| twin_ball | forward KL, twice | both | any age, before the batch | two penalties |
| replay_ball | forward KL | replay | before the batch | a penalty |
| ball_multiplier, ball_dual, ball_augmented, ball_line_search, ball_projection | forward KL | replay | before the \
batch | that of the name, fixed radius |
| ball_decay, ball_trust, ball_snr, ball_surprise, ball_surprise_snr, ball_budget | forward KL | replay | before the \
batch | a multiplier, and the controller of the name |
| literal_proposal | features | batch | before the batch | a multiplier, and the controller `trust` |
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from robustpath.core.errors import UserError
from robustpath.core.parameters import dot, scale, tree_map
from robustpath.methods.base import Context, Method, Params, grad_and_value
from robustpath.methods.layers import classes, head
from robustpath.methods.radius import Controller, fixed
from robustpath.methods.watching import watch, watch_after, watched_before
from robustpath.methods.ways import Way

SLOW = 0.9  # the age of the anchor at which distances are compared: about ten batches
REPLAYED = 20  # examples of the memory that the distance is measured on in a step
ROOM = 128  # rows of the anchor's outputs that are kept: the largest batch

Seen = Mapping[str, Tensor]


class Ball(NamedTuple):
    """distance(current, anchor, params) -> scalar compares two `Seen`, params being the anchor's; look(context, params,
    inputs) -> Seen is what it compares; on: "replay" or "batch"; label: before the names of what is recorded."""

    distance: Callable[[Seen, Seen, Params], Tensor]
    look: Callable[[Context, Params, Tensor], Seen]
    on: str = "replay"
    label: str = ""


class State(NamedTuple):
    """inner: the base's state; anchor: its parameters; kept: its outputs on the batch; weight: of the penalty; radius,
    control: of the controller; clamped: whether the radius met a bound; seen: what a controller remembers; ratio:
    distance / radius after the batch before (0 before there is one); active: whether the model had
    left the ball then; tried: the mean of distance / radius over what was tried to bring it back."""

    inner: Any
    anchor: Params
    kept: dict[str, Tensor]
    weight: Tensor
    radius: Tensor
    control: Any
    clamped: Tensor
    seen: Any
    ratio: Tensor
    active: Tensor
    tried: Tensor


def logits(context: Context, params: Params, inputs: Tensor) -> Seen:
    """The logits alone."""
    return {"logits": context.network(params, inputs)}


def features(context: Context, params: Params, inputs: Tensor) -> Seen:
    """What every layer with weights but the first reads, [m, width] by the name of the layer that gives it, then the
    logits: in a perceptron the outputs of all ReLUs."""
    outputs = context.activations(params, inputs)
    kept = {name: outputs[name].flatten(1) for name, _ in _feeding(params, list(outputs))}
    return {**kept, "logits": list(outputs.values())[-1]}


def of_logits(distance: Callable[[Tensor, Tensor], Tensor], on: str = "replay", label: str = "") -> Ball:
    """The ball of a distance between logits."""
    return Ball(lambda now, then, params: distance(now["logits"], then["logits"]), logits, on, label)


def of_features(distance: Callable[[Tensor, Tensor], Tensor], on: str = "replay") -> Ball:
    """The ball of the mean over layers of a distance between features."""

    def over_layers(now, then, params):
        return torch.stack([distance(now[name], then[name]) for name in now if name != "logits"]).mean()

    return Ball(over_layers, features, on)


def of_last_features(distance: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor], on: str = "replay") -> Ball:
    """The ball of a distance between the features that the head reads, which gets the anchor's head (weight, bias)."""

    def at_the_head(now, then, params):
        weight, bias = (params[name] for name in head(params))
        last = [name for name in now if name != "logits"][-1]
        return distance(now[last], then[last], weight, bias)

    return Ball(at_the_head, features, on)


def hold(
    base: Method,
    ball: Ball,
    way: Way,
    age: Tensor | float = 0.0,
    controller: Controller | None = None,
    criterion: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
) -> Method:
    """The base, held in a ball.

    On the batch, one pass of the network gives the loss, `criterion` (logits, labels), and the distance, and the
    anchor's pass is taken once, as the batch arrives. On replay, the anchor's pass is taken in each step.
    UserError for a batch of more than ROOM examples.
    """
    control = controller or fixed(1.0)

    def init(params):
        nothing = torch.zeros(())
        kept = _room(ball, params) if ball.on == "batch" else {}
        radius, begun = control.begin()
        return State(
            base.init(params), params, kept, nothing + way.weight, nothing + radius, begun, nothing,
            watched_before(control.wants, params), nothing, nothing, nothing,
        )  # fmt: skip

    def then(state, batch, context):
        """The inputs of Z and what the anchor gives on them."""
        if ball.on == "batch":
            return batch.inputs, {name: rows[: len(batch.inputs)] for name, rows in state.kept.items()}
        inputs = context.given["replay"].inputs
        return inputs, ball.look(context, state.anchor, inputs)

    def arrive(loss, params, state, batch, context):
        if base.arrive:
            state = state._replace(inner=base.arrive(loss, params, state.inner, batch, context))
        if ball.on == "batch":
            # These parameters are those of the first step, whose pass gives the same outputs: it counts once.
            state = state._replace(anchor=params, kept=_in_room(ball.look(context, params, batch.inputs)))
        facts, seen = watch(control.wants, loss, params, state.seen, batch, state.ratio)
        radius, clamped, begun = control.arrived(state.control, facts)
        return state._replace(seen=seen, radius=radius, clamped=clamped, control=begun)

    def step(loss, params, state, batch, context):
        if way.penalty is None:
            params, inner, info = base.step(loss, params, state.inner, batch, context)
            return params, state._replace(inner=inner), info | notes(state)
        inputs, before = then(state, batch, context)

        def objective(p, b):
            now = ball.look(context, p, inputs)
            value = criterion(now["logits"], b.labels) if ball.on == "batch" else loss(p, b)
            distance = ball.distance(now, before, state.anchor)
            return value + way.penalty(distance, state.radius, state.weight), (value, distance)

        gradient, (_, (value, distance)) = grad_and_value(objective, has_aux=True)(params, batch)
        gradient = scale(gradient, way.rate(state.weight))
        # A linear loss has this gradient everywhere: the base takes its step, and the passes are taken once.
        params, inner, info = base.step(lambda p, b: dot(gradient, p), params, state.inner, batch, context)
        info |= notes(state) | {"loss": value, f"{ball.label}distance": distance}
        weight = way.within(distance, state.radius, state.weight)
        return params, state._replace(inner=inner, weight=weight), info

    def notes(state):
        if not way.settle:
            return {}
        found = {"ratio": state.ratio, "active": state.active, "radius": state.radius, "clamped": state.clamped}
        found |= {"tried": state.tried} if way.penalty is None else {"weight": state.weight}
        return {f"{ball.label}{name}": value for name, value in found.items()}

    def leave(loss, params, state, batch, context):
        if base.leave:
            params, inner = base.leave(loss, params, state.inner, batch, context)
            state = state._replace(inner=inner)
        if way.settle:
            inputs, before = then(state, batch, context)

            def measure(p):
                return ball.distance(ball.look(context, p, inputs), before, state.anchor)

            params, reached, active, tried = way.settle(measure, state.anchor, params, state.radius)
            weight = way.after(reached, state.radius, state.weight)
            ratios = {"ratio": reached / state.radius, "tried": tried / state.radius}
            state = state._replace(**ratios, active=active.to(reached), weight=weight)
        seen = watch_after(control.wants, loss, params, state.seen, batch)
        if ball.on == "replay":
            state = state._replace(anchor=tree_map(lambda a, w: age * a + (1 - age) * w, state.anchor, params))
        return params, state._replace(seen=seen)

    def readout(params, state):
        return base.readout(params, state.inner)

    made = base.replace(init=init, arrive=arrive, step=step, leave=leave, readout=readout)
    return made.replace(needs={**base.needs, "replay": REPLAYED}) if ball.on == "replay" else made


def _feeding(params: Params, layers: list[str]) -> list[tuple[str, str]]:
    """(layer, the next one), where the next has weights; without the first such pair, which is that of the inputs."""
    weighted = {name.split(".")[0] for name in params}
    return [(name, after) for name, after in pairwise(layers) if after in weighted][1:]


def _room(ball: Ball, params: Params) -> dict[str, Tensor]:
    """Empty rows for what the anchor gives on a batch: the widths are those of a perceptron's weights."""
    weights = {name.split(".")[0]: tensor for name, tensor in params.items() if tensor.dim() > 1}
    read = list(weights.items())[1:] if ball.look is features else []
    widths = [(str(int(name) - 1), tensor.shape[1]) for name, tensor in read]
    return {name: torch.zeros(ROOM, width) for name, width in [*widths, ("logits", classes(params))]}


def _in_room(seen: Seen) -> dict[str, Tensor]:
    """Rows of outputs, filled up with zeros to the ROOM that the state has."""
    rows = len(seen["logits"])
    if rows > ROOM:
        raise UserError(
            f"a ball on the batch keeps the outputs of at most {ROOM} examples and a batch has {rows}; set "
            f"`batch_size` to at most {ROOM} in config.yaml"
        )
    return {name: torch.cat([tensor, tensor.new_zeros(ROOM - rows, tensor.shape[1])]) for name, tensor in seen.items()}
