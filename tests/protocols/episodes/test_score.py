"""How runs adapt to episodes and are scored on them."""

import pandas as pd
import pytest
import torch
from small_episodes import LEARNT, SETTINGS, cell_of, patterns, trained_files

from robustpath import methods, records
from robustpath.core.randomness import generator
from robustpath.core.types import Batch
from robustpath.data.prepared import save
from robustpath.engine.source import Data
from robustpath.methods.adapting import adaptation_of
from robustpath.methods.base import Context, build
from robustpath.protocols.episodes import classes, score
from robustpath.protocols.episodes.adaptation import accuracies
from robustpath.protocols.episodes.sizes import NAMES, STEPS


def scored(cells, data, folder, **changes):
    """The scores of the files of some cells."""
    out = folder / "scores.parquet"
    settings = SETTINGS | changes
    score.evaluate(settings, {"patterns": data}, [each[0] for each in cells], [each[2] for each in cells], out, 1)
    return records.read(out)


@pytest.fixture(scope="module")
def cells(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    return {name: trained_files(name, data, folder) for name in LEARNT}


@pytest.fixture(scope="module")
def table(cells, data, tmp_path_factory):
    return scored(list(cells.values()), data, tmp_path_factory.mktemp("scores"))


def test_every_run_has_every_score(table):
    records.validate(table, "the test")
    records.whole(table, "the test")
    assert len(table) == len(LEARNT) * 8 * 2 * len(NAMES)


def test_before_the_first_step_a_network_with_a_fresh_head_is_at_chance(table):
    """Exactly: its outputs are equal, and each class has as many queries."""
    fresh = table[table["method"].isin(["fine_tuning", "ldifs_fine_tuning", "prototypes"])]
    assert set(fresh.loc[fresh["metric"] == "accuracy_after_0", "value"]) == {0.5}


def test_methods_meet_the_same_episodes_whoever_is_scored_beside_them(cells, table, data, tmp_path):
    alone = scored([cells["fomaml"]], data, tmp_path)
    beside = table[table["method"] == "fomaml"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, beside)
    # The first step of LDIFS is that of fine-tuning: at its anchor, the penalty has no gradient.
    own = table[table["metric"] == "accuracy_after_1"].pivot(
        index=["shots", "seed", "draw", "split"], columns="method", values="value"
    )
    assert (own["ldifs_fine_tuning"] == own["fine_tuning"]).all()
    assert not (own["episodic_maml"] == own["fine_tuning"]).all()


def test_the_nearest_mean_is_right_where_classes_are_apart(tmp_path):
    """Even with the features of a network that has hardly been trained."""
    path = tmp_path / "clear.safetensors"
    save(patterns(noise=1e-4), path)
    files = trained_files("prototypes", path, tmp_path, draws=1)
    own = scored([files], path, tmp_path, draws=1).groupby("metric")["value"].agg(["min", "max"])
    assert own.loc["accuracy_after_0"].tolist() == [0.5, 0.5]
    assert (own.drop("accuracy_after_0") == 1.0).all(axis=None)


@pytest.mark.parametrize("name", ["adam", "episodic_maml", "ldifs_fine_tuning", "prototypes"])
def test_adapting_to_all_episodes_together_is_adapting_to_one_after_the_other(name, prepared):
    cell = cell_of(name, prepared)
    spec, start = methods.load(name), cell.start[0]
    start = {key: tensor + 0.1 * torch.randn(tensor.shape, generator=generator(key)) for key, tensor in start.items()}
    part = classes.parts(prepared, "patterns", 0)["test"]
    images = Data(classes.turned(prepared.inputs), prepared.labels.repeat(4))
    support, queries = score.episodes(SETTINGS, images, part, "test", 0, 2)
    rows = {key: torch.tensor([space.default]) for key, space in spec.search.items()}
    params = {key: tensor[None] for key, tensor in start.items()}
    found = accuracies(spec, cell.loss, cell.network, cell.layers, 2, rows, params, support, queries)

    rule, context = adaptation_of(build(spec, {})), Context(torch.tensor(0.5), {}, cell.network, cell.layers)
    by_hand = torch.zeros(len(support.labels), len(STEPS), dtype=torch.float64)
    for episode in range(len(support.labels)):
        batch, now, state = Batch(support.inputs[episode], support.labels[episode]), start, rule.init(start)
        state = rule.arrive(cell.loss, now, state, batch, context) if rule.arrive else state
        for step in range(max(STEPS) + 1):
            if step in STEPS:
                logits = cell.network(now, queries.inputs[episode])
                right = logits[:, :2].argmax(1) == queries.labels[episode]
                by_hand[episode, STEPS.index(step)] = right.double().mean()
            now, state, _ = rule.step(cell.loss, now, state, batch, context)
    assert torch.allclose(found[0], by_hand.mean(0), atol=0.03)  # rounding may turn a query that is on the border
    assert by_hand[:, 1:].mean() > 0.6


def test_support_and_queries_share_classes_and_no_image(prepared):
    part = classes.parts(prepared, "patterns", 0)["test"]
    images = Data(classes.turned(prepared.inputs), prepared.labels.repeat(4))
    support, queries = score.episodes(SETTINGS, images, part, "test", 0, 2)
    assert support.labels.tolist() == [[0, 1] * 2] * 6
    assert queries.labels.tolist() == [[0, 1] * 3] * 6
    assert not (support.inputs[:, :, None] == queries.inputs[:, None]).all((3, 4)).any()
    same = support.labels[:, :, None] == queries.labels[:, None]
    near = (support.inputs[:, :, None] - queries.inputs[:, None]).abs().amax((3, 4)) < 0.4
    assert torch.equal(same, near)
