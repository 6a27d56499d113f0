"""paper/claims.yaml as data: the hypotheses, their conditions and thresholds; unknown keys and wrong types refused."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from robustpath import protocols
from robustpath.config.errors import ABSENT, dotted, nearest, show, value_at
from robustpath.core.errors import UserError

TestSet = Literal["none", "natural", "corruption", "ood"]
Side = Literal["above", "below"]
Measure = Literal[tuple(protocols.measures())]
BEST_CONTROL = "best_control"


class Section(BaseModel):
    """A mapping of the file: unknown keys are refused, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class LevelError(Section):
    """Median over runs of the walk's level error lies below the file's tolerance."""

    kind: Literal["level_error"]


class Ratio(Section):
    """Mean of a measure over another method's mean of `against_measure` (the same when left out); threshold a ratio."""

    kind: Literal["ratio"]
    measure: Measure
    against: str
    against_measure: Measure | None = None
    threshold: float = Field(gt=0)
    side: Side


class MatchedRatio(Section):
    """Geometric mean of a measure over SGD's at the same training loss; threshold a ratio."""

    kind: Literal["matched_ratio"]
    measure: Literal["lambda_max", "trace", "sam_sharpness", "asam_sharpness", "noise_sharpness"]
    threshold: float = Field(gt=0)
    side: Side


class Difference(Section):
    """Accuracy minus that of `against`, a method or best_control; threshold in percentage points."""

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
    """Accuracy under shift above the line fitted on the baselines; threshold in percentage points."""

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
    """Partial Spearman correlation of the gain over the reference with a measure, another one held fixed."""

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


class Claim(Section):
    """One hypothesis: all conditions must hold, judged for each variant (or all `together`) at each label noise."""

    id: str = Field(pattern=r"^H\d+$")
    statement: str = Field(min_length=1)
    sentences: dict[Literal["supported", "refuted", "undecided", "void"], Annotated[str, Field(min_length=1)]]
    variants: list[str] = Field(min_length=1)
    together: bool = False
    label_noise: list[Annotated[float, Field(ge=0, le=1)]] = Field(min_length=1)
    conditions: list[Condition] = Field(min_length=1)

    @model_validator(mode="after")
    def _every_verdict(self):
        lacking = [name for name in ("supported", "refuted", "undecided", "void") if name not in self.sentences]
        if lacking:
            raise ValueError(
                f"there is no sentence for the verdict {lacking[0]} of {self.id}; write one under sentences"
            )
        return self


class Bootstrap(Section):
    """The BCa bootstrap: how many resamples, and from how many seeds on."""

    resamples: int = Field(ge=99, le=1_000_000)
    fewest_seeds: int = Field(ge=2)


class Calibration(Section):
    """Simulated claims: their planted `effects` (percentage points); config.yaml says how many there are."""

    resamples: int = Field(ge=99, le=1_000_000)
    effects: list[Annotated[float, Field(gt=0, le=100)]] = Field(min_length=1)


class Claims(Section):
    """The whole of paper/claims.yaml."""

    experiment: str
    curve: str
    tolerance: float = Field(gt=0, le=1)
    bootstrap: Bootstrap
    calibration: Calibration
    corrected: list[str]
    controls: list[str] = Field(min_length=1)
    baselines: list[str] = Field(min_length=3)
    short_names: dict[str, str]
    claims: list[Claim] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self):
        ids = [claim.id for claim in self.claims]
        twice = [name for name in ids if ids.count(name) > 1]
        unknown = [name for name in self.corrected if name not in ids]
        if twice:
            raise ValueError(f"the hypothesis {twice[0]} is given twice")
        if unknown:
            raise ValueError(f"corrected names {unknown[0]}, which is no hypothesis; there are {', '.join(ids)}")
        return self


def load(path: str | Path) -> Claims:
    """The claims in a YAML file; UserError names the first wrong key or value, in one sentence."""
    path = Path(path)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run from the folder that holds paper/claims.yaml") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: is not valid YAML ({' '.join(str(error).split())})") from None
    try:
        return Claims.model_validate(raw)
    except ValidationError as error:
        raise UserError(f"{path}: {_sentence(error.errors(include_url=False), raw)}") from None


def check_names(claims: Claims, known: Iterable[str]) -> None:
    """Raise a UserError for a method that is not `known`: a misspelt one would never be judged."""
    there = {*known, BEST_CONTROL}
    for where, name in _named(claims):
        if name not in there:
            near = get_close_matches(name, there, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(there))}"
            raise UserError(f"paper/claims.yaml: {where} names the unknown method {name}; {hint}")


def _named(claims: Claims) -> list[tuple[str, str]]:
    listed = {"controls": claims.controls, "baselines": claims.baselines, "short_names": list(claims.short_names)}
    found = [(where, name) for where, names in listed.items() for name in names]
    for claim in claims.claims:
        found += [(claim.id, name) for name in claim.variants]
        parts = [part for condition in claim.conditions for part in getattr(condition, "conditions", [condition])]
        found += [(claim.id, part.against) for part in parts if hasattr(part, "against")]
    return found


def _sentence(errors: list[dict], raw) -> str:
    """The first mistake, unknown keys before all others, since a misspelt key also leaves its right name missing."""
    error = min(errors, key=lambda error: error["type"] != "extra_forbidden")
    place = _place(error["loc"], raw)
    name = dotted(place) or "the whole file"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    if error["type"] == "extra_forbidden":
        missing = [other["loc"][-1] for other in errors if other["type"] == "missing"]
        meant = nearest(place[-1], [*missing, *_keys(value_at(raw, place[:-1]))])
        hint = "take it out" if meant is ABSENT else f"did you mean {meant}?"
        return f"{name} is not a known key; {hint}{more}"
    if error["type"] == "missing":
        return f"{dotted((*place, error['loc'][-1]))} is missing{more}"
    said = error["msg"].removeprefix("Value error, ")
    value = value_at(raw, place)
    shown = f" = {show(value)}" if place and value is not ABSENT else ""
    return f"{name}{shown}: {said[0].lower() + said[1:]}{more}"


def _place(location: tuple, raw) -> tuple:
    """pydantic's address less the names of the kinds, which are no keys of the file."""
    place: tuple = ()
    for part in location:
        if value_at(raw, (*place, part)) is not ABSENT:
            place = (*place, part)
    return place


def _keys(section) -> list[str]:
    """The keys that a section may have, told by those it has."""
    if not isinstance(section, dict):
        return []
    models = {model.model_fields["kind"].annotation.__args__[0]: model for model in _KINDS}
    model = models.get(section.get("kind"), Claim if "statement" in section else Claims)
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
