"""Random configs that are accepted: the shipped scale smoke with valid edits, the same for a seed on every day."""

import copy
from pathlib import Path
from random import Random

import quick_yaml

from robustpath import methods, models, study
from robustpath.config.errors import ConfigError
from robustpath.methods import roles, search
from robustpath.protocols.stream.kinds import KINDS

SHIPPED = quick_yaml.loaded((Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8"))
TRIES = 40  # edits that are tried, of which those are kept that leave the config valid
CALIBRATION = {"claims": 2, "claims_with_effect": 2, "families": 1}  # has tests of its own, and costs
METHODS = (
    "sgd", "adamw", "radam", "swa", "sam", "contour_warmup", "persistent_warmup", "flat_warmup", "contour_cooldown",
    "isotropic_warmup", "fresh_start", "high_rate_warmup", "short_descent", "reordered_sgd",
)  # fmt: skip
NOISES = [[0.0], [0.2], [0.0, 0.2], [0.0, 0.3], [0.1, 0.4], [0.0, 0.1, 0.5], [1.0], [0.0, 1.0]]
SIZES = [[10], [50], [100], [320], [50, 150], [20, 40, 300], [100, 200]]
VARIED = [[], ["split"], ["order"], ["initialisation"], ["split", "order"], ["split", "initialisation", "order"]]
SETS = ("optdigits", "mnist1d", "mnist5k", "fashion_mnist", "typeface_digits", "gauss_groups", "dominoes",
        "coloured_mnist1d", "digit_domains", "sentiment_kinds", "typefaces", "gauss_interaction_100")  # fmt: skip
VALUES = {  # of keys of any experiment that has them
    "seeds": [2, 3, 4], "draws": [1, 2, 3, 5], "budget": [1, 2, 5, 20, 200], "train_sizes": SIZES,
    "label_noise": NOISES, "vary": VARIED, "points": [0, 2, 3, 4, 9], "measured": [True, False],
    "held_out": [0.0, 0.1, 0.5, 0.9], "correlation": [None, 0.5, 0.75, 0.9, 0.97], "stream": list(KINDS),
    "tasks": [1, 2, 3, 5], "examples": [10, 20, 50], "memory": [1, 5, 20], "evaluations": [[1], [6], [0.1, 6], [2, 12]],
    "shifted": [True, False], "ways": [2, 3, 5], "shots": [[1], [5], [1, 2, 5]], "queries": [1, 5],
    "test_episodes": [1, 10], "validation_episodes": [1, 5], "rounds": [1, 2, 3], "acquired": [1, 4, 8],
    "pool": [20, 100, 200], "seed_labels": [2, 16], "missing": [[0], [1, 2], [0, 1, 2, 3], [-1]],
    "task": ["hole", "generic"], "first_minorities": [0, 1], "settings": [1, 2, 3, 12],
    "design": ["sweep", "subsets", "changes"], "train_size": [200, 400, 1600], "sae_width": [1, 2],
    "sae_level": [1, 8],
}  # fmt: skip
OF_SCALE = {
    "severities": [[1], [5], [1, 3, 5], [1, 2, 3, 4, 5]], "hidden": [[2], [8], [64, 64], [16, 8, 8]],
    "batch_size": [1, 32, 64], "test_size": [20, 40, 200], "validation_size": [10, 20, 100], "image_size": [8, 10],
}  # fmt: skip


def drawn(seed: int, changes: int = 12) -> dict:
    """A config whose scale smoke has so many accepted edits, as a file would hold it. Of one seed in four, some may be
    of what all experiments share, after which everything is made again."""
    random, raw = Random(seed), copy.deepcopy(SHIPPED)
    raw["scale"], raw["scales"] = "smoke", {"smoke": raw["scales"]["smoke"]}
    raw["scales"]["smoke"]["calibration"] = CALIBRATION
    raw["scales"]["smoke"]["severities"], raw["methods"] = [1], [*METHODS]  # fewer rows
    kept = 0
    for _ in range(TRIES):
        trial = copy.deepcopy(raw)
        _edit(random, trial, shared=seed % 4 == 0)
        if trial == raw or not accepted(trial):
            continue
        raw, kept = trial, kept + 1
        if kept == changes:
            break
    return raw


def accepted(raw: dict) -> bool:
    """Whether the config's own checks let it pass."""
    try:
        study.validate(copy.deepcopy(raw))
    except ConfigError:
        return False
    return True


def _edit(random: Random, raw: dict, shared: bool) -> None:
    """One edit, valid or not."""
    scale = raw["scales"]["smoke"]
    kind = random.choices(["experiment", "scale", "reference", "whole", "further", "theory", "several"],
                          [60, 3 * shared, 3 * shared, 3 * shared, 2, 3, 10])[0]  # fmt: skip
    {
        "experiment": lambda: _experiment(random, raw, random.choice(list(scale["experiments"]))),
        "scale": lambda: _put(random, scale, random.choice(list(OF_SCALE)), OF_SCALE),
        "reference": lambda: _reference(random, raw),
        "whole": lambda: _whole(random, raw),
        "further": lambda: _further(random, scale),
        "theory": lambda: _theory(random, scale["theory"]),
        "several": lambda: _several(random, scale["experiments"]),
    }[kind]()


def _put(random: Random, place: dict, key: str, values: dict) -> None:
    value = random.choice(values[key] or [None])
    if value is None:
        place.pop(key, None)
    else:
        place[key] = copy.deepcopy(value)


def _experiment(random: Random, raw: dict, name: str) -> None:
    own = raw["scales"]["smoke"]["experiments"][name]
    kind = random.choice(["methods", "methods", "datasets", "grid", "parent", "model", "key", "key", "key", "key"])
    if kind == "methods":
        _methods(random, raw, own)
    elif kind == "datasets":
        own["datasets"] = random.sample(SETS, random.choice([1, 1, 2, 3]))
    elif kind == "grid":
        _grid(random, own)
    elif kind == "parent":
        own.pop("parent", None)
    elif kind == "model":
        own["model"] = random.choice(models.names())
    else:
        given = [key for key in own if key in VALUES]
        _put(random, own, random.choice(given if random.random() < 0.7 else list(VALUES)), VALUES)


def _methods(random: Random, raw: dict, own: dict) -> None:
    protocol = own.get("protocol", "supervised")
    fitting = [
        name
        for name in methods.names()
        if roles.acquires(name) == (protocol == "acquisition")
        and (protocol in methods.protocols_of(name) or not methods.protocols_of(name))
    ]
    there = own.get("methods", "all")
    there = list(raw["methods"]) if there == "all" else there
    chosen = random.choice(["fewer", "others", "one", "more", "reference"])
    if chosen == "fewer":
        own["methods"] = random.sample(there, max(1, len(there) - random.choice([1, 2, 5])))
    elif chosen == "others":
        own["methods"] = random.sample(fitting, min(len(fitting), random.choice([1, 2, 3, 4])))
    elif chosen == "one":
        own["methods"] = [random.choice(there)]
    elif chosen == "more":
        own["methods"] = list(dict.fromkeys([*there, *random.sample(fitting, min(2, len(fitting)))]))
    else:
        own["methods"] = [raw["reference"]]


def _grid(random: Random, own: dict) -> None:
    if own.get("grid") and random.random() < 0.3:
        del own["grid"]
        return
    if own.get("grid"):
        key = random.choice(list(own["grid"]))
        if random.random() < 0.2 and len(own["grid"]) > 1:
            del own["grid"][key]
        else:
            own["grid"][key] = random.choice(
                [[0.0], [0.5], [0.0, 0.9], [0.01, 0.1], [0.1, 0.5, 1.0], [1e6], [1.0, 2.0]]
            )
        return
    names = own.get("methods", ["sgd"])
    space = search.hyperparameters(methods.names().get(names[0], "minima"), names[0]) if names != "all" else None
    if space:
        own["grid"] = {random.choice(sorted(space)): random.choice([[0.0, 0.1], [0.5], [1.0]])}
        own.pop("draws", None)


def _reference(random: Random, raw: dict) -> None:
    """Another reference, in the place of the first or beside it wherever methods are listed."""
    other, before = random.choice([name for name in raw["methods"] if name != raw["reference"]]), raw["reference"]
    raw["reference"] = other
    beside = random.random() < 0.7
    scale = raw["scales"]["smoke"]
    for own in (*scale["experiments"].values(), *scale["further"].values()):
        names = own.get("methods", "all")
        if names != "all" and before in names:
            new = [before, other] if beside and len(names) > 1 else [other]
            own["methods"] = list(dict.fromkeys(each for name in names for each in (new if name == before else [name])))


def _whole(random: Random, raw: dict) -> None:
    kind = random.choice(["confidence", "methods", "order"])
    if kind == "confidence":
        raw["confidence"] = random.choice([0.5, 0.9, 0.99])
    elif kind == "order":
        random.shuffle(raw["methods"])
    else:
        raw["methods"] = random.sample(raw["methods"], max(2, len(raw["methods"]) - random.choice([1, 5, 20])))


def _further(random: Random, scale: dict) -> None:
    name = random.choice(list(scale["experiments"]))
    scale.setdefault("further", {})[f"further_{name}"] = copy.deepcopy(scale["experiments"][name])


def _theory(random: Random, theory: dict) -> None:
    """Of cases that cost little."""
    key, values = random.choice([
        (("path_norm", "scale"), [0, 0.1, 3.0, 6.0, 10.0]), (("path_norm", "seeds"), [1, 2]),
        (("memorisation", "dimension"), [1, 2, 5]), (("memorisation", "sizes"), [[2], [2, 3], [10, 60], [100]]),
        (("known_neurons", "steps"), [300, 400]), (("spurious_minimum", "noise"), [[0.0], [0.0, 0.1, 1.0], [100.0]]),
    ])  # fmt: skip
    theory[key[0]][key[1]] = random.choice(values)


def _several(random: Random, experiments: dict) -> None:
    """One value of one key for all experiments that have it given."""
    key = random.choice(["seeds", "label_noise", "train_sizes", "draws", "vary", "datasets"])
    among = [own for own in experiments.values() if key in own]
    alike = random.choice(["minima", "stream", "activation", "acquisition", "feature", "variance", ""])
    value = random.sample(SETS, 1) if key == "datasets" else random.choice(VALUES[key])
    for own in among:
        name = next(name for name, other in experiments.items() if other is own)
        if (alike == "minima" and name.partition("_")[0] in ("minima", "lengths", "variance", "headline")) or (
            alike != "minima" and name.startswith(alike)
        ):
            own[key] = copy.deepcopy(value)
