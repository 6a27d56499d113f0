"""How tests are dealt to processes, and the simulated study that tests of several folders share."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "simulated"))  # pytest's importlib mode leaves helpers unseen

pytest_plugins = ["study_fixtures"]

# One of these makes the run of the whole pipeline, which takes minutes and which `LATER` need too: were they next, they
# would wait for it. The other waits on the SLURM node.
AT_ONCE = ("tests/workflow/test_clones.py", "tests/workflow/test_slurm.py")
LATER = tuple(f"tests/workflow/test_{name}.py" for name in ("smoke", "report", "published", "damages", "accepted"))
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
DEALT_ONE_BY_ONE = (*ONE_BY_ONE, "tests/workflow/test_accepted.py")  # the last is dealt late, since it needs the run
# The longest first, and short ones for the end.
FIRST = (
    *AT_ONCE,
    "tests/workflow/",
    *ONE_BY_ONE,
    *LATER,
    "tests/protocols/",
    "tests/engine/",
    "tests/known_answers/",
    BY_METHOD,
)


def pytest_collection_modifyitems(items):
    """Put what takes long first."""

    def place(item):
        fitting = [start for start in FIRST if item.nodeid.startswith(start)]
        return FIRST.index(max(fitting, key=len)) if fitting else len(FIRST)

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Long tests one by one to whichever process is free, all others by file: what the tests of a file share is then
    made once."""
    from xdist.scheduler import LoadScopeScheduling

    class Dealing(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file, _, test = nodeid.partition("::")
            if file == BY_METHOD:
                return test.partition("[")[2] or nodeid
            return nodeid if file in DEALT_ONE_BY_ONE else file

    config.option.loadscopereorder = False  # in the order above, not by the number of tests
    return Dealing(config, log)
