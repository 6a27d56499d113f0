import pytest

from robustpath.records import labels


def test_names_are_printed_as_in_the_paper():
    names = ["sgd", "adamw", "contour_warmup", "sharp_walk", "rho_loss", "group_dro"]
    assert [labels.method(name) for name in names] == [
        "SGD",
        "AdamW",
        "contour warm-up",
        "sharp walk",
        "RHO-LOSS",
        "Group DRO",
    ]
    assert labels.dataset("mnist5k") == "MNIST-5k"
    assert [labels.shift(name) for name in ("gaussian_noise", "translate", "optdigits")] == [
        "Gaussian noise",
        "translate",
        "Optdigits",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0031, "$+0.3$"), (-0.0312, "$-3.1$"), (0.0001, "$0.0$"), (-0.0001, "$0.0$"), (float("nan"), "--")],
)
def test_differences_carry_a_sign_unless_they_round_to_zero(value, text):
    assert labels.points(value) == text


def test_numbers_for_latex():
    assert labels.percent(0.8624) == "86.2"
    assert labels.count(28800) == r"28\,800"
    assert labels.probability(0.0004) == "$< 0.001$"
    assert labels.probability(0.031) == "$= 0.031$"
    assert labels.scientific("log-uniform [1e-05, 2.5e-3]") == r"log-uniform [$10^{-5}$, $2.5\times10^{-3}$]"
    assert [labels.word(number) for number in (3, 40)] == ["three", "40"]
    assert labels.listing(["a", "b", "c"]) == "a, b and c"
    assert labels.listing(["a"]) == "a"
    assert labels.listing([]) == "none"


def test_macro_names_are_letters_only():
    assert labels.macro("mnist5k") == "MnistFiveK"
    assert labels.macro("contour_warmup") == "ContourWarmup"


def test_escape_makes_every_special_character_plain():
    assert labels.escape(r"50% of a_b & #1 {x}~^\ ") == (
        r"50\% of a\_b \& \#1 \{x\}\textasciitilde{}\textasciicircum{}\textbackslash{} "
    )
