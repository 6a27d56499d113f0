"""Notebooks executed in the process of the tests: half a second in place of the start of a kernel."""

import re
from pathlib import Path

import matplotlib
import quick_yaml
from matplotlib import pyplot

from robustpath import records

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
MANIFEST = quick_yaml.loaded((NOTEBOOKS / "manifest.yaml").read_text(encoding="utf-8"))


def executed(name: str, folder: Path, **given) -> tuple[bytes, str]:
    """The result and the caption of a notebook with these parameters; both are written to `folder`."""
    out = folder / f"{name}.out.{'pdf' if MANIFEST[name]['kind'] == 'figure' else 'tex'}"
    caption = folder / f"{name}.caption.tex"
    text = (NOTEBOOKS / f"{name}.py").read_text(encoding="utf-8")
    head, parameters, body = re.split(r'(# %% tags=\["parameters"\]\n(?:.+\n)+)', text)
    scope = {}
    with matplotlib.rc_context({"backend": "agg"}):
        exec(compile(head + parameters, name, "exec"), scope)
        exec(compile(body, name, "exec"), scope | given | {"out": str(out), "caption": str(caption)})
    pyplot.close("all")
    return out.read_bytes(), caption.read_text(encoding="utf-8")


def on_records(name: str, table, settings: dict, folder: Path) -> tuple[bytes, str]:
    """The same on a table of records."""
    file = folder / "records.parquet"
    records.write(table, file)
    return executed(name, folder, records=str(file), settings=settings)
