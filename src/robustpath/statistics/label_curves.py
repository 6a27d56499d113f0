"""Scores of runs that acquire labels, against how many labels they have."""

from collections.abc import Mapping

import pandas as pd

from robustpath.protocols.acquisition.on_the_way import of_round
from robustpath.protocols.acquisition.sizes import labels
from robustpath.records import RUN


def curves(records: pd.DataFrame, settings: Mapping, experiment: str, score: str) -> pd.DataFrame:
    """One row a run and round of an experiment, in their order: the columns of RUN, round, labels and value.

    settings: those of a report (records.report_settings); score: a key of protocols.acquisition.on_the_way.CURVES.
    """
    numbers = labels(settings["experiments"][experiment])
    rounds = {of_round(score, number): number for number in range(len(numbers))}
    own = records[(records["experiment"] == experiment) & records["metric"].isin(rounds)]
    number = own["metric"].astype(str).map(rounds).astype("int64")
    found = own[RUN].assign(round=number, labels=number.map(dict(enumerate(numbers))), value=own["value"])
    return found.sort_values([*RUN, "round"]).reset_index(drop=True)
