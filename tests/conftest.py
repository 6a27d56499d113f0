"""How tests are dealt to processes, and the simulated study that tests of several folders share."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "simulated"))  # pytest's importlib mode leaves helpers unseen

pytest_plugins = ["study_fixtures"]

# What shares a run of the whole pipeline, and what waits on the SLURM node: one process works through each.
SHARED = {f"tests/workflow/test_{name}.py": "pipeline" for name in ("clones", "published", "report", "smoke")}
SHARED["tests/workflow/test_slurm.py"] = "node"
BY_METHOD = "tests/methods/test_every_method.py"  # the tests of a method share its trainings
# Long tests that share nothing dear: dealt one by one, so that both processes end at the same time.
ONE_BY_ONE = (
    "tests/engine/test_programs.py",
    "tests/known_answers/test_midway_walk.py",
    "tests/test_config_fuzz.py",
    "tests/workflow/test_edits.py",
    "tests/workflow/test_faults.py",
    "tests/workflow/test_homes.py",
    "tests/workflow/test_reruns.py",
)
# The longest first, and short ones for the end.
FIRST = (
    *SHARED,
    "tests/workflow/",
    *ONE_BY_ONE,
    "tests/protocols/",
    "tests/engine/",
    "tests/known_answers/",
    BY_METHOD,
)


def pytest_collection_modifyitems(items):
    """Put what takes long first."""

    def place(item):
        return next((place for place, start in enumerate(FIRST) if item.nodeid.startswith(start)), len(FIRST))

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Some tests to one process by what they share, long ones one by one to whichever is free, all others by file: what
    the tests of a file share is then made once."""
    from xdist.scheduler import LoadScopeScheduling

    class Dealing(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file, _, test = nodeid.partition("::")
            if file == BY_METHOD:
                return test.partition("[")[2] or nodeid
            return nodeid if file in ONE_BY_ONE else SHARED.get(file, file)

    config.option.loadscopereorder = False  # in the order above, not by the number of tests
    return Dealing(config, log)
