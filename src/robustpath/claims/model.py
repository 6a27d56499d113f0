"""paper/claims.yaml as data: families of hypotheses, their conditions and thresholds; unknown keys and wrong types are
refused."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from robustpath import protocols
from robustpath.config import document
from robustpath.config.document import Distinct, Names, Section
from robustpath.config.errors import hint, plainly
from robustpath.core.errors import UserError

TestSet = Literal["none", "natural", "corruption", "ood"]
Side = Literal["above", "below"]
Measure = Literal[tuple(protocols.measures())]
Points = Annotated[float, Field(ge=-100, le=100)]  # differences of accuracies
Multiple = Annotated[float, Field(gt=0, le=1_000_000)]
BEST_CONTROL = "best_control"


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
    threshold: Multiple
    side: Side


class MatchedRatio(Section):
    """A measure over SGD's at the same training loss, summed up and limited as in Ratio; threshold a ratio."""

    kind: Literal["matched_ratio"]
    measure: Literal["lambda_max", "trace", "sam_sharpness", "asam_sharpness", "noise_sharpness"]
    threshold: Multiple
    side: Side


class Difference(Section):
    """Accuracy minus that of `against`, threshold in percentage points. Against best_control it is a conjunction over
    all controls of the family but itself: every one must be beaten, and one that is not refutes it."""

    kind: Literal["difference"]
    test_set: TestSet
    against: str
    threshold: Points
    side: Side = "above"


class MatchedDifference(Section):
    """Accuracy minus SGD's at the same training loss; threshold in percentage points."""

    kind: Literal["matched_difference"]
    test_set: TestSet
    threshold: Points
    side: Side = "above"


class EffectiveRobustness(Section):
    """Accuracy under shift above the line fitted on the baselines, and above that of all baselines but any one;
    threshold in percentage points."""

    kind: Literal["effective_robustness"]
    threshold: Points
    side: Side = "above"


class Inequivalence(Section):
    """Accuracy differs from that of `against` by more than the margin, in percentage points, on either side."""

    kind: Literal["inequivalence"]
    test_set: TestSet
    against: str
    margin: float = Field(gt=0, le=100)


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
    conditions: Annotated[list[Single], Distinct] = Field(min_length=1)


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
    variants: Names = Field(min_length=1)
    together: bool = False
    label_noise: Annotated[list[Annotated[float, Field(ge=0, le=1)]], Distinct] = Field(min_length=1)
    exempt: dict[str, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict)
    conditions: Annotated[list[Condition], Distinct] = Field(min_length=1)


class Calibration(Section):
    """Simulated claims: their planted `effects` (percentage points); config.yaml says how many there are."""

    effects: Annotated[list[Annotated[float, Field(gt=0, le=100)]], Distinct] = Field(min_length=1)


class Family(Section):
    """The hypotheses on the methods of one family, which one experiment tests.

    `placebos` are put through the conditions as if they were variants: what they pass too is not specific.
    """

    letter: Literal["M", "B", "S", "C"]
    experiment: str
    curve: str
    tolerance: float = Field(gt=0, le=1)
    calibration: Calibration
    corrected: Names
    controls: Names = Field(min_length=1)
    placebos: Names = Field(default_factory=list)
    baselines: Names = Field(min_length=3)
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
    return document.load(Path(path), Claims, _keys, f"paper/{Path(path).name}")


def check_names(claims: Claims, known: Iterable[str]) -> None:
    """Raise a UserError for a method that is not `known`: a misspelt one would never be judged."""
    there = {*known, BEST_CONTROL}
    for family in claims.families.values():
        for where, name in _named(family):
            if name not in there:
                said = f"paper/claims.yaml: {where} names the unknown method {plainly(name)}"
                raise UserError(f"{said}; {hint(name, sorted(there))}")


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


def _keys(section: dict) -> list[str]:
    """The keys that a section may have, by those it has."""
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
