"""The contract of a method: pure functions of ONE model's parameters, vectorised over a population by the engine.

A method never draws a random number, never looks at a tensor's value and never builds an optimiser: what it needs
beside the batch comes in the context, decisions are `torch.where`, and gradients are `grad(loss)(params, batch)`.
"""

import hashlib
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from robustpath.core.derivatives import grad, grad_and_value
from robustpath.core.types import Batch, Params

__all__ = ["Batch", "Context", "Method", "Params", "Space", "Spec", "build", "choice", "draw", "grad", "grad_and_value"]
__all__ += ["log_uniform", "register", "sequence", "uniform"]


class Context(NamedTuple):
    """What the engine hands to a step beside the batch.

    progress: share of the phase that is done at the middle of this step, a scalar in (0, 1).
    given: what the method needs, by name, as the source of its protocol deals it. "noise" is standard normal numbers
    shaped like the parameters (of more than one, every tensor has a first axis of that many); all else are batches.
    network: the network itself, (params, inputs [b, …]) -> logits [b, classes].
    activations: the same, to the outputs of every layer by name: {layer: [b, …]}. Passes of both are counted.
    """

    progress: Tensor
    given: Mapping[str, Any] = MappingProxyType({})
    network: Callable[[Params, Tensor], Tensor] | None = None
    activations: Callable[[Params, Tensor], dict[str, Tensor]] | None = None

    def giving(self, **given: Any) -> "Context":
        """The same context with other things given under some names."""
        return self._replace(given={**self.given, **given})


Loss = Callable[[Params, Batch], Tensor]


def _last_iterate(params: Params, state: Any) -> Params:
    return params


@dataclass(frozen=True)
class Method:
    """init(params) -> state; step(loss, params, state, batch, context) -> (params, state, info); readout(params, state)
    -> params.

    info is a dict of scalars and holds "loss". readout gives the parameters that are evaluated, or that the next phase
    starts from. `phases`, where not empty, is a sequence of (share of the budget, method) that the engine runs one
    after the other. `needs` names what a step asks for beside the batch, and how much of it: {"noise": vectors,
    "probe": examples, …}; the source of the protocol deals it. `order` names the order of the batches: those of the
    same name meet the same batches.

    One call of step takes the same gradients at all values of the hyperparameters and uses each, since its cost is
    counted once, at the defaults. A loop whose length is a hyperparameter must be steps of the source: the batch stays
    for so many steps, and each takes one gradient. (A mask over the longest loop would charge every draw for that.)

    arrive(loss, params, state, batch, context) -> state runs once before the steps on a batch, leave(…) -> (params,
    state) once after them; where a batch has one step, both run around it. None does nothing.
    """

    init: Callable[[Params], Any]
    step: Callable[..., tuple[Params, Any, dict[str, Tensor]]]
    readout: Callable[[Params, Any], Params] = _last_iterate
    needs: Mapping[str, int] = field(default_factory=dict)
    order: str = "batches"
    arrive: Callable[..., Any] | None = None
    leave: Callable[..., tuple[Params, Any]] | None = None
    phases: tuple[tuple[float, "Method"], ...] = ()

    def replace(self, **changes: Any) -> "Method":
        """The same method with some of its functions or needs exchanged."""
        return replace(self, **changes)


def sequence(*phases: tuple[float, Method]) -> Method:
    """A method that runs `phases` = (share of the budget, method) one after the other; the shares sum to one."""
    if not math.isclose(sum(share for share, _ in phases), 1.0):
        raise ValueError(f"the shares of the phases sum to {sum(share for share, _ in phases)}, not 1")
    last = phases[-1][1]
    return Method(last.init, last.step, last.readout, phases=phases)


class Space(NamedTuple):
    """The range of a hyperparameter: `sample` maps a uniform number in [0, 1) to a value; `default` is draw 0."""

    default: float
    sample: Callable[[float], float]
    text: str

    def describe(self) -> str:
        """The range in words, as the table of search spaces prints it."""
        return self.text


def log_uniform(low: float, high: float, *, default: float) -> Space:
    """Log-uniform on [low, high)."""
    return Space(default, lambda u: low * (high / low) ** u, f"log-uniform [{low:g}, {high:g}]")


def uniform(low: float, high: float, *, default: float) -> Space:
    """Uniform on [low, high)."""
    return Space(default, lambda u: low + (high - low) * u, f"uniform [{low:g}, {high:g}]")


def choice(*values: float, default: float) -> Space:
    """One of `values`, each with the same probability."""
    text = "one of " + ", ".join(f"{value:g}" for value in values)
    return Space(default, lambda u: values[int(u * len(values))], text)


@dataclass(frozen=True)
class Spec:
    """A registered method: its name and family (file and folder), factory, own search space and base.

    off: the values of its own hyperparameters that turn it into its base bit for bit; None where none do.
    largest: the most parameters a model may have for it; None where any number will do.
    networks: the networks that it can use; none named where it can use any.
    """

    name: str
    family: str
    factory: Callable[..., Method]
    own_search: Mapping[str, Space]
    base: "Spec | None"
    cite: str
    off: Mapping[str, float] | None = None
    largest: int | None = None
    networks: tuple[str, ...] = ()

    @property
    def search(self) -> dict[str, Space]:
        """The whole search space: the base's hyperparameters, then the method's own (which win where names meet)."""
        return {**(self.base.search if self.base else {}), **self.own_search}

    @property
    def source(self) -> str:
        """The first sentence of the factory's docstring."""
        return inspect.getdoc(self.factory).split("\n")[0]


def register(
    *,
    search: Mapping[str, Space],
    base: Callable[..., Method] | None = None,
    cite: str = "",
    off: Mapping[str, float] | None = None,
    largest: int | None = None,
    networks: tuple[str, ...] = (),
) -> Callable:
    """Make a factory a method of the paper: `search` is its space, `base` what it builds on, `cite` a bibliography key.

    The factory takes its own hyperparameters by name and, with a base, `base: Method` first. `off` are the values that
    turn the method into its base bit for bit; `largest` is the most parameters a model may have for it; `networks`
    names those that it can use, where it cannot use any.
    """

    def decorate(factory: Callable[..., Method]) -> Callable[..., Method]:
        family = factory.__module__.split(".")[-2] if "." in factory.__module__ else ""
        parent = base.spec if base else None
        factory.spec = Spec(factory.__name__, family, factory, dict(search), parent, cite, off, largest, networks)
        return factory

    return decorate


def build(spec: Spec, hyperparameters: Mapping[str, Tensor]) -> Method:
    """The method with its hyperparameters (scalar tensors) bound; missing names take their defaults."""
    values = {
        name: hyperparameters[name] if name in hyperparameters else torch.tensor(space.default)
        for name, space in spec.search.items()
    }
    return bind(spec, build(spec.base, values) if spec.base else None, values)


def bind(spec: Spec, base: Method | None, values: Mapping[str, Tensor]) -> Method:
    """The method on a base that is built already (None where it has none), its own hyperparameters from `values`."""
    own = {name: values[name] for name in spec.own_search}
    return spec.factory(**own) if base is None else spec.factory(base, **own)


def draw(spec: Spec, seed: int, number: int) -> dict[str, float]:
    """Hyperparameter draw `number` of a method for `seed`; number 0 is the default.

    A value depends on (seed, hyperparameter, number) and the method that declares the hyperparameter, so a new method
    or hyperparameter changes no other. Methods share the draws of the base that they have in common: they differ by
    what they add to it, and not by two learning rates. A method that gives a hyperparameter of its base another range
    takes the base's uniform number to that range.
    """
    if number == 0:
        return {name: space.default for name, space in spec.search.items()}
    return {
        name: space.sample(_unit_interval("draw", seed, declaring(spec, name), name, number))
        for name, space in spec.search.items()
    }


def declaring(spec: Spec, name: str) -> str:
    """The name of the method that declares a hyperparameter: of those with it, the furthest down the chain of bases."""
    return declaring(spec.base, name) if spec.base and name in spec.base.search else spec.name


def _unit_interval(*key: object) -> float:
    digest = hashlib.sha256("/".join(map(str, key)).encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53
