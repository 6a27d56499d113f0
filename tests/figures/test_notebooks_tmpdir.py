"""A notebook runs where the path of temporary files, or the project's own, is longer than a socket's name may be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sealed import nothing

from robustpath.core import seals

ROOT = Path(__file__).parents[2]
SOCKET = 108  # bytes that the name of a socket has on Linux
NOTEBOOK = """# %% [markdown]
# # A notebook that only writes

# %% tags=["parameters"]
records, settings, out, caption = "", {}, "", ""

# %%
from pathlib import Path

Path(out).write_text("a table")
Path(caption).write_text("a caption")
"""


@pytest.mark.parametrize("length", [83, SOCKET, 220])
@pytest.mark.parametrize("long", ["TMPDIR", "project"])
def test_a_notebook_runs_with_a_long_path(tmp_path, long, length):
    deep = Path(f"{tmp_path}/" + "x" * max(1, length - len(str(tmp_path)) - 1))
    project, temporary = (deep, tmp_path / "short") if long == "project" else (tmp_path / "short", deep)
    project.mkdir()
    temporary.mkdir()
    (project / "plain.py").write_text(NOTEBOOK)
    files = ("--out", "plain.tex", "--caption", "plain.caption.tex", "--executed", "plain.ipynb")
    given = ("--records", nothing(project).name, "--settings", "{}")
    done = subprocess.run(
        [sys.executable, "-m", "robustpath", "notebook", "plain.py", *given, *files],
        cwd=project,
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert seals.content(project / "plain.tex") == b"a table"
    assert list(temporary.iterdir()) == []
