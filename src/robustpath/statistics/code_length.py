"""Prequential code lengths: what labels cost in bits when each block is predicted by a model trained on those before.

Code length = n_1 log2 C + sum over i of (n_{i+1} - n_i) H_i, over n_k labels: the first block of n_1 labels is coded
uniformly over the C classes, and H_i is the cross-entropy in bits, on test data, of the model trained on n_i examples
(Blier & Ollivier 2018; Voita & Titov 2020). A lower length means that more is learnt from fewer labels.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from robustpath.data import sets
from robustpath.records import plain
from robustpath.records.selection import select

PLACE = ["dataset", "label_noise", "method", "seed"]


def bits(sizes: Sequence[int], nats: np.ndarray, classes: int) -> np.ndarray:
    """Bits per label [...] from the cross-entropies `nats` [..., k] of models trained on the first `sizes` [k]
    examples, ascending; the last of them codes no block, so that its cross-entropy has no part."""
    blocks = np.diff(np.asarray(sizes, float))
    coded = (np.asarray(nats)[..., :-1] / math.log(2) * blocks).sum(axis=-1)
    return (sizes[0] * math.log2(classes) + coded) / sizes[-1]


def code_lengths(records: pd.DataFrame, settings: Mapping, experiment: str) -> pd.DataFrame:
    """Columns PLACE and value: bits per label of every method and seed of a supervised experiment of several train
    sizes, of the draws with the highest validation accuracy at each size; no rows where it has one size. A seed whose
    cross-entropy is not finite at some size is left out."""
    sizes = settings["experiments"][experiment]["train_sizes"]
    own = records[(records["experiment"] == experiment) & records["metric"].isin(["accuracy", "cross_entropy"])]
    own = own[own["split"].isin(["validation", "test"]) & (own["shift"] == "none")]
    if len(sizes) < 2 or own.empty:
        return pd.DataFrame(columns=[*PLACE, "value"])
    chosen = select(plain(own))
    tested = chosen[(chosen["split"] == "test") & (chosen["metric"] == "cross_entropy")]
    wide = tested.pivot(index=PLACE, columns="train_size", values="value").reindex(columns=sizes)
    wide = wide[np.isfinite(wide.iloc[:, :-1]).all(axis=1)].reset_index()
    parts = [
        rows[PLACE].assign(value=bits(sizes, rows[sizes].to_numpy(float), sets.load(name).ENTRY.classes))
        for name, rows in wide.groupby("dataset")
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=[*PLACE, "value"])
