import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"


@pytest.mark.parametrize(
    "module",
    [
        "numbers",
        "claims.judge",
        "figures.tables",
        "figures.captions",
        "statistics.aggregates",
        "statistics.variance",
        "records",
        "paper.build",
    ],
)
def test_a_job_does_not_import_what_only_other_jobs_use(module):
    """scipy.stats takes longer to import than most tables take to make; `import scipy` loads it when it is used."""
    heavy = {"matplotlib", "scipy.stats", "torch"}
    code = f"import sys, robustpath.{module}; print({heavy} & {{*sys.modules}})"
    ended = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True
    )
    assert (ended.stdout, ended.stderr) == ("set()\n", "")
