"""What a method is: one that trains a model, or an acquisition, which chooses the examples that a model is trained on;
and which walks this study proposes."""

from robustpath import methods

ACQUISITION = "acquisition"  # the protocol whose own methods choose examples
# The walks that the study of minima proposes: those of `short_names` in paper/claims.yaml and their forms that begin
# after a part of the descent.
PROPOSED = (
    "contour_warmup",
    "persistent_warmup",
    "repelled_warmup",
    "flat_warmup",
    "contour_population",
    "contour_cooldown",
    "midway_walk",
    "persistent_midway_walk",
)


def training() -> dict[str, str]:
    """Every method that trains a model and its family, in the order of methods.names()."""
    return {name: family for name, family in methods.names().items() if not acquires(name)}


def acquisitions() -> list[str]:
    """Every method that chooses examples, in the order of methods.names()."""
    return [name for name in methods.names() if acquires(name)]


def acquires(name: str) -> bool:
    """Whether a method is an acquisition: it is for that protocol and no other."""
    return methods.protocols_of(name) == (ACQUISITION,)
