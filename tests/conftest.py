"""How tests are dealt to processes."""

import pytest

# What shares a run of the whole pipeline, or the SLURM node: one process works through it.
PIPELINE = tuple(f"tests/workflow/test_{name}.py::" for name in ("published", "report", "slurm", "smoke"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """The tests of the pipeline to one process, all others one by one to whichever is free."""
    from xdist.scheduler import LoadScopeScheduling

    class Dealing(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return "pipeline" if nodeid.startswith(PIPELINE) else nodeid

    return Dealing(config, log)
