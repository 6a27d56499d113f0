"""PuriDivER: against a plain loop with scikit-learn's mixtures, one example after the other."""

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture
from torch.nn.functional import cross_entropy

from robustpath.methods.base import Batch
from robustpath.methods.memory import NOWHERE

from .conftest import bound, double
from .streams import Visit, close, descended, live, network, random_batch, start

RATE, SHARE, SLOTS, STEPS, BATCHES = 0.6, 0.4, 40, 2, 8
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def visits():
    """Batches of ten, of which four fill a memory of forty and four take some of its slots; six replayed examples a
    step, in whose inputs the first number is set to 0."""
    generator = torch.Generator().manual_seed(5)
    inputs, labels = torch.zeros(SLOTS, 2, dtype=torch.float64), torch.zeros(SLOTS, dtype=torch.int64)
    found = []
    for number in range(BATCHES):
        slots = torch.arange(10) + 10 * number
        if 10 * number >= SLOTS:
            slots = torch.where(torch.arange(10) < 4, torch.randperm(SLOTS, generator=generator)[:10], NOWHERE)
        batch = random_batch(50 + number, slots.tolist())
        taken = slots != NOWHERE
        if number == 0:
            inputs[slots], labels[slots] = batch.inputs, batch.labels
        stored = min(SLOTS, max(10, 10 * number))
        memory = Batch(inputs.clone(), labels.clone(), torch.arange(SLOTS))
        given = []
        for _ in range(STEPS):
            drawn = torch.randint(stored, (6,), generator=generator)
            changed = Batch(inputs[drawn] * torch.tensor([0.0, 1.0]), labels[drawn], drawn)
            given.append({"augmented_replay": changed, "memory": memory})
        found.append(Visit(batch, given))
        inputs[slots[taken]], labels[slots[taken]] = batch.inputs[taken], batch.labels[taken]
    return found


def fitted(values):
    """For every value, whether it belongs to the smaller, and with which probability. Two means may come to rest at
    several places, and scikit-learn draws where they start; here they start at the ends."""
    labels = KMeans(2, init=[[values.min()], [values.max()]], n_init=1, tol=0.0).fit(values).labels_
    parts = [values[labels == number] for number in (0, 1)]
    mixture = GaussianMixture(
        2, max_iter=10, tol=1e-2, reg_covar=5e-4,
        weights_init=[len(part) / len(values) for part in parts],
        means_init=[part.mean(0) for part in parts],
        precisions_init=[[[1 / (part.var() + 5e-4)]] for part in parts],
    ).fit(values)  # fmt: skip
    chances = mixture.predict_proba(values)
    first = int(mixture.means_[:, 0].argmin())
    return chances.argmax(1) == first, chances[:, first]


def groups(seen):
    """{slot: (group, probability of a small loss)} in the order of the program's split; none where all count alike."""
    slots = sorted(seen)
    if not slots:
        return {}
    losses, uncertainties = (np.array([seen[slot][part] for slot in slots])[:, None] for part in (0, 1))
    small, chances = fitted((losses - losses.min()) / (losses.max() - losses.min()))
    large = np.flatnonzero(~small)
    if not small.any() or len(large) <= 2:
        return {}
    certain, _ = fitted(uncertainties[large])
    if certain.sum() <= 2 or (~certain).sum() <= 2:
        return {}
    names = np.where(small, "clean", "relabelled")
    names[large[certain]] = "unlabelled"
    return {slot: (str(name), float(chance)) for slot, name, chance in zip(slots, names, chances, strict=True)}


def looked(params, example, label):
    logits = network(params, example[None])
    return cross_entropy(logits, label[None]).item(), 1 - logits.softmax(1).max().item()


def replayed(params, given, split):
    """The sum over the replayed examples of the program's three losses."""
    total, changed, memory = 0.0, given["augmented_replay"], given["memory"]
    for row, slot in enumerate(changed.positions.tolist()):
        name, chance = split.get(slot, ("clean", 1.0))
        weak, strong = network(params, memory.inputs[[slot]]), network(params, changed.inputs[[row]])
        label = changed.labels[[row]]
        if name == "clean":
            total = total + cross_entropy(strong, label)
        elif name == "unlabelled":
            total = total + torch.nn.MSELoss()(weak, strong)
        else:
            given_label = double([float(number == label.item()) for number in range(3)])
            target = chance * given_label + (1 - chance) * weak[0].softmax(0).detach()
            total = total - (target * strong[0].log_softmax(0)).sum()
    return total


def test_a_stream_against_the_plain_loop():
    """clovaai/puridiver@1039b90: puridiver_split and puridiver, with the losses of every example's last pass."""
    params, seen, number, used = start(), {}, 0, []
    trace = live(bound("puridiver", learning_rate=RATE, share=SHARE), params, visits())
    for visit in visits():
        split, arriving = groups(seen), {}
        for given in visit.given:

            def objective(p, given=given, split=split, batch=visit.batch):
                own = cross_entropy(network(p, batch.inputs), batch.labels, reduction="sum")
                return (SHARE * own + replayed(p, given, split)) / (SHARE * 10 + 6)

            changed, memory = given["augmented_replay"], given["memory"]
            used += [split.get(slot, ("whole",))[0] for slot in changed.positions.tolist()]
            seen |= {s: looked(params, memory.inputs[s], memory.labels[s]) for s in changed.positions.tolist()}
            for row, slot in enumerate(visit.batch.positions.tolist()):
                arriving[slot] = looked(params, visit.batch.inputs[row], visit.batch.labels[row])
            params, number = descended(params, objective, RATE), number + 1
            assert close(trace.params[number - 1], params, 1e-9), number
            clean = np.mean([name in ("clean", "whole") for name in used[-6:]])
            assert trace.infos[number - 1]["clean"].item() == pytest.approx(clean)
        seen |= {slot: look for slot, look in arriving.items() if slot != NOWHERE}
    assert {"whole", "clean", "relabelled", "unlabelled"} == set(used)
