"""Digests of records: which row was altered."""

import hashlib
import struct

import numpy as np
import pytest

from robustpath import protocols
from robustpath.publication import digests
from robustpath.records import KEY, SCHEMA

OWN = ["train_size", "label_noise"]
OTHERS = [name for name in protocols.axes() if name not in OWN]  # axes of other protocols than that of these records


def named(table, position):
    """A row by its key; no word of the axes of other protocols."""
    own = [name for name in KEY if name not in OTHERS]
    return ", ".join(f"{name}={table[name].iloc[position]}" for name in own)


def test_rows_in_another_order_are_the_same_records(table):
    kept = digests.of_records(table)
    assert not digests.altered(table.sample(frac=1, random_state=0), kept)


@pytest.mark.parametrize("column", list(SCHEMA))
def test_every_column_has_a_part_in_the_digest(table, column):
    altered = table.copy()
    kind = SCHEMA[column]
    altered[column] = altered[column].map(
        {"text": lambda text: f"{text}x", "truth": lambda truth: not truth}.get(kind, lambda number: number + 1)
    )
    assert (digests.row_digests(altered) != digests.row_digests(table)).all()


def test_the_digest_is_the_same_on_any_machine(table):
    first = table[[*SCHEMA]].iloc[[0]].assign(value=0.5)
    assert first["experiment"].item() == "minima"
    assert digests.row_digests(first).tolist() == [by_hand(first.iloc[0], absent=OTHERS)]
    streamed = first.assign(train_size=-1, evaluations=12.0)
    assert digests.row_digests(streamed).tolist() == [
        by_hand(streamed.iloc[0], absent={*OTHERS, "train_size"} - {"evaluations"})
    ]


def by_hand(row, absent):
    """SplitMix64 over the columns, in whole numbers of Python; axes that are `absent` leave no trace."""
    mask, total = 2**64 - 1, 0
    for name, kind in SCHEMA.items():
        if name in absent:
            continue
        value = row[name]
        if kind == "text":
            number = int.from_bytes(hashlib.sha256(value.encode()).digest()[:8], "little")
        else:
            number = int.from_bytes(
                struct.pack("<d", value) if kind == "real" else struct.pack("<q", int(value)), "little"
            )
        total = (total + number + 0x9E3779B97F4A7C15) & mask
        total = ((total ^ (total >> 30)) * 0xBF58476D1CE4E5B9) & mask
        total = ((total ^ (total >> 27)) * 0x94D049BB133111EB) & mask
        total ^= total >> 31
    return total


def test_altered_rows_are_named_with_what_they_are_now(table):
    kept, altered = digests.of_records(table), table.copy()
    places = [7, len(table) // 2, len(table) - 1]
    altered.loc[places, "value"] += 1e-6
    assert set(digests.altered(altered, kept)) == {
        (named(table, place), repr(float(altered["value"][place]))) for place in places
    }


def test_digests_that_were_made_before_there_was_another_protocol_still_name_the_row(table):
    kept, altered = digests.of_records(table).drop(columns=OTHERS), table.copy()
    assert not digests.altered(table, kept)
    altered.loc[7, "value"] += 1e-6
    assert digests.altered(altered, kept) == [(named(table, 7), repr(float(altered["value"][7])))]


def test_lost_and_added_rows_are_named(table):
    kept = digests.of_records(table)
    assert digests.altered(table.drop(index=11), kept) == [(named(table, 11), "no row")]
    added = table.iloc[[11]].assign(metric="margin", split="train", value=0.25)
    both = np.concatenate([table.to_numpy(), added.to_numpy()])
    more = type(table)(both, columns=table.columns).astype(table.dtypes)
    assert digests.altered(more, kept) == [(named(added, 0), "0.25")]


def test_altered_rows_of_several_runs_and_scores_are_reported_as_such(table):
    kept, altered = digests.of_records(table), table.copy()
    block = (table["experiment"] == "minima") & (table["dataset"] == "optdigits") & (table["method"] == "sgd")
    runs = table[block & (table["metric"] == "cross_entropy")].index[:1]
    others = table[block & (table["metric"] == "accuracy") & (table["split"] == "train")].index[3:4]
    altered.loc[runs.append(others), "value"] += 0.01
    ((what, _),) = digests.altered(altered, kept)
    assert what.startswith("rows of 2 runs and 2 scores, the first of which cross in experiment=minima")
