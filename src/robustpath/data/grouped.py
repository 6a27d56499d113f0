"""Data sets whose labels may be confused with an attribute, and how skewed an experiment can make them.

A group is a pair (label, attribute). The majority attribute of label y is y modulo the number of attributes. What an
experiment's `correlation` asks of the groups is counted here without torch, since the check of the config needs it;
group_splits.py deals the examples.
"""

import math
from dataclasses import dataclass

from robustpath.data.entries import DataSet


@dataclass(frozen=True)
class GroupedDataSet(DataSet):
    """A data set whose examples have an attribute.

    pool_groups, test_groups: examples of each group in the pool and in the official test part, [label][attribute].
    chance: accuracy, balanced over groups, of a guess; ceiling: that of the best rule that reads what the attribute
    does not tell, 0 where it is not known.
    """

    pool_groups: tuple[tuple[int, ...], ...] = ()
    test_groups: tuple[tuple[int, ...], ...] = ()
    chance: float = 0.0
    ceiling: float = 0.0

    @property
    def attributes(self) -> int:
        """How many values the attribute has."""
        return len(self.pool_groups[0])

    @property
    def test_in_equal_groups(self) -> int:
        """How many test examples there are in equal groups, where a split must leave something in every group."""
        smallest = min(min(row) for row in self.test_groups or self.pool_groups)
        return self.classes * self.attributes * (smallest if self.test_groups else smallest - 1)

    def correlated_room(self, correlation: float, validation: int, test: int) -> int:
        """How many training examples in equal classes every seed leaves at a correlation, beside `validation` examples
        of the same correlation and `test` in equal groups; 0 where there are too few even for those."""
        held = 0 if self.test_groups else math.ceil(test / (self.classes * self.attributes))
        checked = self._most(math.ceil(validation / self.classes), correlation)
        whole = self.largest_group - 1
        if whole:  # a group that stays whole holds examples of every label of one attribute
            held, checked = held and held + whole, (max(checked) and max(checked) + whole,) * 2

        def fits(rounds: int) -> bool:
            wanted = self._most(rounds, correlation)
            return all(
                wanted[value != self.majority(label)] + checked[value != self.majority(label)] + held <= there
                for label, row in enumerate(self.pool_groups)
                for value, there in enumerate(row)
            )

        low, high = 0, self.smallest_class + 1
        if not fits(low):
            return 0
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        return self.classes * low

    def majority(self, label: int) -> int:
        """The majority attribute of a label."""
        return label % self.attributes

    def _most(self, rounds: int, correlation: float) -> tuple[int, int]:
        """The most examples of a label's majority group, and of one of its other groups, among `rounds` examples of
        the label; see group_splits.pattern."""
        largest, smallest = 1 - 0.5 / self.classes, 0.5 / self.classes
        others = rounds - math.floor(correlation * rounds + smallest)
        return math.floor(correlation * rounds + largest), math.ceil(others / (self.attributes - 1))
