"""The experiments that hypotheses name, and the label noise at which they are judged, against those of the config.

A scale need not have them: what it lacks is not judged there. So all scales of the config count.
"""

from collections.abc import Iterator, Mapping

from robustpath import protocols
from robustpath.claims.contrast_kinds import terms
from robustpath.claims.contrast_model import Contrasts
from robustpath.claims.model import Claims, Family
from robustpath.config.errors import hint, plainly
from robustpath.core.errors import UserError
from robustpath.protocols.section import Experiment
from robustpath.study import Config

Named = tuple[str, str, float]  # hypothesis, experiment, label noise


def everywhere(config: Config) -> dict[str, list[Experiment]]:
    """The experiments by name, of all scales together."""
    found: dict[str, list[Experiment]] = {}
    for scale in config.scales.values():
        for name, experiment in (dict(scale.experiments) | scale.further).items():
            found.setdefault(name, []).append(experiment)
    return found


def check(path: str, claims: Claims, config: Config) -> None:
    """Raise a UserError for the first experiment of a family that there is not, or that cannot serve it."""
    there = everywhere(config)
    for title, family in claims.families.items():
        place = f"{path}: families.{title}"
        _check_name(f"{place}.experiment", family.experiment, there)
        _check_name(f"{place}.curve", family.curve, there)
        variants = {name for claim in family.claims for name in claim.variants}
        trained = {name for each in _independent(there[family.experiment]) for name in each.chosen(config.methods)}
        if not variants & trained:
            raise UserError(
                f"{place}.experiment = {family.experiment} trains none of the variants; name the experiment that does"
            )
        if not any(each.grid for each in _independent(there[family.curve])):
            known = [name for name, each in there.items() if any(other.grid for other in _independent(each))]
            raise UserError(
                f"{place}.curve = {family.curve} has no runs of several lengths, since it has no grid; there are "
                f"{', '.join(known)}"
            )
        _check_levels(path, _levels(family), there)


def check_contrasts(path: str, contrasts: Contrasts, config: Config) -> None:
    """Raise a UserError for the first label noise that no scale has in the experiment of a term, while it has another
    one that no hypothesis is judged at."""
    _check_levels(path, _levels_of_terms(contrasts), everywhere(config))


def _independent(experiments: list[Experiment]) -> list[Experiment]:
    """Those of the protocol whose records the hypotheses on variants are judged on."""
    return [each for each in experiments if each.protocol == protocols.DEFAULT]


def _check_name(place: str, name: str, there: Mapping) -> None:
    if name not in there:
        raise UserError(f"{place} names the unknown experiment {plainly(name)}; {hint(name, there)}")


def _levels(family: Family) -> Iterator[Named]:
    for claim in family.claims:
        for level in claim.label_noise:
            yield claim.id, family.experiment, level


def _levels_of_terms(contrasts: Contrasts) -> Iterator[Named]:
    for family in contrasts.families.values():
        for claim in family.claims:
            for condition in claim.conditions:
                judged = condition.label_noise or claim.label_noise
                for term in terms(condition):
                    for level in judged if term.label_noise is None else [term.label_noise]:
                        yield claim.id, term.experiment, level


def _check_levels(path: str, named: Iterator[Named], there: Mapping[str, list[Experiment]]) -> None:
    """A level that is left out of a config is not judged; one that stands in the place of another is a mistake."""
    judged = list(named)
    for claim, experiment, level in judged:
        held = {each for one in there.get(experiment, []) for each in getattr(one, "label_noise", [])}
        spare = held - {each for _, other, each in judged if other == experiment}
        if spare and level not in held:
            raise UserError(
                f"{path}: {claim} is judged at the label noise {level:g}, which {experiment} has at no scale of the "
                f"config; there are {', '.join(f'{each:g}' for each in sorted(held))}"
            )
