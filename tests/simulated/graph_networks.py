"""A table of the theory case `algorithmic_alignment` whose errors are known."""

from robustpath.theory import algorithmic_alignment as case
from robustpath.theory import table

# Task -> architecture -> the error in range and out of range, in per cent: the pilot's, and planted ones.
KNOWN = {
    case.DEGREE: {
        "sum + max": (0.31, 0.30),
        "sum + sum": (9.2, 106.0),
        "sum + mean": (7.7, 13.8),
        "max + max": (49.0, 59.0),
    },
    case.PATH: {
        "min + min": (2.0, 4.0),
        "sum + min": (6.0, 40.0),
        "min + sum": (7.0, 200.0),
        "sum + sum": (8.0, 300.0),
    },
}


def errors(known=None, seeds=3):
    """Task -> (architecture, nodes) -> the error of every seed; around the known mean, which the middle seed has."""
    shifts = [0.1 * (seed - (seeds - 1) / 2) for seed in range(seeds)]
    return {
        task: {
            (name, nodes): [(1 + shift) * pair[nodes > case.RANGE[1]] for shift in shifts]
            for name, pair in own.items()
            for nodes in (*case.INSIDE, *case.OUTSIDE)
        }
        for task, own in (known or KNOWN).items()
    }


def measured(known=None, seeds=3, judged=True):
    """The table of the case with these errors."""
    found = errors(known, seeds)
    straight, bends = [0.9991] * seeds, [1e-16] * seeds
    return table.frame(
        case.CASE, [*case.measured_rows(found, straight, bends), *(case.judged(found, straight) if judged else ())]
    )
