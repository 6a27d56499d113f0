"""Gaussian groups whose label and attribute interact, at 1 of the generator's scale (group_generator.Recipe)."""

from robustpath.data.sets import gauss_groups

INTERACTION = 1.0
LENGTH = gauss_groups.LENGTH
ENTRY = gauss_groups.entry(
    "gauss_interaction_100",
    "Gaussian groups whose label and attribute interact by 1, generated",
    0.9953126,  # Phi(3 / 2 sqrt(1 + 2 interaction^2)): the label read off its own coordinates and those of the pair
)
preprocess = gauss_groups.preprocess


def read(files):
    """As gauss_groups.read, with the interaction."""
    return gauss_groups.parts(interaction=INTERACTION)


def recipe():
    """The values of the generator's knobs."""
    return gauss_groups.recipe(interaction=INTERACTION)
