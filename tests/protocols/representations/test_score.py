"""A tiny cell from its training to its records: what it shares with a supervised one, and each measure run by run."""

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file

from robustpath import records
from robustpath.core.fingerprint import fingerprint
from robustpath.core.randomness import generator
from robustpath.data.prepared import Prepared, save
from robustpath.protocols.representations import activity, factors, metrics, sae, score, sizes, training, universality
from robustpath.protocols.supervised import score as supervised_score
from robustpath.protocols.supervised import training as supervised
from robustpath.protocols.supervised.deals import deal_of

SHARED = {
    "experiment": "inside", "dataset": "blobs", "vary": ["split", "initialisation", "order"], "hidden": [7, 6],
    "validation_size": 20, "test_size": 40, "device": "cpu",
}  # fmt: skip
TRAINED = SHARED | {
    "train_sizes": [40], "label_noise": [0.0], "grid": {}, "points": 0, "seeds": 3, "draws": 1, "budget": 40,
    "batch_size": 8,
}  # fmt: skip
SCORED = SHARED | {
    "severities": [1], "natural": [], "shifts": {"kind": "signal"}, "reference": "sgd", "sae_width": 2,
    "sae_steps": 5, "sae_level": 3, "protocol": "representations",
}  # fmt: skip
FILES = ("safetensors", "path.safetensors", "parquet", "seconds.parquet", "scores.parquet")
METHODS = ("sgd", "adamw")


def blobs():
    """Three classes and two attributes, each of which moves the inputs."""
    number = torch.arange(150)
    labels, attribute = number % 3, number // 3 % 2
    inputs = torch.randn(150, 5, generator=generator("blobs"))
    inputs[number, labels] += 3.0
    inputs[:, 4] += 3.0 * attribute
    return Prepared(inputs, labels, torch.zeros(150, dtype=torch.bool), attribute=attribute)


def train(folder, by, method):
    files = [folder / f"{method}.{suffix}" for suffix in FILES]
    by.train(TRAINED | {"method": method}, folder / "data.safetensors", *files, 1)
    return files


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The data, the trained cells and what was scored of them."""
    place = tmp_path_factory.mktemp("cells")
    save(blobs(), place / "data.safetensors")
    cells = [train(place, training, method) for method in METHODS]
    scored(place, score, cells, "scores.parquet")
    return place


def scored(place, by, cells, name, **changes):
    data = {"blobs": place / "data.safetensors"}
    weights, runs = [files[0] for files in cells], [files[2] for files in cells]
    by.evaluate(SCORED | changes, data, weights, runs, place / name, 1)
    return pd.read_parquet(place / name)


def cells_in(place):
    return [[place / f"{method}.{suffix}" for suffix in FILES] for method in METHODS]


def test_weights_and_scores_are_those_of_supervised_runs(folder, tmp_path):
    save(blobs(), tmp_path / "data.safetensors")
    plain = train(tmp_path, supervised, "sgd")
    assert all(
        one.read_bytes() == other.read_bytes() for one, other in zip(plain[:3], cells_in(folder)[0], strict=False)
    )
    found = pd.read_parquet(folder / "scores.parquet")
    expected = scored(folder, supervised_score, cells_in(folder), "plain.parquet")
    assert "accuracy_worst_group" in set(expected["metric"])
    pd.testing.assert_frame_equal(found[~found["metric"].isin(metrics.MEASURES)], expected)


def test_what_is_trained_does_not_depend_on_how_it_is_measured():
    """The fingerprint of the training changes with no module of the measures: it imports none."""
    code = fingerprint("robustpath.protocols.representations.training")
    names = {"sae", "universality", "factors", "activity", "score", "metrics", "sizes"}
    from robustpath.core import fingerprint as module

    reached = module._closure(
        module._locate("robustpath.protocols.representations.training", module.SOURCE), module.SOURCE
    )
    assert code and not names & {file.stem for file in reached if file.parent.name == "representations"}


def test_the_records_are_whole(folder):
    found = records.complete(pd.read_parquet(folder / "scores.parquet"))
    records.validate(found, "scores")
    records.whole(found, "scores")
    measured = found[found["metric"].isin(metrics.MEASURES)]
    assert set(measured["metric"]) == set(metrics.MEASURES)
    assert measured[["split", "shift", "severity"]].drop_duplicates().to_numpy().tolist() == [["test", "none", 0]]
    against = measured[measured["metric"].str.startswith("universality_reference")]
    assert set(against["method"]) == {"adamw"}  # the reference is not compared with itself


def hidden(params, row, inputs):
    """The last hidden layer of one run, in numpy."""
    values = inputs.double().numpy()
    for layer in ("1", "3"):
        weight, bias = (params[f"{layer}.{part}"][row].double().numpy() for part in ("weight", "bias"))
        values = np.maximum(values @ weight.T + bias, 0)
    return torch.tensor(values, dtype=torch.float32)[None]


def test_measures_are_those_of_each_run_on_its_own_test_examples(folder):
    data, found = blobs(), pd.read_parquet(folder / "scores.parquet")
    keyed = found.set_index(["method", "seed", "metric"])["value"]
    for method in METHODS:
        params, table = load_file(folder / f"{method}.safetensors"), pd.read_parquet(folder / f"{method}.parquet")
        for row, seed in enumerate(table["seed"]):
            test = deal_of(SCORED, data, seed).parts.test
            own = hidden(params, row, data.inputs[test])
            known = factors.known(data.labels[test], data.attribute[test])
            expected = {
                **factors.responses(own, known), **activity.levels(own), **activity.shares(own),
                "bimodality": activity.bimodality(own), "participation_ratio": activity.participation_ratio(own),
                "interference_readout": activity.interference(params["5.weight"][row, None]),
                "interference_incoming": activity.interference(params["3.weight"][row, None]),
            }  # fmt: skip
            for name, value in expected.items():
                assert keyed[method, seed, name] == pytest.approx(value.item(), rel=1e-4, abs=1e-6), (name, seed)


def autoencoder(folder, method, seed):
    """That of one run by itself, and its network's layer on the test examples of a seed."""
    data, params = blobs(), load_file(folder / f"{method}.safetensors")
    row = pd.read_parquet(folder / f"{method}.parquet")["seed"].tolist().index(seed)

    def layer(of):
        return hidden(params, row, data.inputs[deal_of(SCORED, data, of).parts.test])

    stream = generator("blobs", seed, "sae of the reference" if method == "sgd" else "sae")
    return sae.fit(layer(seed), "topk", 12, 5, stream, 3, batch=sizes.BATCH), layer


def test_autoencoders_are_those_of_each_run_by_itself(folder):
    keyed = pd.read_parquet(folder / "scores.parquet").set_index(["method", "seed", "metric"])
    for method, seed in (("sgd", 0), ("adamw", 2)):
        fitted, layer = autoencoder(folder, method, seed)
        features = sae.encode(fitted, layer(seed))
        missed = sae.fvu(fitted, layer(seed)).item()
        for name, value in {
            "sae_fvu": missed, "effective_features": sae.effective(features).item(),
            "sae_dead_share": sae.dead(features).item(),
        }.items():  # fmt: skip
            row = keyed.loc[(method, seed, name)]
            assert row["value"] == pytest.approx(value, rel=1e-3)
            assert row["converged"] == (missed <= 0.1)
        assert keyed.loc[(method, seed, "sae_reached")]["value"] == (missed <= 0.1)


def test_features_are_compared_with_the_reference_and_with_the_following_seed(folder):
    """On the run's own test examples; the last seed is followed by the first."""
    keyed = pd.read_parquet(folder / "scores.parquet").set_index(["method", "seed", "metric"])["value"]
    for partner, of, with_whom in (
        ("reference", ("adamw", 1), ("sgd", 1)), ("seed", ("adamw", 0), ("adamw", 1)), ("seed", ("sgd", 2), ("sgd", 0)),
    ):  # fmt: skip
        (own, layer), (other, there) = autoencoder(folder, *of), autoencoder(folder, *with_whom)
        features, others = sae.encode(own, layer(of[1]))[0], sae.encode(other, there(of[1]))[0]
        index, correlation = universality.pair(others, features)
        kept = index >= 0
        rows = own.decoder[0][kept], other.decoder[0][index[kept]]
        expected = {
            "pairing": correlation[kept].mean().item(), "svcca": universality.svcca(*rows),
            "rsa": universality.rsa(*rows),
        }  # fmt: skip
        for name, value in expected.items():
            assert keyed[*of, f"universality_{partner}_{name}"] == pytest.approx(value, abs=0.02), (partner, name)
            assert -1 <= keyed[*of, f"universality_{partner}_{name}_null"] <= 1


@pytest.mark.parametrize(("share", "reached"), [(1e-6, False), (1e6, True)])
def test_an_autoencoder_that_leaves_more_than_its_share_says_so(folder, monkeypatch, share, reached):
    monkeypatch.setattr(score, "REACHED", share)
    found = scored(folder, score, cells_in(folder), "other.parquet", sae_steps=1)
    of_autoencoders = found["metric"].isin(["sae_fvu", "sae_dead_share", "effective_features", "factor_cosine"])
    of_autoencoders |= found["metric"].str.startswith("universality")
    assert (found["converged"] == (reached | ~of_autoencoders)).all()
    assert (found["value"][found["metric"] == "sae_reached"] == reached).all()


def test_a_run_that_diverged_has_no_value_and_changes_no_other(folder, tmp_path):
    cells = cells_in(folder)
    broken = load_file(cells[1][0])
    broken["3.weight"][0] = torch.nan
    save_file(broken, tmp_path / "broken.safetensors")
    table = pd.read_parquet(cells[1][2])
    table.loc[0, "diverged"] = True
    table.to_parquet(tmp_path / "broken.parquet")
    broken_cell = [tmp_path / "broken.safetensors", None, tmp_path / "broken.parquet"]
    found = scored(folder, score, [cells[0], broken_cell], "broken.parquet")
    records.validate(records.complete(found), "scores")
    keys = ["method", "seed", "metric", "split", "shift", "severity"]
    before = pd.read_parquet(folder / "scores.parquet").set_index(keys)
    after = found.set_index(keys).loc[before.index]
    of_broken = (before.index.get_level_values("method") == "adamw") & (before.index.get_level_values("seed") == 0)
    measures = before.index.get_level_values("metric").isin(metrics.MEASURES)
    assert after["value"][of_broken & measures].isna().all() and not after["converged"][of_broken & measures].any()
    # The last seed of the same method is compared with it.
    partner = before.index.get_level_values("metric").str.startswith("universality_seed")
    partner &= (before.index.get_level_values("method") == "adamw") & (before.index.get_level_values("seed") == 2)
    assert after["value"][partner].isna().all()
    same = measures & ~of_broken & ~partner
    np.testing.assert_allclose(after["value"][same], before["value"][same], rtol=1e-5)


def test_without_the_reference_nothing_is_compared_with_it(folder):
    found = scored(folder, score, cells_in(folder), "other.parquet", reference="sam", sae_steps=1)
    assert not found["metric"].str.startswith("universality_reference").any()
    assert found["metric"].str.startswith("universality_seed").any()
