"""The final scores of runs on designed training sets: accuracies, and how far each relies on core and attribute."""

import json
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from robustpath import models
from robustpath.core.files import replacing
from robustpath.core.randomness import generator, varied
from robustpath.core.types import Params
from robustpath.data.group_generator import Recipe, generated
from robustpath.engine.device import resolve
from robustpath.engine.plan import Network
from robustpath.models.functional import predict
from robustpath.protocols import reading
from robustpath.protocols.accuracies import accuracy, of_groups
from robustpath.protocols.designed.designs import recipe_of
from robustpath.protocols.designed.reliance import reliance, swaps

FACTS = {"shift": "none", "shift_family": "none", "severity": 0, "converged": True}


def evaluate(
    settings: dict, data: dict[str, Path], weights: list[Path], runs: list[Path], scores: Path, threads: int
) -> None:
    """Score all runs of one experiment; one row a run x split x metric. Examples are generated: `data` is not read.

    All methods meet the same examples, which depend on the setting's recipe and the seed of the split. Validation
    examples are of the setting's own recipe; test examples see `reliance.balanced`.
    """
    torch.set_num_threads(threads)
    device = resolve(settings["device"])
    model = models.network(settings, (Recipe().dimension,), Recipe().classes)
    network, frames = predict(model), []
    for weight, run in zip(weights, runs, strict=True):
        table, params = reading.table(run), reading.tensors(weight, device)
        about = table.drop(columns=[name for name in table if name.startswith("mean_")])
        recipes = [recipe_of(settings["design"], json.loads(text)) for text in about["hyperparameters"]]
        splits = [varied("split", seed, settings["vary"]) for seed in about["seed"]]
        rows: dict[tuple, list[int]] = {}
        for row, shared in enumerate(zip(recipes, splits, strict=True)):
            rows.setdefault(shared, []).append(row)
        found: dict[tuple, Tensor] = {}
        for (recipe, split), own in rows.items():
            members = {name: params[name][own] for name, _ in model.named_parameters()}
            for key, values in scored(network, members, recipe, split, settings["validation_size"]).items():
                found.setdefault(key, torch.zeros(len(about), dtype=torch.float64))[own] = values.cpu()
        frames += [
            about.assign(**FACTS, split=split, metric=metric, value=values.numpy())
            for (split, metric), values in found.items()
        ]
        print(f"{settings['dataset']}: the {len(about)} runs of {about['method'].iloc[0]} scored")
    with replacing(scores) as temporary:
        pd.concat(frames, ignore_index=True).to_parquet(temporary, index=False)


@torch.no_grad()
def scored(
    network: Network, params: Params, recipe: Recipe, seed: int, validation: int
) -> dict[tuple[str, str], Tensor]:
    """Scores by (split, metric), float64 [M], of runs with one recipe and seed of the split."""
    count, device = len(next(iter(params.values()))), next(iter(params.values())).device
    given = swaps(recipe, seed)
    together = type(given)(*(part.to(device).expand(count, *part.shape) for part in given))
    core, attribute, logits = reliance(network, params, together)
    labels, attributes = given.labels.to(device), given.attributes.to(device)
    own = generated(validation, recipe, generator("designed", "validation", seed))
    seen = torch.vmap(network, in_dims=(0, None))(params, own.inputs.to(device))
    return {
        ("validation", "accuracy"): accuracy(seen, own.labels.to(device)),
        ("test", "accuracy"): accuracy(logits, labels),
        ("test", "accuracy_worst_group"): of_groups(logits, labels, attributes)["accuracy_worst_group"],
        ("test", "reliance_core"): core,
        ("test", "reliance_attribute"): attribute,
    }
