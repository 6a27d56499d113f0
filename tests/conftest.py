"""How tests are dealt to processes, and the simulated study that tests of several folders share."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "simulated"))  # pytest's importlib mode leaves helpers unseen

pytest_plugins = ["study_fixtures"]

# What shares a run of the whole pipeline, and what waits on the SLURM node: one process works through each.
SHARED = {"clones": "pipeline", "published": "pipeline", "report": "pipeline", "smoke": "pipeline", "slurm": "node"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """The tests of the pipeline to one process, so those of the node; all others one by one to whichever is free."""
    from xdist.scheduler import LoadScopeScheduling

    class Dealing(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            name = nodeid.partition("::")[0].removeprefix("tests/workflow/test_").removesuffix(".py")
            return SHARED.get(name, nodeid)

    return Dealing(config, log)
