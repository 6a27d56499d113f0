"""Which hyperparameter draw stands for a method: chosen after the runs, seed by seed, by a named rule."""

from dataclasses import dataclass

import pandas as pd

from robustpath.core.errors import UserError
from robustpath.records import RUN, named

CELL = RUN[:-1]


@dataclass(frozen=True)
class Rule:
    """A selection rule: the split whose unshifted accuracy decides, whether it may be a headline, its words."""

    split: str
    headline: bool
    words: str


VALIDATION = Rule("validation", True, "highest validation accuracy")
HOLDOUT = Rule("holdout", False, "highest accuracy on the training examples that are held out")
ORACLE = Rule("test", False, "highest test accuracy (oracle: an upper bound that no user can reach)")


def choose(records: pd.DataFrame, rule: Rule = VALIDATION, within: tuple[str, ...] = ()) -> pd.DataFrame:
    """The chosen run of each cell, one row each with the columns of RUN and `diverged`.

    In a cell, all axes of the runs are the same but the draw, and so are the columns `within`. Of its draws the one
    with the highest accuracy by the rule is taken; diverged draws come last, and of equal draws the lowest is taken.
    Raises UserError for a run without that accuracy.
    """
    decides = (records["split"] == rule.split) & (records["shift"] == "none") & (records["metric"] == "accuracy")
    scores = records.loc[decides, [*RUN, *within, "diverged", "value"]]
    everything = records[RUN].drop_duplicates()
    if len(scores) < len(everything):
        lacking = everything.merge(scores[RUN], how="left", on=RUN, indicator=True).query("_merge == 'left_only'")
        first = named(lacking.iloc[0][RUN])
        raise UserError(f"{len(lacking)} runs have no {rule.split} accuracy to choose by, the first is {first}")
    ranked = scores.sort_values(["diverged", "value", "draw"], ascending=[True, False, True], kind="stable")
    cell = [*CELL, *within]
    return ranked.drop_duplicates(cell).sort_values(cell)[[*RUN, "diverged"]].reset_index(drop=True)


def select(records: pd.DataFrame, rule: Rule = VALIDATION, within: tuple[str, ...] = ()) -> pd.DataFrame:
    """The records of the chosen runs only (see `choose`), in their order; columns as in `records`."""
    return records.merge(choose(records, rule, within)[RUN], on=RUN, how="inner")
