"""What the figure of toy models shows: phases of two features, geometry of many, and in LaTeX what was found."""

from typing import NamedTuple

import pandas as pd

from robustpath.figures import captions, style
from robustpath.records import labels
from robustpath.theory import feature_geometry
from robustpath.theory.superposition import BEST_SWITCH, FEW, MANY, PAIR, REPRESENTED

# Phase -> what it looks like in the diagram.
PHASES = {
    "antipodal pair": {"color": style.COLOURS[5], "marker": "o"},
    "one feature alone": {"color": style.COLOURS[4], "marker": "s", "markerfacecolor": "none"},
    "neither": {"color": style.COLOURS[0], "marker": "x"},
}
NEAR = 0.03  # of 1/2, to be on the plateau
APART = 0.07  # dimensionality between two names beside the panel, at the least


class Geometry(NamedTuple):
    """Of 80 features: dimensions a feature at every 1 / p; dimensionality of every represented feature there."""

    each: pd.DataFrame
    features: pd.DataFrame

    def plateau(self) -> pd.DataFrame:
        """The densities whose dimensions a feature are within NEAR of 1/2."""
        return self.each[(self.each["value"] - 0.5).abs() <= NEAR]


def phases(table: pd.DataFrame) -> pd.DataFrame:
    """Two features, a row a model: importance r, density p, phase, and the two densities at which phases should switch:
    `exact` of ideal weights, `best` of the best ones."""
    own = table[table["landscape"].str.startswith(f"{PAIR}, r = ")]
    own = own.assign(importance=own["landscape"].str.rpartition(" ")[2].astype(float))
    best = own[own["quantity"] == BEST_SWITCH].set_index("importance")["value"]
    models = own[own["quantity"].str.startswith("shorter weight at density ")]
    weight = models["value"]
    phase = weight.map(
        lambda w: "antipodal pair" if w < -REPRESENTED else "one feature alone" if w <= REPRESENTED else "neither"
    )
    return models[["importance"]].assign(
        density=models["quantity"].str.rpartition(" ")[2].astype(float),
        phase=phase,
        exact=models["importance"].map(feature_geometry.boundary),
        best=models["importance"].map(best),
    )


def geometry(table: pd.DataFrame) -> Geometry:
    """The geometry of 80 features."""
    own = table[table["landscape"].str.startswith(f"{MANY}, 1 / p = ")]
    own = own.assign(sparsity=own["landscape"].str.rpartition(" ")[2].astype(float))[["sparsity", "quantity", "value"]]
    single = own["quantity"].str.startswith("dimensionality of feature ")
    return Geometry(own[~single], own[single])


def arrangements(table: pd.DataFrame) -> dict[float, pd.DataFrame]:
    """Density -> the columns W_i of five features, a row a feature: columns W1 and W2."""
    own = table[table["landscape"].str.startswith(f"{FEW}, density ")]
    parts = own["quantity"].str.extract(r"^(?P<axis>W\d) of feature (?P<feature>\d+)$")
    own = own.assign(density=own["landscape"].str.rpartition(" ")[2].astype(float), **parts)
    return {
        density: rows.pivot(index="feature", columns="axis", values="value")
        for density, rows in own.groupby("density", sort=False)
    }


def finding(models: pd.DataFrame, many: Geometry) -> str:
    """What was found: how well each line separates the phases, and how long the plateau is."""
    pair = models["phase"] == "antipodal pair"
    right = {name: int((pair == (models["density"] < models[name])).sum()) for name in ("exact", "best")}
    total = labels.count(len(models))
    switch = (
        f"The closed form for ideal weights predicts for {labels.count(right['exact'])} of {total} models of two "
        f"features whether they superpose them, the best weights and biases for {labels.count(right['best'])}"
    )
    span = many.plateau()["sparsity"]
    where = f", from 1/{span.max():g} to 1/{span.min():g}" if len(span) > 1 else ""
    long = f"the dimensions a feature of 80 are within {NEAR:g} of 1/2 at {densities(len(span))}{where}"
    medians = many.features.groupby("sparsity")["value"].median()
    near = int(((medians - 0.5).abs() <= NEAR).sum())
    return (
        f"{switch}; {long}, the median dimensionality of those represented at {labels.word(near) if near else 'none'}."
    )


def densities(number: int) -> str:
    """So many densities, in words."""
    return "no density" if number == 0 else f"{labels.word(number)} densit{'y' if number == 1 else 'ies'}"


def caption(name: str, settings: dict, table: pd.DataFrame, models: pd.DataFrame, many: Geometry) -> str:
    """The caption in LaTeX: finding, question, what is shown, the bands, evidence, its notebook."""
    own = settings["theory"]["superposition"]
    bands = table[table["quantity"] == "bands that hold"]
    judged = "A run this short is not judged by bands."
    if len(bands):
        held, of = (labels.count(bands.iloc[0][column]) for column in ("value", "expected"))
        judged = f"Of {of} bands that were fixed before the run, {held} hold ({captions.see('theory_cases')})."
    chosen = " of one seed"
    if own["seeds"] > 1:
        chosen = f", the best of {labels.word(own['seeds'])} seeds by the loss on the same examples"
    facts = (
        r"The models are those of \citet{elhage2022toy}, the closed forms are of this study. "
        f"{labels.count(own['steps'])} steps{chosen}."
    )
    opening = captions.headline(name, finding(models, many)).replace("ι", r"$\iota$")  # as in the section
    return " ".join([opening, judged, facts])
