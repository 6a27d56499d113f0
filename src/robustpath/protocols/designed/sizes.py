"""Sizes of designed training sets: the check of the config and the training read them, without torch."""

DATASET = "gauss_groups"  # whose generator makes all examples
SHARE = 0.9  # of the examples of each label in the unchanged set of `changes` that have its majority attribute
MOST = 80  # examples that `changes` adds or removes at most
FEWEST = 50  # examples of a training set of `sweep`
# Examples of a minority (False) and of a majority group in `subsets`, as shares of a quarter of train_size.
SHARES = {False: (0.02, 0.25), True: (0.25, 1.0)}
MINORITY, MAJORITY = 1, 0  # the groups that `changes` changes, label * 2 + attribute
CHANGES = [(MINORITY, 0)] + [
    (group, sign * size) for size in (MOST, 20, 5) for sign in (1, -1) for group in (MINORITY, MAJORITY)
]
LEAST = {"sweep": FEWEST, "subsets": 200, "changes": 1600}  # 1,600: MOST examples of each minority group
