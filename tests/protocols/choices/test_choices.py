"""What a run chooses is recorded as it is, and recording changes nothing."""

from collections import Counter

import pandas as pd
import pytest
import quick_yaml
import torch
from small_config import ROOT, message

from robustpath import methods
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared, save
from robustpath.methods.base import Batch, Context, Method, build
from robustpath.methods.selecting import TRUTH, selecting
from robustpath.models.functional import initialise, mean_cross_entropy, predict
from robustpath.models.mlp import mlp
from robustpath.protocols.choices import training as recording
from robustpath.protocols.supervised import training

SETTINGS = {
    "experiment": "selection", "dataset": "blobs", "train_sizes": [40, 60], "label_noise": [0.0, 0.5], "grid": {},
    "points": 0, "seeds": 2, "vary": ["split", "initialisation", "order"], "draws": 1, "budget": 300, "batch_size": 8,
    "hidden": [6], "validation_size": 20, "test_size": 20, "device": "cpu", "protocol": "choices",
}  # fmt: skip
FILES = ("safetensors", "path.safetensors", "parquet", "seconds.parquet", "scores.parquet")
PLACE = 1000  # times the first input is the example's place in the data


def blobs(grouped=True):
    """Three classes and two attributes, one of them rare in each class; the inputs tell the place."""
    number = torch.arange(150)
    inputs = torch.randn(150, 5, generator=generator("choices"))
    inputs[:, 0] = number / PLACE
    labels = number % 3
    attribute = (labels + (number // 3 % 5 == 0)) % 2 if grouped else None
    return Prepared(inputs, labels, torch.zeros(150, dtype=torch.bool), attribute=attribute)


def trained(folder, by, method, prepared, reference=None, **changes):
    """The files of a cell that a protocol's training has written."""
    folder.mkdir()
    save(prepared, folder / "data.safetensors")
    files = [folder / f"cell.{suffix}" for suffix in FILES]
    by.train(SETTINGS | {"method": method} | changes, folder / "data.safetensors", *files, 1, reference)
    return files


def recorded(files):
    """The recorded shares of a run (train size, label noise, seed, metric)."""
    table = pd.read_parquet(files[-1])
    assert set(table["split"]) == {"train"}
    return table.set_index(["train_size", "label_noise", "seed", "metric"])["value"].sort_index()


def recount(name, prepared, run):
    """The same shares of one run, counted one by one from the places of the examples that its base steps on."""
    spec = methods.load(name)
    cell = training.Cell(SETTINGS | {"method": name}, spec, prepared, torch.device("cpu"), 1)
    model, source, params, met = mlp(5, [6], 3), cell.source([run]), cell.start[run.seed], {"candidates": []}
    base, met["chosen"] = build(methods.load("sgd"), {}), []

    def step(loss, params, state, batch, context):
        met["chosen"] += batch.inputs[:, 0].mul(PLACE).round().int().tolist()
        return base.step(loss, params, state, batch, context)

    own = {key: torch.tensor(space.default) for key, space in spec.own_search.items()}
    method, state, steps = spec.factory(base.replace(step=step), **own), base.init(params), cell.stages[0].steps
    for number in range(steps):
        _, dealt = source.next((), None, cell.stages[0], number)
        given = {each: Batch(**{key: part[0] for key, part in fields.items()}) for each, fields in dealt.given.items()}
        met["candidates"] += given["stream"].inputs[:, 0].mul(PLACE).round().int().tolist()
        context = Context(torch.tensor((number + 0.5) / steps), given, predict(model))
        batch = Batch(*(dealt.batch[key][0] for key in ("inputs", "labels")))
        params, state, _ = method.step(mean_cross_entropy(model), params, state, batch, context)
    labels = cell.data.labels[cell.rows.index((run.label_noise, run.seed))].tolist()
    clean, attribute = prepared.labels.tolist(), prepared.attribute.tolist()
    pool = cell.pools[run.seed][: run.train_size].tolist()
    usual = {each: Counter(attribute[i] for i in pool if clean[i] == each).most_common(1)[0][0] for each in range(3)}
    return {
        f"{whom}_{what}": sum(map(mark, places)) / len(places)
        for whom, places in met.items()
        for what, mark in {
            "corrupted": lambda i: labels[i] != clean[i],
            "minority": lambda i: attribute[i] != usual[clean[i]],
        }.items()
    }


@pytest.mark.parametrize("method", ["hard_mining", "self_paced"])
def test_shares_are_those_of_a_count_one_by_one_and_weights_those_of_a_supervised_cell(method, tmp_path):
    files = trained(tmp_path / "recorded", recording, method, blobs())
    plain = trained(tmp_path / "plain", training, method, blobs())
    assert all(one.read_bytes() == other.read_bytes() for one, other in zip(files[:2], plain[:2], strict=True))
    found = recorded(files)
    for size, level, seed in ((40, 0.0, 0), (60, 0.5, 1)):
        expected = recount(method, blobs(), training.Run(size, level, seed, 0))
        assert found[size, level, seed].to_dict() == pytest.approx(expected, abs=1e-6)
    clean = found.xs(0.0, level="label_noise")
    assert (clean.xs("chosen_corrupted", level="metric") == 0).all()
    assert found.between(0, 1).all() and (found.xs("candidates_minority", level="metric") > 0).all()


def test_a_method_that_does_not_choose_has_its_batches_for_both(tmp_path):
    """Four of five examples of a class are of its majority, and a half of the labels drawn anew from three classes are
    wrong by two thirds: a third of all."""
    found = recorded(trained(tmp_path / "sgd", recording, "sgd", blobs(), train_sizes=[60], seeds=6, budget=300))
    for what in ("corrupted", "minority"):
        chosen, among = (found.xs(f"{whom}_{what}", level="metric") for whom in ("chosen", "candidates"))
        assert (chosen == among).all()
    each = found.groupby(["metric", "label_noise"]).mean()
    assert each["chosen_corrupted", 0.0] == 0
    assert each["chosen_corrupted", 0.5] == pytest.approx(1 / 3, abs=0.05)
    assert each["chosen_minority", 0.0] == each["chosen_minority", 0.5] == pytest.approx(1 / 5, abs=0.05)


def test_data_without_groups_have_the_share_of_corrupted_alone(tmp_path):
    for method in ("sgd", "hard_mining"):
        found = recorded(trained(tmp_path / method, recording, method, blobs(grouped=False)))
        assert set(found.index.get_level_values("metric")) == {"candidates_corrupted", "chosen_corrupted"}
        assert found[60, 0.5, 0, "candidates_corrupted"] > 0.2


def test_the_truth_is_that_of_the_candidates_where_a_fifth_is_held_out(tmp_path, monkeypatch):
    """On labels that are all right, none of them is wrong; one of five examples is held out for a reference."""
    reference = initialise(mlp(5, [6], 3), generator("parent"))
    monkeypatch.setattr(training.portions, "of_parent", lambda *files: lambda run: reference)
    gives = {"parent": {"gives": "losses"}}
    found = recorded(trained(tmp_path / "rho", recording, "rho_loss", blobs(), ("weights", "runs"), **gives))
    corrupted = found.xs("candidates_corrupted", level="metric")
    assert (corrupted.xs(0.0, level="label_noise") == 0).all()
    assert (corrupted.xs(0.5, level="label_noise") > 0.2).all()


def test_neither_the_choice_nor_the_base_sees_the_truth():
    """The clean labels of four candidates are 0; the last two are chosen, one of whose labels is 0. The first and the
    last are a minority."""
    seen = []

    def choose(losses, count, context):
        seen.append(context.given)
        return torch.tensor([2, 3])

    def step(loss, params, state, batch, context):
        seen.append(context.given)
        return params, state, {"loss": torch.tensor(0.0)}

    labels, rare = torch.tensor([0, 0, 0, 1]), torch.tensor([1.0, 0.0, 0.0, 1.0])
    candidates = Batch(torch.zeros(4, 1), labels)
    given = {"stream": candidates, TRUTH: Batch(rare[:, None], torch.zeros(4, dtype=torch.int64))}
    method = selecting(Method(lambda params: (), step), choose)
    context = Context(torch.tensor(0.5), given, lambda params, inputs: torch.zeros(4, 2))
    _, _, info = method.step(None, {}, (), Batch(None, torch.zeros(2)), context)
    assert [set(each) for each in seen] == [{"stream"}] * 2
    assert {name: value.item() for name, value in info.items() if name != "loss"} == {
        "candidates_corrupted": 0.25, "chosen_corrupted": 0.5, "candidates_minority": 0.5, "chosen_minority": 0.5,
    }  # fmt: skip


def test_a_method_with_phases_is_refused():
    raw = quick_yaml.loaded((ROOT / "config.yaml").read_text(encoding="utf-8"))
    raw["scales"]["laptop"]["experiments"]["selection"]["methods"] = ["sgd", "contour_warmup"]
    assert "holds 'contour_warmup', which has phases: choices are recorded of methods that have one phase" in message(
        raw
    )
