"""Feature swap: one encoder for the label, one for the shortcut, and training on the features of two examples."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, linear

from robustpath.core.errors import UserError
from robustpath.methods.base import Method, Params, log_uniform, register, uniform
from robustpath.methods.minima.sgd import sgd
from robustpath.methods.mixing import mixture

Q = 0.7  # of the generalised cross-entropy, in the paper and in the authors' program
SMALL = 1e-8  # added by the authors' program to the sum that the weights are divided by
PREFIX = "bias_head."  # of the names of the bias head's parameters among those of the network


class State(NamedTuple):
    """inner: the base's state, for the network and the bias head; bias_head: weight [classes, d] and bias [classes]."""

    inner: Any
    bias_head: Params


class Features(NamedTuple):
    """What the two encoders give: intrinsic [b, d // 2] and bias [b, d - d // 2]."""

    intrinsic: Tensor
    bias: Tensor


class Losses(NamedTuple):
    """intrinsic, bias: the two terms of an objective, scalars in nats and in [0, 1)."""

    intrinsic: Tensor
    bias: Tensor


def two_encoders(params: Params) -> Params:
    """The parameters of a perceptron without the weights between the halves of its hidden layers: two encoders side by
    side, which share the inputs alone, and a last layer that reads the features of both.

    UserError where a hidden layer has a single unit.
    """
    *hidden, _ = (name for name, tensor in params.items() if tensor.dim() == 2)
    if any(len(params[name]) < 2 for name in hidden):
        raise UserError("feature_swap halves each hidden layer: set no width in `hidden` of config.yaml below 2")
    changed = dict(params)
    for name in hidden[1:]:
        sizes, device = params[name].shape, params[name].device
        # Signs, since the compiler fails on a comparison of two comparisons.
        above, left = (torch.where(torch.arange(size, device=device) < size // 2, 1.0, -1.0) for size in sizes)
        changed[name] = torch.where(above[:, None] * left > 0, params[name], 0.0)
    return changed


def generalised(losses: Tensor) -> Tensor:
    """1 - p^Q from the cross-entropies -log p: Q times the loss of Zhang & Sabuncu 2018, as in the authors' program.

    Its gradient is that of the cross-entropy times Q p^Q: what is learnt easily counts more.
    """
    return -torch.expm1(-Q * losses)


def relative(losses: Tensor, labels: Tensor) -> Tensor:
    """Losses [b] divided by the largest of an example of the same label."""
    largest = torch.where(labels == labels[:, None], losses, 0.0).amax(1)
    return losses / largest.clamp_min(torch.finfo(losses.dtype).tiny)


def difficulty(intrinsic: Tensor, bias: Tensor, labels: Tensor) -> Tensor:
    """The weights [b] of examples from their cross-entropies by both heads: near 1 where the bias head alone errs."""
    intrinsic, bias = relative(intrinsic, labels), relative(bias, labels)
    return (bias / (bias + intrinsic + SMALL)).detach()


def objectives(
    intrinsic_head: Params, bias_head: Params, features: Features, labels: Tensor, order: Tensor
) -> tuple[Losses, Losses]:
    """The losses on the features of each example, and on its intrinsic and the bias features of the next in `order`.

    A head gives the sum of what it makes of either half of the features, and trains the encoder of its name alone.
    """
    split = features.intrinsic.shape[1]

    def halves(head: Params, intrinsic: Tensor, bias: Tensor) -> Features:
        return Features(linear(intrinsic, head["weight"][:, :split], head["bias"]), bias @ head["weight"][:, split:].T)

    of_label = halves(intrinsic_head, features.intrinsic, features.bias.detach())
    of_shortcut = halves(bias_head, features.intrinsic.detach(), features.bias)

    def cross_entropies(permuted: Tensor) -> tuple[Tensor, Tensor]:
        return tuple(
            cross_entropy(logits.intrinsic + logits.bias[permuted], target, reduction="none")
            for logits, target in ((of_label, labels), (of_shortcut, labels[permuted]))
        )

    intrinsic, bias = cross_entropies(torch.arange(len(labels), device=labels.device))
    weights = difficulty(intrinsic, bias, labels)
    own = Losses((weights * intrinsic).mean(), generalised(bias).mean())
    intrinsic, bias = cross_entropies(order)
    return own, Losses((weights * intrinsic).mean(), generalised(bias).mean())


@register(
    search={
        "bias_weight": log_uniform(0.1, 3.0, default=0.3),
        "swap_weight": log_uniform(0.1, 1.0, default=1.0),
        "swap_start": uniform(0.05, 0.5, default=0.2),
    },
    base=sgd,
    cite="lee2021learning",
    networks=("mlp",),
)
def feature_swap(base: Method, bias_weight: Tensor, swap_weight: Tensor, swap_start: Tensor) -> Method:
    """The base on L(z, z) and, after the share `swap_start`, + swap_weight L(z, z') of Lee et al. 2021, eq. 1-4.

    z are the features of two encoders, the halves of the network's hidden layers, and z' the bias features of another
    example of the batch. L is the weighted cross-entropy of the intrinsic head, which is the network's last layer, plus
    bias_weight times the generalised cross-entropy of a bias head, which is not evaluated. As in the authors' program
    (kakaoenterprise/Learning-Debiased-Disentangled at b23027c, learner.py) the weights of the examples are not
    differentiated, and stay as they are when features are swapped. Not as there: the losses in the weights are those of
    the batch, divided by its largest of the label, without the moving averages of the losses of single examples; both
    heads start equal. The range of bias_weight is ours: it scales all that the bias encoder and head learn from, which
    their Adam does not see and the base's descent does.
    """

    def init(params):
        *_, weight, bias = params.values()
        bias_head = {"weight": weight, "bias": bias}
        return State(base.init(_together(two_encoders(params), bias_head)), bias_head)

    def step(loss, params, state, batch, context):
        order = mixture(context, len(batch.labels), torch.ones_like(swap_weight)).order
        factor = torch.where(context.progress > swap_start, swap_weight, 0.0)

        def objective(p, b):
            network, bias_head = _apart(p)
            network = two_encoders(network)
            features = list(context.activations(network, b.inputs).values())[-2]
            *_, weight, bias = network.values()
            halves = Features(*features.tensor_split([features.shape[1] // 2], 1))
            own, swapped = objectives({"weight": weight, "bias": bias}, bias_head, halves, b.labels, order)
            total = own.intrinsic + bias_weight * own.bias
            return total + factor * (swapped.intrinsic + bias_weight * swapped.bias)

        both = _together(two_encoders(params), state.bias_head)
        both, inner, info = base.step(objective, both, state.inner, batch, context)
        params, bias_head = _apart(both)
        return params, State(inner, bias_head), info

    def readout(params, state):
        return base.readout(params, state.inner)

    return base.replace(init=init, step=step, readout=readout, needs={**base.needs, "noise": 1})


def _together(network: Params, bias_head: Params) -> Params:
    return network | {PREFIX + name: tensor for name, tensor in bias_head.items()}


def _apart(both: Params) -> tuple[Params, Params]:
    network = {name: tensor for name, tensor in both.items() if not name.startswith(PREFIX)}
    return network, {name: both[PREFIX + name] for name in ("weight", "bias")}
