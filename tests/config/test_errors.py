"""The sentence on a mistake keeps to a length at which the mistake can be seen."""

from robustpath.config.errors import LONGEST, Problem, report


def said(names):
    return report([Problem(("scales",), "n", "is not a known name", ", ".join(names), "n0")], "config.yaml", {})


def test_a_list_that_is_short_enough_is_whole():
    names = [f"n{number}" for number in range(50)]
    assert said(names).endswith(f"did you mean 'n0'? Allowed: {', '.join(names)}")


def test_a_longer_list_ends_behind_a_whole_name_and_says_where_the_rest_is():
    names = [f"name{number:03d}" for number in range(200)]
    allowed, rest = said(names).partition("Allowed: ")[2].split(" and more, which ")
    assert allowed.split(", ") == names[: len(allowed.split(", "))] and LONGEST - 12 < len(allowed) <= LONGEST
    assert rest == "docs/config.md lists"
