"""The kinds of conditions of a contrast and their terms, as the files of hypotheses give them."""

from itertools import product
from typing import Annotated, Literal

from pydantic import Field, model_validator

from robustpath.config.document import Distinct, Section

Noise = Annotated[float, Field(ge=0, le=1)]
Levels = Annotated[list[Noise], Distinct]
Numbers = Annotated[list[float], Distinct]
Over = Literal["none", "natural", "corruption", "generator", "mean", "worst"]
BOUNDS = ("at_least", "at_most", "within")


class Base(Section):
    """The runs that a term is matched with in validation accuracy; left out, `experiment` is that of the term."""

    method: str
    experiment: str | None = None
    hyperparameters: dict[str, float] = Field(default_factory=dict)


class Term(Section):
    """The mean over seeds of a metric of a method in an experiment, times `weight`.

    Left out, `dataset` stands for all data sets of the experiment, which are strata; `evaluations` for the mean over
    all of its budgets; `label_noise` for the level at which the hypothesis is judged. Where groups are missing in turn,
    the mean over them is taken. `hyperparameters` names draws of a grid: of those that have these values, as of all
    draws, the one of the best validation accuracy stands for the method,
    seed by seed.

    accuracy_cost: of the values of the hyperparameter `strength` in the grid, the largest one whose mean validation
    accuracy over seeds is at most so many points below that of `base`, chosen once a data set; the smallest one where
    there is none. Test data have no part in it. A placebo without that hyperparameter has its own draws instead.
    """

    experiment: str
    method: str
    dataset: str | None = None
    evaluations: float | None = None
    label_noise: Noise | None = None
    hyperparameters: dict[str, float] = Field(default_factory=dict)
    weight: float = 1.0
    accuracy_cost: float | None = Field(None, ge=0)
    base: Base | None = None
    strength: str = "strength"

    @model_validator(mode="after")
    def _matched(self):
        if (self.accuracy_cost is None) != (self.base is None):
            raise ValueError("accuracy_cost needs the base that the accuracy is compared with, and a base needs a cost")
        if self.base is not None and self.strength in self.hyperparameters:
            raise ValueError(f"accuracy_cost chooses {self.strength}, which is among the hyperparameters too")
        return self


class Condition(Section):
    """What all kinds have: what is measured, its words, the bound of a mean, the label noises that it is stated for.

    what: words for a sentence; short: for a column. metric on a split ("test" where it is taken on that, else its only
    one) and on unshifted data, or `over` shifts: those of a kind, their mean over kinds, or the worst shift of a run.
    Bounds are in percentage points where the unit is a fraction, else in the metric's own unit. label_noise: some of
    the levels of the hypothesis, None for all.
    """

    what: str = Field(min_length=1)
    short: str = Field(min_length=1, max_length=36)
    metric: str
    split: str | None = None
    over: Over = "none"
    label_noise: Levels | None = None
    at_least: float | None = None
    at_most: float | None = None
    within: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None

    @model_validator(mode="after")
    def _one_bound(self):
        given = [name for name in BOUNDS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of {', '.join(BOUNDS)}, not {' and '.join(given) or 'none'}")
        if self.within and self.within[0] >= self.within[1]:
            raise ValueError(f"within must ascend, not be {self.within}")
        return self


class Contrast(Condition):
    """A sum of terms whose weights add up to zero.

    multiple: they do not, since a mean is compared with a multiple of another one, such as three times a share.
    """

    kind: Literal["contrast"]
    terms: list[Term] = Field(min_length=2)
    multiple: bool = False

    @model_validator(mode="after")
    def _balanced(self):
        total = sum(term.weight for term in self.terms)
        if abs(total) > 1e-9 and not self.multiple:
            raise ValueError(f"the weights of its terms must add up to 0, not to {total:g}, unless multiple is true")
        return self


class Each(Condition):
    """A term less another one at each of several budgets: all of these differences keep the bound."""

    kind: Literal["each"]
    term: Term
    against: Term
    evaluations: Numbers = Field(min_length=1)


class Matched(Condition):
    """A term less what another method has where it is equal in the metric `by`, seed by seed.

    The other's runs at several budgets are a curve from `by` to the metric, linear between them. Where a value of `by`
    lies outside by no more than `reach` (points, or the unit of `by`), the end of the curve stands for it; beyond, the
    seed is left out, and where more than half of the seeds are, nothing is judged.
    """

    kind: Literal["matched"]
    term: Term
    against: Term
    evaluations: Numbers = Field(min_length=2)
    by: str
    reach: float = Field(0.0, ge=0)


class Spread(Condition):
    """The largest mean less the smallest one over the values of a hyperparameter in a grid.

    At most: all differences of two values keep the bound. At least: the difference of some two reaches it (Bonferroni).
    """

    kind: Literal["spread"]
    term: Term
    hyperparameter: str
    within: None = None

    @model_validator(mode="after")
    def _open(self):
        return _left_open(self)


class Interior(Section):
    """Some value of a hyperparameter inside a range beats each value outside it, by the points given beside that value.

    All values inside are compared at once (Bonferroni): to choose one on half of the seeds would leave half of them to
    judge it, and a choice by noise would support less or more than there is.
    """

    kind: Literal["interior"]
    what: str = Field(min_length=1)
    short: str = Field(min_length=1, max_length=36)
    metric: str
    split: str | None = None
    over: Over = "none"
    label_noise: Levels | None = None
    term: Term
    hyperparameter: str
    inside: Numbers = Field(min_length=1)
    outside: dict[float, float] = Field(min_length=1)

    @model_validator(mode="after")
    def _open(self):
        return _left_open(self)


def _left_open(condition):
    """A condition on the values of a hyperparameter, where accuracy_cost does not choose one of them."""
    if condition.term.base is not None and condition.term.strength == condition.hyperparameter:
        raise ValueError(f"accuracy_cost chooses one value of {condition.hyperparameter}, where several are compared")
    return condition


class Partial(Condition):
    """The partial rank correlation of the metric with an `outcome`, that of `given` taken out of both.

    Over all runs of the methods in an experiment: every seed and draw of a grid (those with `hyperparameters`), none
    selected. On each data set, whose mean is taken; ranks are within a data set, and the interval is from a bootstrap
    over seeds (`statistics.partial`). `over` is that of the outcome; metric and `given` are on unshifted data. error:
    the outcome is one less the metric of that name. Bounds are correlations. Data sets left out are all of them.
    """

    kind: Literal["partial"]
    experiment: str
    methods: list[str] = Field(min_length=1)
    datasets: list[str] = Field(default_factory=list)
    hyperparameters: dict[str, float] = Field(default_factory=dict)
    outcome: str
    outcome_split: str | None = None
    error: bool = False
    given: str = "accuracy"
    given_split: str | None = None

    @model_validator(mode="after")
    def _correlations(self):
        if out := [each for each in limits(self) if not -1 < each < 1]:
            raise ValueError(f"a bound of a partial correlation lies between -1 and 1, not at {out[0]:g}")
        named = [(self.metric, self.split, "none"), (self.outcome, self.outcome_split, self.over)]
        named += [(self.given, self.given_split, "none")]
        if twice := [name for name, *_ in named if [each for each, *_ in named].count(name) > 1 and len({*named}) < 3]:
            raise ValueError(f"a partial correlation needs three metrics, and {twice[0]} is named twice")
        for names, what in ((self.methods, "method"), (self.datasets, "data set")):
            if again := [name for name in names if names.count(name) > 1]:
                raise ValueError(f"a partial correlation names the {what} {again[0]} twice")
        return self


AnyCondition = Annotated[Contrast | Each | Matched | Spread | Interior | Partial, Field(discriminator="kind")]
KINDS = {"contrast": Contrast, "each": Each, "matched": Matched, "spread": Spread, "interior": Interior}
KINDS |= {"partial": Partial}


def terms(condition) -> list[Term]:
    """The terms of a condition of any kind; of a partial correlation one a method and data set."""
    if condition.kind == "contrast":
        return condition.terms
    if condition.kind == "partial":
        shared = {"experiment": condition.experiment, "hyperparameters": condition.hyperparameters}
        each = product(condition.datasets or [None], condition.methods)
        return [Term(dataset=dataset, method=method, **shared) for dataset, method in each]
    return [condition.term, *([condition.against] if hasattr(condition, "against") else [])]


def limits(condition) -> list[float]:
    """The numbers that a condition of any kind holds its effect against, in the unit that it is printed in."""
    if condition.kind == "interior":
        return list(condition.outside.values())
    ends = [condition.at_least, condition.at_most, *(condition.within or [])]
    return [each for each in ends if each is not None]
