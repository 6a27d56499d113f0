"""The final scores of the toy stream: accuracy on validation and test examples."""

from pathlib import Path

import pandas as pd
import torch

from robustpath import models
from robustpath.core.files import replacing
from robustpath.core.randomness import varied
from robustpath.data.prepared import load
from robustpath.data.splits import split
from robustpath.models.functional import predict
from robustpath.protocols import reading


def evaluate(
    settings: dict, data: dict[str, Path], weights: list[Path], runs: list[Path], scores: Path, threads: int
) -> None:
    """Score all runs of one experiment and data set; one row a run x split."""
    torch.set_num_threads(threads)
    own = load(data[settings["dataset"]])
    network = predict(models.network(settings, own.inputs.shape[1:], int(own.labels.max()) + 1))
    facts = {"shift": "none", "shift_family": "none", "severity": 0, "metric": "accuracy", "converged": True}
    frames = []
    for weight, run in zip(weights, runs, strict=True):
        table, params = reading.table(run), reading.tensors(weight)
        about = table.drop(columns=[name for name in table if name.startswith("mean_")])
        for seed, members in about.groupby("seed"):
            dealt = varied("split", seed, settings["vary"])
            parts = split(own, settings["dataset"], dealt, settings["validation_size"], settings["test_size"])
            chosen = {name: tensor[members.index.to_list()] for name, tensor in params.items()}
            for part in ("validation", "test"):
                positions = getattr(parts, part)
                logits = torch.vmap(network, in_dims=(0, None))(chosen, own.inputs[positions])
                values = (logits.argmax(2) == own.labels[positions]).double().mean(1)
                frames.append(members.assign(**facts, split=part, value=values.numpy()))
    with replacing(scores) as temporary:
        pd.concat(frames, ignore_index=True).to_parquet(temporary, index=False)
