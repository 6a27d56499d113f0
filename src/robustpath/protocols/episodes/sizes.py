"""How many classes and faces each part of a data set has: the check of the config and the training both read it."""

TURNS = 4  # quarter turns of an image; each makes another class of a letter, as Santoro et al. (2016) do
STEPS = (0, 1, 5, 10)  # steps on the support set after which an episode is scored
NAMES = ("accuracy_after_0", "accuracy_after_1", "accuracy_after_5", "accuracy")  # the scores after so many steps


def letters(count: int) -> dict[str, int]:
    """How many of `count` labels each part has: a fifth for validation, three tenths for the test, rounded up."""
    validation, test = count // 5, -(-3 * count // 10)
    return {"validation": validation, "test": test, "train": count - validation - test}


def faces(count: int, largest: int) -> dict[str, int]:
    """How many of `count` examples of a label each part has at least, whole families of at most `largest` examples: a
    fifth for validation, three tenths for the test."""
    validation, test = -(-count // 5), -(-3 * count // 10)
    return {"validation": validation, "test": test, "train": count - validation - test - 2 * (largest - 1)}
