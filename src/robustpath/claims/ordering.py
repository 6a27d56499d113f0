"""Which case of a hypothesis is nearest to support: one order for the verdict, its tables and its sentences."""

from robustpath.claims.conditions import ORDER

UNKNOWN = 2.0  # stands after every p


def distance_from_support(entry: dict) -> tuple:
    """Sorts the entries of claims.json from the best case for the claim to the worst: by verdict, then by the p of
    support; where a condition has none, by how many lack one and then by the largest p of the others."""
    ps = [finding["p_support"] for finding in entry["conditions"]]
    known = [p for p in ps if p is not None]
    own = UNKNOWN if entry["p_support"] is None else entry["p_support"]
    return ORDER.index(entry["verdict"]), own, len(ps) - len(known), max(known, default=UNKNOWN)
