"""What a machine must give a run: the packages that are installed here, and a name for the user."""

import getpass
import importlib.metadata
import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2]


def displaced(environment: Mapping[str, str] = os.environ, search: Iterable[str] | None = None) -> str:
    """The sentence on packages that another folder puts in the place of those installed here; "" where there are none.

    Python looks into the folders of PYTHONPATH, and outside virtual environments into the user's own packages, before
    it looks into its own. A package of the same version does no harm. `search` is Python's own search path by default.
    """
    search = [str(Path(entry).absolute()) for entry in (sys.path if search is None else search)]
    own = sysconfig.get_path("purelib")
    before = search[: search.index(own)] if own in search else search
    remedies = {site.getusersitepackages(): ("the user's site-packages", "export PYTHONNOUSERSITE=1")}
    for entry in filter(None, environment.get("PYTHONPATH", "").split(os.pathsep)):
        remedies[str(Path(entry).absolute())] = ("PYTHONPATH", "unset PYTHONPATH")
    for folder in before:
        if folder not in remedies or folder == str(SOURCES):
            continue
        if others := sorted(_differing(Path(folder), Path(own))):
            cause, remedy = remedies[folder]
            more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
            return f"{cause}: {folder} has {others[0]}{more}; run `{remedy}`, then the same command again"
    return ""


def user_name() -> str:
    """The user's name; the user's number where the system knows no name for it, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _differing(folder: Path, own: Path) -> Iterator[str]:
    """The packages that both folders hold, in other versions or an unknown one, with what is installed in `own`."""
    common = _packages(folder) & _packages(own)
    distributions = importlib.metadata.packages_distributions() if common else {}
    for package in common:
        names = distributions.get(package, [package])
        here, there = (_version(names, place) for place in (own, folder))
        if there is None or here != there:
            yield f"{package} {there or 'of unknown version'} in place of the installed {here or 'one'}"


def _packages(folder: Path) -> set[str]:
    """What `import` finds in a folder by its name."""
    if not folder.is_dir():
        return set()
    entries = [
        entry for entry in folder.iterdir() if entry.suffix in (".py", ".so") or (entry / "__init__.py").exists()
    ]
    return {entry.name.partition(".")[0] for entry in entries}


def _version(names: Iterable[str], folder: Path) -> str | None:
    for name in names:
        for found in importlib.metadata.Distribution.discover(name=name, path=[str(folder)]):
            return found.version
    return None
