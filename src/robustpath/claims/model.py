"""paper/claims.yaml as data: families of hypotheses, their conditions and thresholds; unknown keys and wrong types are
refused."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from robustpath import protocols
from robustpath.config.errors import ABSENT, dotted, nearest, show, value_at
from robustpath.config.yaml import plain
from robustpath.core.errors import UserError

TestSet = Literal["none", "natural", "corruption", "ood"]
Side = Literal["above", "below"]
Read = TypeVar("Read")
Measure = Literal[tuple(protocols.measures())]
BEST_CONTROL = "best_control"


class Section(BaseModel):
    """A mapping of the file: unknown keys are refused, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LevelError(Section):
    """Median over runs of the walk's level error lies below the file's tolerance."""

    kind: Literal["level_error"]


class Ratio(Section):
    """A measure over `against_measure` (the same when left out) of another method: within a data set the ratio of means
    over seeds, over data sets their geometric mean; threshold a ratio.

    It is judged only where the t interval of each of the means, on each data set, keeps within half of that mean:
    Fieller's g is then at most 1/4, below which his interval and that of the delta method agree closely. Beyond, the
    condition is undecided."""

    kind: Literal["ratio"]
    measure: Measure
    against: str
    against_measure: Measure | None = None
    threshold: float = Field(gt=0)
    side: Side


class MatchedRatio(Section):
    """A measure over SGD's at the same training loss, summed up and limited as in Ratio; threshold a ratio."""

    kind: Literal["matched_ratio"]
    measure: Literal["lambda_max", "trace", "sam_sharpness", "asam_sharpness", "noise_sharpness"]
    threshold: float = Field(gt=0)
    side: Side


class Difference(Section):
    """Accuracy minus that of `against`, threshold in percentage points. Against best_control it is a conjunction over
    all controls of the family but itself: every one must be beaten, and one that is not refutes it."""

    kind: Literal["difference"]
    test_set: TestSet
    against: str
    threshold: float
    side: Side = "above"


class MatchedDifference(Section):
    """Accuracy minus SGD's at the same training loss; threshold in percentage points."""

    kind: Literal["matched_difference"]
    test_set: TestSet
    threshold: float
    side: Side = "above"


class EffectiveRobustness(Section):
    """Accuracy under shift above the line fitted on the baselines, and above that of all baselines but any one;
    threshold in percentage points."""

    kind: Literal["effective_robustness"]
    threshold: float
    side: Side = "above"


class Inequivalence(Section):
    """Accuracy differs from that of `against` by more than the margin, in percentage points, on either side."""

    kind: Literal["inequivalence"]
    test_set: TestSet
    against: str
    margin: float = Field(gt=0)


class PartialCorrelation(Section):
    """Partial Spearman correlation of the gain over the reference with a measure, another one held fixed, over variants
    and data sets."""

    kind: Literal["partial_correlation"]
    test_set: TestSet
    measure: Measure
    given: Measure
    threshold: float = Field(ge=-1, le=1)
    side: Side = "above"


Single = Annotated[
    LevelError
    | Ratio
    | MatchedRatio
    | Difference
    | MatchedDifference
    | EffectiveRobustness
    | Inequivalence
    | PartialCorrelation,
    Field(discriminator="kind"),
]


class AnyOf(Section):
    """Holds where one of its conditions holds; fails where all fail."""

    kind: Literal["any_of"]
    conditions: list[Single] = Field(min_length=1)


Condition = Annotated[
    LevelError
    | Ratio
    | MatchedRatio
    | Difference
    | MatchedDifference
    | EffectiveRobustness
    | Inequivalence
    | PartialCorrelation
    | AnyOf,
    Field(discriminator="kind"),
]


class Earlier(Section):
    """The verdict of a rule that held before, from what was published then."""

    verdict: Literal["supported", "refuted", "undecided", "void"]
    rule: str = Field(min_length=1)


class Claim(Section):
    """One hypothesis: all conditions must hold, judged for each variant (or all `together`) at each label noise.

    `subject`: what a variant is in a sentence. `exempt`: placebos that meet its conditions by construction, with the
    reason of each.
    """

    id: str = Field(pattern=r"^[MBSC]\d+$")
    statement: str = Field(min_length=1)
    subject: str = Field(min_length=1)
    earlier: Earlier | None = None
    variants: list[str] = Field(min_length=1)
    together: bool = False
    label_noise: list[Annotated[float, Field(ge=0, le=1)]] = Field(min_length=1)
    exempt: dict[str, Annotated[str, Field(min_length=1)]] = {}
    conditions: list[Condition] = Field(min_length=1)


class Calibration(Section):
    """Simulated claims: their planted `effects` (percentage points); config.yaml says how many there are."""

    effects: list[Annotated[float, Field(gt=0, le=100)]] = Field(min_length=1)


class Family(Section):
    """The hypotheses on the methods of one family, which one experiment tests.

    `placebos` are put through the conditions as if they were variants: what they pass too is not specific.
    """

    letter: Literal["M", "B", "S", "C"]
    experiment: str
    curve: str
    tolerance: float = Field(gt=0, le=1)
    calibration: Calibration
    corrected: list[str]
    controls: list[str] = Field(min_length=1)
    placebos: list[str] = []
    baselines: list[str] = Field(min_length=3)
    short_names: dict[str, str]
    claims: list[Claim] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self):
        ids = [claim.id for claim in self.claims]
        twice = [name for name in ids if ids.count(name) > 1]
        others = [name for name in ids if name[0] != self.letter]
        unknown = [name for name in self.corrected if name not in ids]
        if twice:
            raise ValueError(f"the hypothesis {twice[0]} is given twice")
        if others:
            raise ValueError(f"the hypothesis {others[0]} is in the family whose letter is {self.letter}")
        if unknown:
            raise ValueError(f"corrected names {unknown[0]}, which is no hypothesis; there are {', '.join(ids)}")
        for claim in self.claims:
            strangers = [name for name in claim.exempt if name not in self.placebos]
            if strangers:
                raise ValueError(f"{claim.id} exempts {strangers[0]}, which is none of the placebos")
        return self


class Claims(Section):
    """The whole of paper/claims.yaml: families by name."""

    families: dict[str, Family] = Field(min_length=1)

    @model_validator(mode="after")
    def _letters(self):
        letters = [family.letter for family in self.families.values()]
        twice = [letter for letter in letters if letters.count(letter) > 1]
        if twice:
            raise ValueError(f"two families have the letter {twice[0]}")
        return self


def load(path: str | Path) -> Claims:
    """The claims in a YAML file; UserError names the first wrong key or value, in one sentence."""
    return read(path, Claims, _keys)


def read(path: str | Path, whole: type[Read], keys: Callable[[dict], list[str]]) -> Read:
    """A YAML file as the section `whole`; keys(section) are those that a section of the file may have.

    UserError names the first wrong key or value, in one sentence.
    """
    path = Path(path)
    try:
        raw = plain(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run from the folder that holds paper/{path.name}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: is not valid YAML ({' '.join(str(error).split())})") from None
    try:
        return whole.model_validate(raw)
    except ValidationError as error:
        raise UserError(f"{path}: {_sentence(error.errors(include_url=False), raw, keys)}") from None


def check_names(claims: Claims, known: Iterable[str]) -> None:
    """Raise a UserError for a method that is not `known`: a misspelt one would never be judged."""
    there = {*known, BEST_CONTROL}
    for family in claims.families.values():
        for where, name in _named(family):
            if name not in there:
                near = get_close_matches(name, there, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(there))}"
                raise UserError(f"paper/claims.yaml: {where} names the unknown method {name}; {hint}")


def parts(claim: Claim) -> list:
    """The conditions of a claim, those of an any_of one by one."""
    return [part for condition in claim.conditions for part in getattr(condition, "conditions", [condition])]


def _named(family: Family) -> list[tuple[str, str]]:
    listed = {"controls": family.controls, "placebos": family.placebos, "baselines": family.baselines}
    listed["short_names"] = list(family.short_names)
    found = [(where, name) for where, names in listed.items() for name in names]
    for claim in family.claims:
        found += [(claim.id, name) for name in claim.variants]
        found += [(claim.id, part.against) for part in parts(claim) if hasattr(part, "against")]
    return found


def _sentence(errors: list[dict], raw, keys: Callable) -> str:
    """The first mistake, unknown keys before all others, since a misspelt key also leaves its right name missing."""
    error = min(errors, key=lambda error: error["type"] != "extra_forbidden")
    place = _place(error["loc"], raw)
    name = dotted(place) or "the whole file"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    if error["type"] == "extra_forbidden":
        missing = [other["loc"][-1] for other in errors if other["type"] == "missing"]
        meant = nearest(place[-1], [*missing, *_keys_at(keys, value_at(raw, place[:-1]))])
        hint = "take it out" if meant is ABSENT else f"did you mean {meant}?"
        return f"{name} is not a known key; {hint}{more}"
    if error["type"] == "missing":
        return f"{dotted((*place, error['loc'][-1]))} is missing{more}"
    said = error["msg"].removeprefix("Value error, ")
    value = value_at(raw, place)
    shown = f" = {show(value)}" if place and value is not ABSENT and not isinstance(value, dict) else ""
    said = said if said[1:2].isdigit() else said[0].lower() + said[1:]  # a hypothesis keeps its letter
    return f"{name}{shown}: {said}{more}"


def _place(location: tuple, raw) -> tuple:
    """pydantic's address less the names of the kinds, which are no keys of the file."""
    place: tuple = ()
    for part in location:
        if value_at(raw, (*place, part)) is not ABSENT:
            place = (*place, part)
    return place


def _keys_at(keys: Callable, section) -> list[str]:
    return keys(section) if isinstance(section, dict) else []


def _keys(section: dict) -> list[str]:
    """The keys that a section may have, told by those it has."""
    models = {model.model_fields["kind"].annotation.__args__[0]: model for model in _KINDS}
    plain = Claim if "statement" in section else Family if "letter" in section else Claims
    model = models.get(section.get("kind"), plain)
    return list(model.model_fields)


_KINDS = [
    LevelError,
    Ratio,
    MatchedRatio,
    Difference,
    MatchedDifference,
    EffectiveRobustness,
    Inequivalence,
    PartialCorrelation,
    AnyOf,
]
