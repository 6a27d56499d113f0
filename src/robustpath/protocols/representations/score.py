"""The scores of runs whose last hidden layer is measured: those of supervised runs, and what the layer represents."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from robustpath.core import randomness
from robustpath.core.files import replacing
from robustpath.core.types import Params
from robustpath.data.prepared import Prepared, load
from robustpath.data.shifts import attribute
from robustpath.engine.device import resolve
from robustpath.protocols import reading
from robustpath.protocols.representations import activity, factors, sae
from robustpath.protocols.representations.comparisons import compared
from robustpath.protocols.representations.layer import Layer, reader
from robustpath.protocols.representations.sizes import BATCH, PARTNERS, REACHED, together
from robustpath.protocols.scored import MEANS
from robustpath.protocols.supervised import score
from robustpath.protocols.supervised.deals import deal_of

FACTS = {"split": "test", "shift": "none", "shift_family": "none", "severity": 0}


class Measured(NamedTuple):
    """A measure of some rows [M] of the table of runs, and whether it can be relied on where it is finite [M]."""

    rows: list[int]
    metric: str
    value: Tensor
    sure: Tensor


class Autoencoders(NamedTuple):
    """Those of the runs of a seed: rows [R] of the table, `fitted` of all of them, and whether each reached its share
    of the variance [R]."""

    rows: np.ndarray
    fitted: sae.Fitted
    reached: Tensor

    def of(self, rows: list[int]) -> tuple[sae.Fitted, Tensor]:
        """Those of some rows of the table, and whether each reached it."""
        places = torch.tensor([int(np.flatnonzero(self.rows == row)[0]) for row in rows], device=self.reached.device)
        return _each(self.fitted, lambda field: field[places]), self.reached[places]


def evaluate(
    settings: dict, data: dict[str, Path], weights: list[Path], runs: list[Path], scores: Path, threads: int
) -> None:
    """Score all runs of one experiment and data set as supervised ones, and measure their last hidden layer.

    The measures are taken on the unshifted test examples of each run's seed, one row a run x measure; one that is not
    finite is NaN, and `converged` is then false. It is false as well of what is made of an autoencoder that leaves more
    than REACHED of the variance unexplained. settings: sae_width, sae_steps, sae_level, and as `reference` the method
    with whose runs those of the others are compared, where it is there.
    """
    with replacing(scores) as temporary:
        score.evaluate(settings, data, weights, runs, temporary, threads)
        plain = pd.read_parquet(temporary)
        found = measured(settings, load(data[settings["dataset"]]), weights, runs)
        pd.concat([plain, found], ignore_index=True).to_parquet(temporary, index=False)


@torch.no_grad()
def measured(settings: dict, own: Prepared, weights: list[Path], runs: list[Path]) -> pd.DataFrame:
    """The rows of the measures of all runs."""
    device = resolve(settings["device"])
    table = pd.concat([reading.table(path) for path in runs], ignore_index=True)
    about = table[[name for name in table if not name.startswith(MEANS)]]
    trained = [reading.tensors(path, device) for path in weights]
    study = Study(settings, own, about, {name: torch.cat([each[name] for each in trained]) for name in trained[0]})
    seeds = sorted(about["seed"].unique())
    frames, fitted = [], {}
    for place, seed in enumerate(seeds):
        following = seeds[(place + 1) % len(seeds)]
        for each in (seed, following):
            if each not in fitted:
                fitted[each], rows = study.alone(each)
                frames += rows
        frames += study.compared(fitted[seed], fitted[following], seed, following)
        if place:  # the first are the last that a seed follows
            del fitted[seed]
        print(f"{settings['dataset']}: seed {place + 1} of {len(seeds)} measured")
    return _tabulated(about, frames)


class Study:
    """The runs to measure: their table and, row by row, their parameters [R, …]."""

    def __init__(self, settings: dict, own: Prepared, table: pd.DataFrame, params: Params):
        self.settings, self.own, self.table, self.params = settings, own, table, params
        self.read, self.device = reader(settings, own), next(iter(params.values())).device
        self.latents = settings["sae_width"] * settings["hidden"][-1]
        self.width = together(settings["hidden"][-1], self.latents, settings["test_size"])

    def test(self, seed: int) -> tuple[Tensor, factors.Factors]:
        """The inputs of a seed's test examples, and what is known of them."""
        chosen = deal_of(self.settings, self.own, seed).parts.test
        known = factors.known(self.own.labels[chosen], attribute(self.own, chosen))
        return self.own.inputs[chosen].to(self.device), factors.Factors(*(each.to(self.device) for each in known))

    def layer(self, rows: list[int], inputs: Tensor) -> tuple[Layer, Tensor]:
        """The layer of some runs, and whether its activations are finite [M]; where they are not, they are 0."""
        found = self.read({name: tensor[rows] for name, tensor in self.params.items()}, inputs)
        sound = found.activations.isfinite().all(2).all(1)
        return found._replace(activations=torch.where(sound[:, None, None], found.activations, 0.0)), sound

    def alone(self, seed: int) -> tuple[Autoencoders, list[Measured]]:
        """The autoencoders of a seed's runs, and the rows of what is measured of each by itself."""
        inputs, known = self.test(seed)
        parts, frames = [], []
        for rows, purpose in self._portions(seed):
            layer, sound = self.layer(rows, inputs)
            # Runs that are compared begin apart: autoencoders of one start would agree for that alone.
            stream = randomness.generator(self.settings["dataset"], seed, purpose)
            steps, level = self.settings["sae_steps"], self.settings["sae_level"]
            fitted = sae.fit(layer.activations, "topk", self.latents, steps, stream, level, batch=BATCH)
            of_features = learned(fitted, layer.activations, known)
            reached = of_features["sae_reached"].bool() & sound
            values = responding(layer, known) | of_features
            surely = {name: sound if name in SURE or name not in of_features else reached for name in values}
            frames += [
                Measured(rows, name, torch.where(sound, value, torch.nan), surely[name])
                for name, value in values.items()
            ]
            parts.append(Autoencoders(np.array(rows), fitted, reached))
        merged = [
            torch.cat(fields) if torch.is_tensor(fields[0]) else fields[0]
            for fields in zip(*(part.fitted for part in parts), strict=True)
        ]
        return Autoencoders(
            np.concatenate([part.rows for part in parts]), sae.Fitted(*merged), torch.cat([p.reached for p in parts])
        ), frames

    def compared(self, own: Autoencoders, following: Autoencoders, seed: int, next_seed: int) -> list[Measured]:
        """The rows of what the features of a seed's runs have in common with those of the reference, and with those of
        the same method, sizes and draw of the following seed, on the seed's test examples."""
        inputs, _ = self.test(seed)
        partners = {"reference": (own, self._references(seed)), "seed": (following, self._at(seed, next_seed))}
        frames = []
        for partner in PARTNERS:
            theirs, pairs = partners[partner]
            pairs = list(pairs.items())
            for start in range(0, len(pairs), self.width):
                frames += self._pairs(partner, own, theirs, pairs[start : start + self.width], inputs, seed)
        return frames

    def _pairs(
        self, partner: str, own: Autoencoders, theirs: Autoencoders, pairs: list[tuple[int, int]], inputs: Tensor,
        seed: int,
    ) -> list[Measured]:  # fmt: skip
        mine, others = ([pair[side] for pair in pairs] for side in (0, 1))
        sides, sure = [], torch.ones(len(pairs), dtype=torch.bool, device=self.device)
        for rows, autoencoders in ((mine, own), (others, theirs)):
            fitted, reached = autoencoders.of(rows)
            layer, sound = self.layer(rows, inputs)
            sides.append((sae.encode(fitted, layer.activations), fitted.decoder))
            sure = sure & reached & sound
        found = []
        for place, row in enumerate(mine):
            key = self.table.loc[row, "method"], *self._key(row), self.table.loc[row, "draw"]
            stream = randomness.generator(self.settings["dataset"], seed, "universality", partner, *key)
            found.append(compared(*((features[place], rows[place]) for features, rows in sides), stream))
        return [
            Measured(mine, f"universality_{partner}_{name}", torch.tensor([each[name] for each in found]), sure.cpu())
            for name in found[0]
        ]

    def _portions(self, seed: int) -> Iterator[tuple[list[int], str]]:
        """Rows of a seed's runs that are measured together, and the purpose of their random numbers."""
        mine = self.table[self.table["seed"] == seed]
        of_reference = mine["method"] == self.settings["reference"]
        for rows, purpose in ((mine.index[of_reference], "sae of the reference"), (mine.index[~of_reference], "sae")):
            for start in range(0, len(rows), self.width):
                yield list(rows[start : start + self.width]), purpose

    def _key(self, row: int) -> tuple:
        """What a run and its reference have in common beside the seed."""
        return tuple(self.table.loc[row, ["train_size", "label_noise"]])

    def _references(self, seed: int) -> dict[int, int]:
        """The row of the reference of each run of the seed: of its default draw, with the same sizes."""
        mine = self.table[self.table["seed"] == seed]
        of_reference = mine["method"] == self.settings["reference"]
        home = {self._key(row): row for row in mine.index[of_reference & (mine["draw"] == 0)]}
        return {row: home[self._key(row)] for row in mine.index[~of_reference] if self._key(row) in home}

    def _at(self, seed: int, other: int) -> dict[int, int]:
        """The row of the same method, sizes and draw of another seed, of each run of the seed."""
        names = ["method", "train_size", "label_noise", "draw"]
        keys = list(self.table[names].itertuples(index=False, name=None))
        there = {key: row for row, key in enumerate(keys) if self.table.loc[row, "seed"] == other}
        return {row: there[keys[row]] for row in self.table.index[self.table["seed"] == seed] if keys[row] in there}


SURE = ("sae_reached",)  # a number also where an autoencoder has not reached it


def _tabulated(table: pd.DataFrame, found: list[Measured]) -> pd.DataFrame:
    """Rows of the records, made at once: thousands of small tables take longer."""
    value = torch.cat([each.value.double().cpu() for each in found]).numpy()
    finite = np.isfinite(value)
    return table.take([row for each in found for row in each.rows]).assign(
        **FACTS,
        metric=[each.metric for each in found for _ in each.rows],
        value=np.where(finite, value, np.nan),
        converged=torch.cat([each.sure.cpu() for each in found]).numpy() & finite,
    )


def responding(layer: Layer, known: factors.Factors) -> dict[str, Tensor]:
    """Every measure of a layer's activations and weights by itself [M]."""
    activations = layer.activations
    return {
        **factors.responses(activations, known),
        **activity.levels(activations),
        "bimodality": activity.bimodality(activations),
        **activity.shares(activations),
        "participation_ratio": activity.participation_ratio(activations),
        "interference_readout": activity.interference(layer.readout),
        "interference_incoming": activity.interference(layer.incoming),
    }


def learned(fitted: sae.Fitted, activations: Tensor, known: factors.Factors) -> dict[str, Tensor]:
    """Every measure of the autoencoders of a layer [M]."""
    features, missed = sae.encode(fitted, activations), sae.fvu(fitted, activations)
    return {
        "sae_fvu": missed,
        "sae_reached": (missed <= REACHED).double(),
        "sae_dead_share": sae.dead(features),
        "effective_features": sae.effective(features),
        "factor_cosine": factors.cosines(activations, known, fitted.decoder),
    }


def _each(fitted: sae.Fitted, change: Callable[[Tensor], Tensor]) -> sae.Fitted:
    return sae.Fitted(*(change(field) if torch.is_tensor(field) else field for field in fitted))
