"""What a method does: it trains a model, or it is an acquisition, which chooses the examples that one is trained on."""

from robustpath import methods

ACQUISITION = "acquisition"  # the protocol whose own methods choose examples


def training() -> dict[str, str]:
    """Every method that trains a model and its family, in the order of methods.names()."""
    return {name: family for name, family in methods.names().items() if not acquires(name)}


def acquisitions() -> list[str]:
    """Every method that chooses examples, in the order of methods.names()."""
    return [name for name in methods.names() if acquires(name)]


def acquires(name: str) -> bool:
    """Whether a method is an acquisition: it is for that protocol and no other."""
    return methods.protocols_of(name) == (ACQUISITION,)
