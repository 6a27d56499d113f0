"""A cluster's site: the few words about it that SLURM wants and a repository cannot know."""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from robustpath.config.errors import show
from robustpath.config.yaml import read
from robustpath.core.errors import UserError

FILE = Path("site.yaml")
VARIABLES = {
    "account": "SBATCH_ACCOUNT",
    "partition": "SBATCH_PARTITION",
    "gpu_partition": "SBATCH_GPU_PARTITION",
    "gpu_model": "SBATCH_GPU_MODEL",
}


def site(file: Path = FILE, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Account, partitions and model of GPU, each "" where SLURM's own default is meant: from the environment, else from
    `file`.

    GPUs are asked for in the common partition where they have none of their own. UserError names what is wrong in the
    file.
    """
    written = _written(file)
    found = {key: environment.get(variable) or written.get(key) or "" for key, variable in VARIABLES.items()}
    return found | {"gpu_partition": found["gpu_partition"] or found["partition"]}


def _written(file: Path) -> dict[str, str]:
    """What the file says; nothing where there is none."""
    if not file.exists():
        return {}
    content = read(file) or {}
    if not isinstance(content, dict):
        raise UserError(
            f"{file} is no table of keys: write one line for each of {', '.join(VARIABLES)}, as `key: word`"
        )
    for key, value in content.items():
        if key not in VARIABLES:
            near = get_close_matches(str(key), VARIABLES, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UserError(f"{file} has an unknown key {show(key)}: {hint}The keys are {', '.join(VARIABLES)}")
        if value is not None and not (isinstance(value, str) and re.fullmatch(r"[\w.@:,+-]+", value)):
            raise UserError(f"{file} has {show(value)} for {key}: write one word, in quotes if it looks like a number")
    return content
