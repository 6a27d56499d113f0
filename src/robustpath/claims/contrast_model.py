"""Hypotheses on batches, on shortcuts and on several families together, as data: contrasts of means over runs that the
seed pairs, with their thresholds.

Their three files are named in `files`; unknown keys, wrong types and names that there are not are refused.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from robustpath import protocols
from robustpath.claims.contrast_kinds import KINDS, AnyCondition, Levels, Term, limits, terms
from robustpath.claims.model import Claims
from robustpath.config import document
from robustpath.config.document import Distinct, Section
from robustpath.config.errors import hint, plainly
from robustpath.core.errors import UserError
from robustpath.methods import search


class Hypothesis(Section):
    """It holds at a label noise where all conditions stated for it do, and as a whole where it holds at all of these.

    source: the hypothesis of the plan that it is, and what was changed. beside: label noises at which the same
    conditions are reported without a part in the verdict. placebos: methods without the ingredient, each with the
    method that it stands in for when the conditions are judged once more; metric_placebos: metrics for which it should
    not hold, each with the metric of a condition that it stands in for.
    """

    id: str = Field(pattern=r"^[MBSC]\d+$")
    statement: str = Field(min_length=1)
    source: str = Field(min_length=1)
    label_noise: Levels = Field(min_length=1)
    beside: Levels = Field(default_factory=list)
    placebos: dict[str, str] = Field(default_factory=dict)
    metric_placebos: dict[str, str] = Field(default_factory=dict)
    conditions: Annotated[list[AnyCondition], Distinct] = Field(min_length=1)

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
        measured = {condition.metric for condition in self.conditions}
        for control, stands_for in self.metric_placebos.items():
            if stands_for not in measured or control in self.placebos:
                fault = "has a method of that name" if control in self.placebos else "measures no such metric"
                raise ValueError(f"{self.id} replaces {stands_for} by the metric placebo {control}, and {fault}")
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
    return document.load(Path(path), Contrasts, _keys, f"paper/{Path(path).name}")


def load_all(paths: Iterable[str | Path]) -> Contrasts:
    """The hypotheses of several files in one; UserError where two families share a name or a letter."""
    return joined((path, load(path)) for path in paths)


def joined(parts: Iterable[tuple[str | Path, Contrasts]]) -> Contrasts:
    """The same of files that were read: their paths, and what they hold."""
    families: dict[str, Family] = {}
    for path, part in parts:
        for name, family in part.families.items():
            for other, own in families.items():
                if name == other or family.letter == own.letter:
                    raise UserError(
                        f"{path}: the family {name} shares its name or the letter {family.letter} with {other} of "
                        "another file; give one of them another"
                    )
            families[name] = family
    return Contrasts(families=families)


def check_apart(claims: Claims, contrasts: Contrasts) -> None:
    """Raise a UserError where a family of paper/claims.yaml shares its name or letter with one of the other files: one
    would hide the other."""
    for name, family in contrasts.families.items():
        for other, own in claims.families.items():
            if name == other or family.letter == own.letter:
                raise UserError(
                    f"the families {name} and {other} of the files of hypotheses share a name or the letter "
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
                said = f"{path}: {where} names the unknown {kind} {plainly(name)}"
                raise UserError(f"{said}; {hint(name, sorted(known))}")
        for claim in family.claims:
            for fault in _units(claim):
                raise UserError(f"{path}: {fault}")


def _names(claim: Hypothesis, family: Family, there: Known) -> Iterator[tuple]:
    """Where, kind of name, name and the known ones, of every name in a hypothesis."""
    for name in claim.placebos:
        yield claim.id, "method", name, list(there.methods)
    for name in claim.metric_placebos:
        yield claim.id, "metric", name, list(protocols.metrics())
    for condition in claim.conditions:
        where = f"{claim.id}, {condition.short},"
        yield from _metrics(where, condition)
        for term in terms(condition):
            yield where, "experiment", term.experiment, list(family.experiments)
            yield where, "method", term.method, list(there.methods)
            if term.dataset:
                yield where, "data set", term.dataset, there.datasets
            named = [*term.hyperparameters]
            named += [condition.hyperparameter] if hasattr(condition, "hyperparameter") else []
            if term.base:
                named += [term.strength]
                yield where, "experiment", term.base.experiment or term.experiment, list(family.experiments)
                yield where, "method", term.base.method, list(there.methods)
                yield from _hyperparameters(where, term.base.method, term.base.hyperparameters, there)
            yield from _hyperparameters(where, term.method, named, there)


def _metrics(where: str, condition) -> Iterator[tuple]:
    """The metrics of a condition and the splits on which it takes them."""
    metrics = protocols.metrics()
    for key in ("metric", "by", "outcome", "given"):
        if (name := getattr(condition, key, None)) is None:
            continue
        yield where, "metric", name, list(metrics)
        split = getattr(condition, "split" if key == "metric" else f"{key}_split", None)
        if split:
            yield where, f"split of {name}", split, list(metrics[name].splits)


def _units(claim: Hypothesis) -> Iterator[str]:
    """What is asked of a metric whose unit does not allow it, each fault a sentence."""
    units = {name: metric.unit for name, metric in protocols.metrics().items()}
    for condition in claim.conditions:
        if condition.kind == "partial" and condition.error and units[condition.outcome] != "fraction":
            yield (
                f"{claim.id}, {condition.short}, takes the error of {condition.outcome}, which is no fraction; take "
                "error out"
            )
        bounds = limits(condition)
        for control, stands_for in claim.metric_placebos.items():
            if condition.kind == "partial" or condition.metric != stands_for or not any(bounds):
                continue
            if units[control] != units[stands_for]:
                yield (
                    f"{claim.id}, {condition.short}, has a bound in the unit of {stands_for}, which its metric placebo "
                    f"{control} does not have; take one of the same unit"
                )


def _hyperparameters(where: str, method: str, named: Iterable[str], there: Known) -> Iterator[tuple]:
    space = search.hyperparameters(there.methods[method], method)
    for name in named if space is not None else []:
        yield where, f"hyperparameter of {method}", name, sorted(space)


def experiments(claim: Hypothesis) -> list[str]:
    """The experiments that a hypothesis rests on, in the order of its terms."""
    named = [term for condition in claim.conditions for term in terms(condition)]
    bases = [term.base.experiment for term in named if term.base and term.base.experiment]
    return list(dict.fromkeys([*(term.experiment for term in named), *bases]))


def _keys(section: dict) -> list[str]:
    """The keys that a section may have, by those it has."""
    plain = Hypothesis if "statement" in section else Family if "letter" in section else Term
    model = Contrasts if "families" in section else KINDS.get(section.get("kind"), plain)
    return list(model.model_fields)
