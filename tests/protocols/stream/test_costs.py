"""What a method pays on a batch: the arithmetic of toys, and of the programs of published methods."""

import pytest
import torch
from small_stream import STREAMED

from robustpath import methods, models
from robustpath.core.parameters import tree_map
from robustpath.methods.base import Method, build, grad
from robustpath.methods.replay import joined
from robustpath.models.functional import activations, initialise, mean_cross_entropy, predict
from robustpath.protocols.stream.costs import Costs, costs

THIRD = 1 / 3


def costs_of(method: Method, network: str = "mlp") -> Costs:
    """For batches of 10 examples with 8 features."""
    model = models.network({"hidden": [6, 5], "model": network}, (8,), 3)
    start = initialise(model, torch.Generator().manual_seed(0))
    return costs(method, mean_cross_entropy(model), start, 10, (8,), 3, predict(model), activations(model))


def published(name: str) -> tuple[float, float]:
    spec = methods.load(name)
    return tuple(costs_of(build(spec, {}), *spec.networks[:1]))


def toy(passes=None, arrive=None, leave=None, replay=20) -> Method:
    """A method that descends, with these passes beside; its state is the model before the batch."""

    def step(loss, params, state, batch, context):
        if passes:
            passes(loss, params, state, batch, context)
        return tree_map(lambda w, g: w - 0.1 * g, params, grad(loss)(params, batch)), state, {}

    def arriving(loss, params, state, batch, context):
        if arrive:
            arrive(loss, params, batch, context)
        return params

    def leaving(loss, params, state, batch, context):
        if leave:
            leave(loss, params, state, batch, context)
        return params, state

    return Method(lambda params: params, step, needs={"replay": replay}, arrive=arriving, leave=leaving)


def with_penalty(loss, params, batch, context):
    return loss(params, batch) + context.network(params, batch.inputs).square().mean()


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (toy(), (0, 1)),
        # The logits of the present parameters on the batch are those of the gradient.
        (toy(lambda loss, p, a, b, c: c.network(p, b.inputs)), (0, 1)),
        # Two gradients share a forward pass and have two backward passes; a loss and a penalty are one gradient.
        (toy(lambda loss, p, a, b, c: grad(lambda q: with_penalty(loss, q, b, c))(p)), (0, 1 + 2 * THIRD)),
        # The model before the batch gives in every step what it gave in the first, whose gradient is its own.
        (toy(lambda loss, p, a, b, c: c.activations(a, b.inputs)), (0, 1)),
        (toy(arrive=lambda loss, p, b, c: c.network(p, b.inputs)), (0, 1)),
        # Replayed examples are others in every step.
        (toy(lambda loss, p, a, b, c: c.network(a, c.given["replay"].inputs)), (0, 1 + 2 * THIRD)),
        (toy(lambda loss, p, a, b, c: c.network(a, joined(b, c.given["replay"]).inputs)), (0, 1 + 2 * THIRD)),
        # The parameters after the last step are new.
        (toy(leave=lambda loss, p, a, b, c: c.network(p, b.inputs)), (THIRD, 1)),
        (toy(leave=lambda loss, p, a, b, c: c.network(a, b.inputs)), (0, 1)),
        (toy(leave=lambda loss, p, a, b, c: c.network(a, c.given["replay"].inputs)), (2 * THIRD, 1)),
        # Equal numbers elsewhere are another model, and a pass of it is another pass.
        (toy(lambda loss, p, a, b, c: c.network(tree_map(torch.clone, p), b.inputs)), (0, 1 + THIRD)),
        (toy(arrive=lambda loss, p, b, c: c.network(tree_map(torch.clone, p), b.inputs)), (THIRD, 1)),
    ],
)
def test_a_pass_counts_once(method, expected):
    assert tuple(costs_of(method)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # With batches of 10, in passes over that many examples, from the programs that the docstrings name.
        ("online_sgd", (0, 1)),
        ("er", (0, 3)),  # mammoth, er.py: the batch and the replayed examples joined
        ("der", (0, 3)),  # der.py: the logits that are stored are those of the batch's own step
        ("der_plus_plus", (0, 3)),  # derpp.py: the same, and two draws
        ("a_gem", (0, 3)),  # agem.py: one gradient on the batch, one on the draw
        ("lwf", (0, 1)),  # lwf.py: the old logits of a task are computed once
        ("ldifs", (0, 1)),
        ("ldifs_code", (0, 1)),
        ("ewc", (1, 1)),  # ewc_on.py: a pass over all examples as the task ends
        ("mkd_er", (0, 4)),  # er_ema.py without augmentation: the teacher's pass over all examples of the step
        ("mkd_der_plus_plus", (0, 3 + 2 * THIRD)),  # derpp_ema.py: over the batch and the second draw
        ("cls_er", (0, 3 + 4 * THIRD)),  # clser.py: two teachers over the draw
        ("esmer", (0, 4)),  # esmer.py: the teacher over batch and draw
        ("sdp", (THIRD, 4)),  # sdp.py: a pass as examples arrive, another over those of the step
        ("lpr", (THIRD, 3)),  # lpr_plugin.py: the whole memory, 100, in every tenth batch
        ("function_ball", (0, 3 + 2 * THIRD)),
        ("slow_ball", (0, 3 + 2 * THIRD)),
        ("replay_ball", (0, 3 + 2 * THIRD)),
        ("ball_multiplier", (2 * THIRD, 3 + 2 * THIRD)),  # the model is measured as the batch leaves
        ("twin_ball", (0, 3 + 2 * THIRD)),
        ("batch_ball", (0, 1)),
        ("stop_at_distance", (1, 1)),  # the gradient as the batch arrives, then one where each step leads
        ("batch_feature_ball", (0, 1)),
    ],
)
def test_a_published_method_pays_what_its_program_pays(name, expected):
    assert published(name) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", STREAMED)
def test_no_step_is_free(name):
    around, each = published(name)
    assert around >= 0
    assert each >= THIRD - 1e-9
