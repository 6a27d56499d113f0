"""What must hold for every method on a stream; a new method is tested here as soon as its file exists."""

import os
import signal
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from small_stream import OTHERS, STREAMED, cell_of, members, paying, same, settings_of, trained, trained_files

from robustpath import methods
from robustpath.core.errors import Stopped
from robustpath.engine import population

STEPS = 2  # on each batch
# Large products and decompositions of matrices are rounded in another way where they lie elsewhere in memory.
ROUNDED = {"lpr", "ridge_readout", "streaming_lda"}
WITH_OFF_SWITCH = [name for name in STREAMED if methods.load(name).off]


class Whole(NamedTuple):
    """A cell that was trained undisturbed: its budget and its files."""

    evaluations: float
    files: list[Path]

    def settings(self, name: str) -> dict:
        return settings_of(name, evaluations=[self.evaluations])


@pytest.fixture(scope="module")
def whole(tmp_path_factory, data, prepared):
    """whole(method) -> its cell, trained once for all tests."""
    found = {}

    def call(name: str) -> Whole:
        if name not in found:
            evaluations = paying(name, prepared, STEPS)
            settings = settings_of(name, evaluations=[evaluations])
            found[name] = Whole(evaluations, trained_files(settings, data, tmp_path_factory.mktemp(name)))
        return found[name]

    return call


@pytest.fixture(scope="module")
def defaults(tmp_path_factory, prepared):
    """defaults(method) -> what both seeds become at the default hyperparameters, and their scores on the way."""
    found = {}

    def call(name: str, **changes):
        key = name, str(changes)
        if key not in found:
            cell = cell_of(name, prepared, draws=1, **changes)
            runs = members(cell, paying(name, prepared, STEPS))
            found[key] = trained(cell, runs, tmp_path_factory.mktemp(name))
        return found[key]

    return call


@pytest.mark.parametrize("name", [name for name in [*STREAMED, *OTHERS] if not methods.load(name).networks])
def test_a_method_of_any_network_learns_on_one_whose_head_is_followed_by_a_memory(name, prepared, tmp_path):
    """Its last parameters are those of the memory, and not the weight and bias of the head."""
    cell = cell_of(name, prepared, model="adapting_mlp", examples=10, draws=1, seeds=1)
    model, _ = trained(cell, members(cell, cell.around + 1.5 * cell.each), tmp_path)
    assert not model.diverged.any()
    assert all(tensor.isfinite().all() for tensor in model.params.values())


@pytest.mark.parametrize("name", [*STREAMED, *OTHERS])
def test_every_run_has_parameters_and_scores(name, whole, prepared):
    weights, _, runs, _, scores = whole(name).files
    table, way = pd.read_parquet(runs), pd.read_parquet(scores)
    assert not table["diverged"].any()
    assert all(tensor.isfinite().all() and len(tensor) == 4 for tensor in load_file(weights).values())
    ratio, scored = (way[(way["metric"] == "ratio") == of_ball] for of_ball in (True, False))
    met = scored[scored["converged"]]
    assert met["value"].notna().all()
    assert len(met) == len(scored) or set(met["metric"]) == {"averaged_accuracy"}
    assert ratio["converged"].tolist() == ratio["value"].notna().tolist() == ["mean_0.ratio" in table] * 4
    assert not ratio["converged"].any() or ratio["value"].tolist() == table["mean_0.ratio"].tolist()
    cell = cell_of(name, prepared)
    assert set(table["steps"]) == {8 * STEPS}
    cost = 8 * (cell.around + STEPS * cell.each)
    assert table["gradient_evaluations"].to_numpy() == pytest.approx(cost)
    assert cost <= 8 * whole(name).evaluations < 8 * (cell.around + (STEPS + 1) * cell.each)


@pytest.fixture
def without_progress(monkeypatch):
    """Every step is handed NaN as the share of the stream that has passed."""
    program = population.program

    def blind(*arguments, **options):
        step = program(*arguments, **options)
        return lambda *inputs: step(*inputs[:4], inputs[4] * torch.nan, *inputs[5:])

    return lambda: monkeypatch.setattr(population, "program", blind)


@pytest.mark.parametrize("name", [*STREAMED, *OTHERS])
def test_a_run_is_the_same_beside_others_and_where_it_cannot_see_how_far_the_stream_is(
    name, whole, prepared, without_progress, tmp_path
):
    """Bit for bit in a population of the same size: in another, sums may be taken in another order."""
    weights, _, _, _, scores = whole(name).files
    together, way = load_file(weights), pd.read_parquet(scores)
    cell = cell_of(name, prepared)
    runs = members(cell, whole(name).evaluations)
    if name in STREAMED:
        without_progress()
    elsewhere, found = trained(cell, [runs[2], runs[0], runs[0], runs[0]], tmp_path)
    equal = partial(torch.allclose, rtol=1e-4, atol=1e-4) if name in ROUNDED else torch.equal
    assert all(equal(elsewhere.params[key][0], together[key][2]) for key in together)
    # The ratio of a ball is a mean over steps, which the table of runs has.
    way = way[way["metric"] != "ratio"]
    of_run = way[(way["seed"] == runs[2].seed) & (way["draw"] == runs[2].draw)].set_index("metric")
    for metric, row in of_run.iterrows():
        score = found[metric][0].item()
        assert not row["converged"] or score == row["value"] or name in ROUNDED, metric


@pytest.fixture
def signals(monkeypatch):
    """The steps that are done, counted, and after which of them a signal comes: {"done": n, "signal after": {…}}."""
    count, program = {"done": 0, "signal after": set()}, population.program

    def counting(*arguments, **options):
        step = program(*arguments, **options)

        def call(*inputs):
            count["done"] += 1
            if count["done"] in count["signal after"]:
                os.kill(os.getpid(), signal.SIGTERM)
            return step(*inputs)

        return call

    monkeypatch.setattr(population, "program", counting)
    return count


@pytest.mark.parametrize("name", [*STREAMED, *OTHERS])
def test_stopped_on_its_way_and_run_again_it_ends_with_the_same_bytes(name, whole, data, signals, tmp_path):
    """In the middle of a batch, then between two batches."""
    undisturbed = whole(name)
    middle, border = 4 * STEPS + 1, 6 * STEPS
    signals["done"], signals["signal after"] = 0, {middle, border}
    for stop in (middle, border):
        with pytest.raises(Stopped, match=rf"^stopped by SIGTERM at step {stop} of {8 * STEPS} of {name} "):
            trained_files(undisturbed.settings(name), data, tmp_path / name)
    files = trained_files(undisturbed.settings(name), data, tmp_path / name)
    assert signals["done"] == 8 * STEPS
    assert same(files, undisturbed.files)
    assert len(list((tmp_path / name).iterdir())) == len(files)


@pytest.mark.parametrize("name", WITH_OFF_SWITCH)
def test_switched_off_it_is_its_base_bit_by_bit(name, defaults):
    spec = methods.load(name)
    grid = {key: [value] for key, value in spec.off.items()}
    off, found = defaults(name, grid=grid)
    base, expected = defaults(spec.base.name)
    on, there = defaults(name)
    assert all(torch.equal(off.params[key], base.params[key]) for key in base.params)
    assert all(torch.equal(found[metric], expected[metric]) for metric in expected)
    unchanged = all(torch.equal(on.params[key], base.params[key]) for key in base.params)
    assert not unchanged or any(not torch.equal(there[metric], expected[metric]) for metric in expected)
