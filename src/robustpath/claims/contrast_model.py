"""Hypotheses on streams as data: contrasts of means over runs that the seed pairs, with their thresholds.

Their files are named in `files`; unknown keys, wrong types and names that there are not are refused.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from robustpath import protocols
from robustpath.claims.model import Claims, Section, read
from robustpath.core.errors import UserError
from robustpath.methods import search

Noise = Annotated[float, Field(ge=0, le=1)]
Over = Literal["none", "natural", "corruption", "generator", "mean", "worst"]
BOUNDS = ("at_least", "at_most", "within")


class Term(Section):
    """The mean over seeds of a metric of a method in an experiment, times `weight`.

    Left out, `dataset` stands for all data sets of the experiment, which are strata; `evaluations` for the mean over
    all of its budgets; `label_noise` for the level at which the hypothesis is judged. Where groups are missing in turn,
    the mean over them is taken. `hyperparameters` names draws of a grid: of those that have these values, as of all
    draws, the one of the best validation accuracy stands for the method,
    seed by seed.
    """

    experiment: str
    method: str
    dataset: str | None = None
    evaluations: float | None = None
    label_noise: Noise | None = None
    hyperparameters: dict[str, float] = Field(default_factory=dict)
    weight: float = 1.0


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
    label_noise: list[Noise] | None = None
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
    evaluations: list[float] = Field(min_length=1)


class Matched(Condition):
    """A term less what another method has where it is equal in the metric `by`, seed by seed.

    The other's runs at several budgets are a curve from `by` to the metric, linear between them. Where a value of `by`
    lies outside by no more than `reach` (points, or the unit of `by`), the end of the curve stands for it; beyond, the
    seed is left out, and where more than half of the seeds are, nothing is judged.
    """

    kind: Literal["matched"]
    term: Term
    against: Term
    evaluations: list[float] = Field(min_length=2)
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
    label_noise: list[Noise] | None = None
    term: Term
    hyperparameter: str
    inside: list[float] = Field(min_length=1)
    outside: dict[float, float] = Field(min_length=1)


AnyCondition = Annotated[Contrast | Each | Matched | Spread | Interior, Field(discriminator="kind")]
KINDS = {"contrast": Contrast, "each": Each, "matched": Matched, "spread": Spread, "interior": Interior}


class Hypothesis(Section):
    """It holds at a label noise where all conditions stated for it do, and as a whole where it holds at all of these.

    source: the hypothesis of the plan that it is, and what was changed. beside: label noises at which the same
    conditions are reported without a part in the verdict. placebos: methods without the ingredient, each with the
    method that it stands in for when the conditions are judged once more.
    """

    id: str = Field(pattern=r"^[MBSC]\d+$")
    statement: str = Field(min_length=1)
    source: str = Field(min_length=1)
    label_noise: list[Noise] = Field(min_length=1)
    beside: list[Noise] = Field(default_factory=list)
    placebos: dict[str, str] = Field(default_factory=dict)
    conditions: list[AnyCondition] = Field(min_length=1)

    @model_validator(mode="after")
    def _stated(self):
        for condition in self.conditions:
            strange = [level for level in condition.label_noise or [] if level not in self.label_noise]
            if strange:
                raise ValueError(f"{self.id} is not stated for the label noise {strange[0]:g} of a condition")
        named = {term.method for condition in self.conditions for term in terms(condition)}
        for control, stands_for in self.placebos.items():
            if stands_for not in named:
                raise ValueError(
                    f"{self.id} replaces {stands_for} by the placebo {control}, and compares no such method"
                )
        for level in [*self.label_noise, *self.beside]:
            if not any(each.label_noise is None or level in each.label_noise for each in self.conditions):
                raise ValueError(f"{self.id} has no condition at the label noise {level:g}")
        if both := set(self.label_noise) & set(self.beside):
            raise ValueError(f"{self.id} has the label noise {min(both):g} twice")
        return self


class Family(Section):
    """The hypotheses on the methods of one family, and the experiments that test them, by name with a few words."""

    letter: Literal["M", "B", "S", "C"]
    experiments: dict[str, Annotated[str, Field(min_length=1)]] = Field(min_length=1)
    claims: list[Hypothesis] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self):
        ids = [claim.id for claim in self.claims]
        if twice := [name for name in ids if ids.count(name) > 1]:
            raise ValueError(f"the hypothesis {twice[0]} is given twice")
        if others := [name for name in ids if name[0] != self.letter]:
            raise ValueError(f"the hypothesis {others[0]} is in the family whose letter is {self.letter}")
        return self


class Contrasts(Section):
    """The whole file: families by name."""

    families: dict[str, Family] = Field(min_length=1)


def load(path: str | Path) -> Contrasts:
    """The hypotheses in a YAML file; UserError names the first wrong key or value, in one sentence."""
    return read(path, Contrasts, _keys)


def load_all(paths: Iterable[str | Path]) -> Contrasts:
    """The hypotheses of several files in one; UserError where two families share a name or a letter."""
    families: dict[str, Family] = {}
    for path in paths:
        for name, family in load(path).families.items():
            for other, own in families.items():
                if name == other or family.letter == own.letter:
                    raise UserError(
                        f"{path}: the family {name} shares its name or the letter {family.letter} with {other} of "
                        "another file; give one of them another"
                    )
            families[name] = family
    return Contrasts(families=families)


def check_apart(claims: Claims, contrasts: Contrasts) -> None:
    """Raise a UserError where families of both files share a name or a letter: one would hide the other."""
    for name, family in contrasts.families.items():
        for other, own in claims.families.items():
            if name == other or family.letter == own.letter:
                raise UserError(
                    f"the families {name} and {other} of the two files of hypotheses share a name or the letter "
                    f"{family.letter}; give one of them another"
                )


class Known(NamedTuple):
    """The names that there are: the family of each method, data sets, and the experiments that a config can have."""

    methods: Mapping[str, str]
    datasets: list[str]
    experiments: list[str]


def check_names(path: str | Path, claims: Contrasts, there: Known) -> None:
    """Raise a UserError for the first name that there is not, with the nearest one.

    The terms name experiments that the file lists, and the file those of the config: a scale need not have them all.
    """
    for title, family in claims.families.items():
        listed = [
            (f"families.{title}.experiments", "experiment", name, there.experiments) for name in family.experiments
        ]
        named = (found for claim in family.claims for found in _names(claim, family, there))
        for where, kind, name, known in chain(listed, named):
            if name not in known:
                near = get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known)) or 'none'}"
                raise UserError(f"{path}: {where} names the unknown {kind} {name}; {hint}")


def _names(claim: Hypothesis, family: Family, there: Known) -> Iterator[tuple]:
    """Where, kind of name, name and the known ones, of every name in a hypothesis."""
    metrics = protocols.metrics()
    for name in claim.placebos:
        yield claim.id, "method", name, list(there.methods)
    for condition in claim.conditions:
        where = f"{claim.id}, {condition.short},"
        for metric in (condition.metric, getattr(condition, "by", condition.metric)):
            yield where, "metric", metric, list(metrics)
        if condition.split:
            yield where, f"split of {condition.metric}", condition.split, list(metrics[condition.metric].splits)
        for term in terms(condition):
            yield where, "experiment", term.experiment, list(family.experiments)
            yield where, "method", term.method, list(there.methods)
            if term.dataset:
                yield where, "data set", term.dataset, there.datasets
            space = search.hyperparameters(there.methods[term.method], term.method)
            named = [
                *term.hyperparameters,
                *([condition.hyperparameter] if hasattr(condition, "hyperparameter") else []),
            ]
            for name in named if space is not None else []:
                yield where, f"hyperparameter of {term.method}", name, sorted(space)


def terms(condition) -> list[Term]:
    """The terms of a condition of any kind."""
    if condition.kind == "contrast":
        return condition.terms
    return [condition.term, *([condition.against] if hasattr(condition, "against") else [])]


def experiments(claim: Hypothesis) -> list[str]:
    """The experiments that a hypothesis rests on, in the order of its terms."""
    return list(dict.fromkeys(term.experiment for condition in claim.conditions for term in terms(condition)))


def _keys(section: dict) -> list[str]:
    """The keys that a section may have, told by those it has."""
    plain = Hypothesis if "statement" in section else Family if "letter" in section else Term
    model = Contrasts if "families" in section else KINDS.get(section.get("kind"), plain)
    return list(model.model_fields)
