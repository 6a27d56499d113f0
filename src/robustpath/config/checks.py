"""Checks that sections of the config share: names that do not exist or come twice, numbers out of order."""

from collections.abc import Collection, Iterator, Sequence

from robustpath.config.errors import Problem, nearest

LISTED = 60  # names that a sentence can hold


def known(
    path: tuple, name: str, what: str, allowed: Collection[str], elsewhere: Collection[str] = ()
) -> Iterator[Problem]:
    """A name that is not one of those `allowed`; where it is known `elsewhere`, it is no misspelling."""
    if name not in allowed:
        words = ", ".join(allowed)
        if len(allowed) > LISTED:
            words = f"one of the {len(allowed)} that `python -m robustpath list {what}s` shows"
        if name in elsewhere:
            yield Problem(path, name, f"is not a {what}, though there is one of this name", words)
        else:
            yield Problem(path, name, f"is not a known {what}", words, nearest(name, allowed))


def distinct(path: tuple, names: Sequence, what: str, allowed: Collection) -> Iterator[Problem]:
    """Names in a list that are not `allowed`, or come twice."""
    for position, name in enumerate(names):
        yield from known((*path, position), name, what, allowed)
        if name in names[:position]:
            yield Problem((*path, position), name, f"is a {what} named twice", "each name once")


def ascending(path: tuple, numbers: list[float]) -> Iterator[Problem]:
    """Numbers that are not in ascending order, each once."""
    right = sorted(set(numbers))
    if numbers != right:
        yield Problem(path, numbers, "is not in ascending order without repeats", "each number once, ascending", right)
