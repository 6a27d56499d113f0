"""Whether the hypotheses were written down before the run that judges them: the commit of their file against its."""

import json
import subprocess
from pathlib import Path

from robustpath.claims.files import CONTRAST_FILES, CONTRASTS
from robustpath.publication import machine, published
from robustpath.publication.compare import DIFFERS, MISSING, SAME, Check, Findings, Unchecked

BEFORE = "an ancestor of the run's commit"


def check(folder: Path, root: Path, file: str = CONTRASTS) -> Findings:
    """Whether the last commit that changed a file of hypotheses is the published run's or an ancestor.

    Nothing is found where no hypothesis of that file's family was measured in what is published; where git does
    not know the commits, why is said.
    """
    root, run = Path(root), published.trained(published.manifest(folder))["commit"]
    judged = json.loads((Path(folder) / published.CLAIMS).read_text(encoding="utf-8"))["families"]
    own = judged.get(CONTRAST_FILES[file])
    if not own or not _measured(own):
        return Findings([], [])
    if not (root / file).is_file():
        return Findings([Check(1, f"{file} before the run", BEFORE, "there is no such file", MISSING)], [])
    here = machine.source(root)
    if here.silence:
        return Findings([], [Unchecked(f"{file} before the run", here.silence)])
    try:
        changed = machine.last_change(root, file)
        before = machine.is_ancestor(root, changed, run)
    except subprocess.CalledProcessError:
        why = f"git has no commit {run[:12]} of the run here; fetch the whole history"
        return Findings([], [Unchecked(f"{file} before the run", why)])
    if file in here.edits:
        return Findings([Check(1, f"{file} before the run", BEFORE, "edited since and not committed", DIFFERS)], [])
    found = BEFORE if before else f"commit {changed[:12]} is none of commit {run[:12]}"
    return Findings([Check(1, f"{file} before the run", BEFORE, found, SAME if before else DIFFERS)], [])


def _measured(family: dict) -> bool:
    return any(entry["conditions"] for verdict in family["verdicts"] for entry in verdict["entries"])
