"""Gaussian groups whose label and attribute interact, at 0.5 of the generator's scale (group_generator.Recipe)."""

from robustpath.data.sets import gauss_groups

INTERACTION = 0.5
LENGTH = gauss_groups.LENGTH
ENTRY = gauss_groups.entry(
    "gauss_interaction_50",
    "Gaussian groups whose label and attribute interact by 0.5, generated",
    0.9669037,  # Phi(3 / 2 sqrt(1 + 2 interaction^2)): the label read off its own coordinates and those of the pair
)
preprocess = gauss_groups.preprocess


def read(files):
    """As gauss_groups.read, with the interaction."""
    return gauss_groups.parts(interaction=INTERACTION)


def recipe():
    """The values of the generator's knobs."""
    return gauss_groups.recipe(interaction=INTERACTION)
