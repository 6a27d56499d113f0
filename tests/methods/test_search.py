"""Search spaces read from the source of the methods, against the methods themselves."""

import pytest

from robustpath import methods
from robustpath.methods import search


def test_the_search_spaces_read_from_the_source_are_those_of_the_methods():
    families = methods.names()
    read = {name: search.hyperparameters(family, name) for name, family in families.items()}
    assert read == {name: frozenset(methods.load(name).search) for name in families}


@pytest.mark.parametrize(("family", "name"), [("minima", "zebra"), ("shortcuts", "sgd")])
def test_what_is_not_understood_is_left_to_the_jobs(family, name):
    assert search.hyperparameters(family, name) is None
