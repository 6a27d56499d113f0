"""Codes whose content is known: planted atoms that sparse autoencoders should find, and what a code of few units holds.

Planted: examples are sums of three of 64 random atoms of length 1 in 32 dimensions, with coefficients of U[0.5, 1.5].
Autoencoders of 96 latents (robustpath.protocols.representations.sae) learn from them for 4,000 steps: L1 with
lambda = 0.1, TopK with k = 3, and TopK without AuxK. MMCS is the mean over atoms of the largest cosine with a row of
the decoder; of principal directions, which have no sign, the size of the cosine counts. FVU, the active latents of an
example and the dead ones are those on other examples of the same atoms.

The bands are drawn about the values of a pilot's single run: MMCS 0.97 of L1, 0.99 of TopK and 0.47 to 0.50 of
principal directions, three active latents of TopK exactly, FVU about 0.05, and about 33 of 96 latents dead without
AuxK. A single run has no spread: the widths are of this study. So are, chosen before any run of this program at 4,000
steps, the 20,000 examples, the batches of 128 and the rate of the autoencoders, that the FVU of about 0.05 is that of
the pilot's TopK, which had no AuxK, and that AuxK should leave at most half as many latents dead. All bands were
fixed then. A value that misses its band is printed beside it, and the row "bands that hold" counts how many do.
The first run missed the last of them: 96 latents are 32 more than there are atoms, and as many stayed dead with AuxK as
without.

Bimodal is not monosemantic: eight classes are separated by three units of two values each. The codes are the corners
of a cube, a linear readout tells them apart by the distance of two corners, 1, and each unit is high for four classes.

Capacity: of n independent features, units that respond to one feature each tell nothing of the others, whose error is
then at least their variance, for every decoder. So m of them hold m features at most, and leave at least the
share that the n - m least important ones have in the weighted variance; one unit that responds to all may leave
nothing. Counted over all examples of six binary features and all choices of what the units respond to.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement, product

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from robustpath.core.randomness import generator
from robustpath.protocols.representations import sae
from robustpath.theory import table
from robustpath.theory.superposition import SOURCE, Band
from robustpath.theory.table import Row

CASE = "known_dictionaries"
PLANTED = "64 planted atoms in 32 dimensions"
MEANS = f"{PLANTED}, mean over seeds"
CUBE, CAPACITY = "eight classes in three units", "six binary features"
ARITHMETIC = "arithmetic"
DIMENSIONS, ATOMS, ACTIVE, LATENTS = 32, 64, 3, 96
STEPS = 4000  # what the bands are about
EXAMPLES, TEST, BATCH = 20_000, 5000, 128
FITS = {"L1": ("l1", 0.1, 0.0), "TopK": ("topk", ACTIVE, sae.AUXK), "TopK without AuxK": ("topk", ACTIVE, 0.0)}
DENSITY, IMPORTANCES = 0.1, tuple(0.9**i for i in range(6))
UNITS = (1, 3, 5)  # how many units hold the six features

BANDS = (
    Band(MEANS, "MMCS of L1", 0.95, math.inf),
    Band(MEANS, "MMCS of TopK without AuxK", 0.97, math.inf),
    Band(MEANS, "MMCS of TopK", 0.97, math.inf),
    Band(MEANS, "MMCS of principal directions", 0.45, 0.52),
    Band(MEANS, "active latents of TopK without AuxK", 3, 3),
    Band(MEANS, "active latents of TopK", 3, 3),
    Band(MEANS, "FVU of TopK without AuxK", 0.03, 0.07),
    Band(MEANS, "dead latents of TopK without AuxK", 23, 43),
    Band(MEANS, "dead latents with AuxK over those without", -math.inf, 0.5),
)


def planted(seed: int) -> tuple[Tensor, Tensor]:
    """The atoms [64, 32] of a seed and examples of them [EXAMPLES + TEST, 32]."""
    stream = generator(CASE, seed, "atoms")
    atoms = torch.nn.functional.normalize(torch.randn(ATOMS, DIMENSIONS, generator=stream))
    chosen = torch.rand(EXAMPLES + TEST, ATOMS, generator=stream).topk(ACTIVE).indices
    coefficients = torch.rand(chosen.shape, generator=stream) + 0.5
    return atoms, torch.zeros(len(chosen), ATOMS).scatter(1, chosen, coefficients) @ atoms


def mmcs(atoms: Tensor, rows: Tensor) -> list[float]:
    """Of every member the mean over atoms [S, a, d] of the largest cosine with rows [S, w, d] of length 1."""
    return (atoms @ rows.mT).amax(2).mean(1).tolist()


def found_of(steps: int, seeds: int) -> dict[str, list[float]]:
    """What is measured of the planted atoms, by name: a value of every seed."""
    atoms, examples = map(torch.stack, zip(*map(planted, range(seeds)), strict=True))
    train, test = examples[:, :EXAMPLES], examples[:, EXAMPLES:]
    directions = torch.linalg.svd(train - train.mean(1, keepdim=True), full_matrices=False).Vh
    found = {"MMCS of principal directions": mmcs(atoms, torch.cat([directions, -directions], 1))}
    for name, (kind, sparsity, auxk) in FITS.items():
        fitted = sae.fit(train, kind, LATENTS, steps, generator(CASE, "fit"), sparsity, auxk=auxk, batch=BATCH)
        features = sae.encode(fitted, test)
        found[f"MMCS of {name}"] = mmcs(atoms, fitted.decoder)
        found[f"FVU of {name}"] = sae.fvu(fitted, test).tolist()
        found[f"active latents of {name}"] = sae.active(features).tolist()
        found[f"dead latents of {name}"] = (LATENTS * sae.dead(features)).round().tolist()
    return found


def claims(found: Mapping[str, Sequence[float]]) -> list[Row]:
    """Every band with the measured value, from the means over seeds, and how many of the bands hold."""
    means = {name: sum(values) / len(values) for name, values in found.items()}
    without = means["dead latents of TopK without AuxK"]
    means["dead latents with AuxK over those without"] = means["dead latents of TopK"] / without if without else 0.0
    held = sum(band.holds(means[band.name]) for band in BANDS)
    rows = [band.row(means[band.name]) for band in BANDS]
    return [*rows, Row("all dictionaries", "bands that hold", float(held), float(len(BANDS)), SOURCE)]


def cube() -> list[Row]:
    """Eight one-hot classes through ReLU units whose weights are the corners of a cube, and a linear readout."""
    corners = np.array(list(product((0.0, 1.0), repeat=3)))
    units = np.maximum(np.eye(8) @ corners, 0.0)
    logits = units @ (2 * corners.T) - corners.sum(1)
    own = logits.diagonal()
    others = np.where(np.eye(8) > 0, -np.inf, logits).max(1)
    high = (units > units.max(0) / 4).sum(0)
    known = {
        "double well of the units, mean a^2 (1 - a)^2": ((units**2 * (1 - units) ** 2).mean(), 0),
        "different codes": (len(np.unique(units, axis=0)), 8),
        "classes that a linear readout separates": ((own > others).sum(), 8),
        "least margin of the readout": ((own - others).min(), 1),
        "fewest classes that a unit is high for": (high.min(), 4),
        "most classes that a unit is high for": (high.max(), 4),
    }
    return [Row(CUBE, name, float(value), float(expected), ARITHMETIC) for name, (value, expected) in known.items()]


def unexplained(units: np.ndarray, features: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """The variance of each feature that no decoder can explain by the units, E Var(x_i | h): float64 [n], counted over
    all examples, features [N, n] with chances [N] and units [N, m]."""
    _, code = np.unique(units, axis=0, return_inverse=True)
    code = code.reshape(-1)
    weight = np.bincount(code, chances)
    means = np.stack([np.bincount(code, chances * own) / weight for own in features.T], 1)
    return chances @ (features - means[code]) ** 2


def capacity() -> list[Row]:
    """What units that respond to one feature each hold and leave, at best, and a unit that responds to all of them."""
    count, importances = len(IMPORTANCES), np.array(IMPORTANCES)
    features = np.array(list(product((0.0, 1.0), repeat=count)))
    chances = np.where(features > 0, DENSITY, 1 - DENSITY).prod(1)
    total = importances.sum() * DENSITY * (1 - DENSITY)
    rows = []
    for units in UNITS:
        choices = combinations_with_replacement(range(count), units)
        left = np.stack([unexplained(features[:, list(own)], features, chances) for own in choices])
        name = f"{units} unit{'s' if units > 1 else ''} of one feature each"
        held, best = (left < 1e-12).sum(1).max(), (left @ importances).min() / total
        share = sum(sorted(IMPORTANCES)[: count - units]) / sum(IMPORTANCES)
        rows.append(Row(CAPACITY, f"most features held by {name}", float(held), float(units), ARITHMETIC))
        rows.append(Row(CAPACITY, f"least FVU of {name}", float(best), share, ARITHMETIC))
    every = features @ 2.0 ** np.arange(count)[:, None]
    left = unexplained(every, features, chances) @ importances / total
    return [*rows, Row(CAPACITY, "FVU of one unit of all features", float(left), 0.0, ARITHMETIC)]


def run(settings: dict) -> pd.DataFrame:
    """The exact values, what was measured of the planted atoms seed by seed, and the bands.

    settings: steps, seeds. At another number of steps than STEPS it is another problem, of which the bands say nothing.
    """
    found = found_of(settings["steps"], settings["seeds"])
    measured = [
        Row(PLANTED, name, value, seed=seed) for name, values in found.items() for seed, value in enumerate(values)
    ]
    judged = claims(found) if settings["steps"] == STEPS else []
    return table.frame(CASE, [*cube(), *capacity(), *measured, *judged])
