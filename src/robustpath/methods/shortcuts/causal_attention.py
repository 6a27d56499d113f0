"""Causal attention: what a map lets through is to be read alike in all environments; what it leaves tells these."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, linear

from robustpath.methods.base import Method, Params, log_uniform, register
from robustpath.methods.environments import most_different
from robustpath.methods.minima.sgd import sgd
from robustpath.models.attention_cnn import ATTENDED, FEATURES, HEAD

ENVIRONMENTS = 2
OF_ENVIRONMENTS, OF_BIAS = "environment_heads.", "bias_head."  # what the names of further heads' parameters begin with


class State(NamedTuple):
    """inner: the base's state, for the network and all heads; environments: a linear head for each environment, weight
    [E, classes, C] and bias [E, classes]; bias: the head on what the attention leaves, [classes, C] and [classes]."""

    inner: Any
    environments: Params
    bias: Params


class Parts(NamedTuple):
    """Means over pixels [b, C] of the features that the attention lets through (c), that it leaves (s), and of both."""

    causal: Tensor
    spurious: Tensor
    mix: Tensor


def parts(layers: dict[str, Tensor]) -> Parts:
    """The parts of the features, from the outputs of the layers of models/attention_cnn.py: mix = causal + spurious."""
    whole, causal = layers[FEATURES].mean((2, 3)), layers[ATTENDED].mean((2, 3))
    return Parts(causal, whole - causal, whole)


def variance(weights: Tensor) -> Tensor:
    """mean_e (|W_e - W|_2 / |W_e|_1)² of the weights [E, classes, C] of the heads, W their mean: a scalar."""
    apart = (weights - weights.mean(0)).square().sum((1, 2))
    sizes = weights.abs().sum((1, 2)).clamp_min(torch.finfo(weights.dtype).tiny ** 0.5)
    return (apart / sizes.square()).mean()


def slopes(logits: Tensor, labels: Tensor) -> Tensor:
    """d CE(w z, y) / dw at w = 1 of each example [b], for its logits z: the mean of z under the prediction less z_y."""
    return (logits.softmax(1) * logits).sum(1) - logits.gather(1, labels[:, None])[:, 0]


def partition(logits: Tensor, labels: Tensor) -> Tensor:
    """The environment 0 or 1 of each example of a batch, int64 [b], from its logits by the bias head.

    Of all splits, hard and soft, it is the one with the largest sum over environments of (d R_e / d scale)², R_e the
    environment's part of the mean loss (robustpath.methods.environments); the sum of the R_e is the same for all.
    """
    return most_different(slopes(logits, labels)).long()


def invariant_risk(heads: Params, features: Tensor, labels: Tensor, environment: Tensor) -> Tensor:
    """The mean, over the environments with an example in the batch, of the cross-entropy of the environment's own head
    on its own examples; features [b, C], environment int64 [b]."""
    members = (environment[:, None] == torch.arange(ENVIRONMENTS, device=features.device)).to(features)
    losses = torch.stack(
        [
            cross_entropy(linear(features, weight, bias), labels, reduction="none")
            for weight, bias in zip(heads["weight"], heads["bias"], strict=True)
        ],
        1,
    )
    counts = members.sum(0)
    there = (counts > 0).to(features)
    return ((members * losses).sum(0) / counts.clamp_min(1)).sum() / there.sum()


@register(
    search={"penalty": log_uniform(1.0, 300.0, default=100.0)},
    base=sgd,
    cite="wang2021causal",
    networks=("attention_cnn",),
)
def causal_attention(base: Method, penalty: Tensor) -> Method:
    """The base on mean_e CE(h_e(c)) + penalty mean_e (|W_e - W|_2 / |W_e|_1)² + CE(h(c + s)) of Wang et al. 2021.

    c is what the network's attention lets through and s what it leaves; h_e is a linear head for each environment, W_e
    its weights and W their mean. Evaluated is the mean of the heads h_e on c, which is why the network's logits come
    from c; the network's own head is h during training. The environments come from a bias head, which is trained on s
    and trains nothing below it (`partition`). The terms are those of the authors' program (Wangt-CN/CaaM at 3afe48f,
    0-NICO/train_module.py and the config of ResNet-18 on NICO): what is to be invariant are the weights of the heads,
    not a gradient as in IRM.

    Not as there:
    - The split is of the batch and made anew in each step, from the bias head as it is then. There one assignment of
      all training examples is learnt by SGD with Gumbel noise and renewed every 20 epochs from the 40th on.
    - There are two environments and not four. Their risks are parts of the batch's, as in EIIL, and not means of an
      environment: then the best split is known and needs no search. The scale is one number, not one for each class.
    - All terms are of one batch. The program draws as many examples from each environment, and others for h.
    - The bias head learns in the same steps as all else, and not to its end before each split.
    - All heads begin as the network's last layer, and the network has one attention (models/attention_cnn.py).
    - The range of `penalty`, the weight of the variance, is ours: the variance is smaller in larger heads. By the sums
      of the weights' magnitudes at the start, 5e5 there has the curvature of about 500 in our heads of two classes.

    At penalty 0 nothing holds the heads together but the features that they share: it is training with a head for each
    inferred environment, and not the base. The reported loss holds the bias head's.
    """

    def init(params):
        weight, bias = params[f"{HEAD}.weight"], params[f"{HEAD}.bias"]
        environments = {"weight": torch.stack([weight] * ENVIRONMENTS), "bias": torch.stack([bias] * ENVIRONMENTS)}
        of_bias = {"weight": weight, "bias": bias}
        return State(base.init(_together(params, environments, of_bias)), environments, of_bias)

    def step(loss, params, state, batch, context):
        def objective(p, b):
            network, environments, of_bias = _apart(p)
            causal, spurious, mix = parts(context.activations(network, b.inputs))
            biased = linear(spurious.detach(), of_bias["weight"], of_bias["bias"])
            environment = partition(biased.detach(), b.labels)
            risk = invariant_risk(environments, causal, b.labels, environment)
            mixed = linear(mix, network[f"{HEAD}.weight"], network[f"{HEAD}.bias"])
            plain = cross_entropy(mixed, b.labels) + cross_entropy(biased, b.labels)
            return risk + penalty * variance(environments["weight"]) + plain

        everything = _together(params, state.environments, state.bias)
        everything, inner, info = base.step(objective, everything, state.inner, batch, context)
        params, environments, of_bias = _apart(everything)
        return params, State(inner, environments, of_bias), info

    def readout(params, state):
        everything = base.readout(_together(params, state.environments, state.bias), state.inner)
        network, environments, _ = _apart(everything)
        return network | {f"{HEAD}.{name}": tensor.mean(0) for name, tensor in environments.items()}

    return base.replace(init=init, step=step, readout=readout)


def _together(network: Params, environments: Params, of_bias: Params) -> Params:
    heads = {OF_ENVIRONMENTS + name: tensor for name, tensor in environments.items()}
    return network | heads | {OF_BIAS + name: tensor for name, tensor in of_bias.items()}


def _apart(everything: Params) -> tuple[Params, Params, Params]:
    network = {n: tensor for n, tensor in everything.items() if not n.startswith((OF_ENVIRONMENTS, OF_BIAS))}
    environments, of_bias = (
        {name: everything[prefix + name] for name in ("weight", "bias")} for prefix in (OF_ENVIRONMENTS, OF_BIAS)
    )
    return network, environments, of_bias
