"""The changes of the paper since a revision, marked in a PDF: latexdiff over its LaTeX then and now.

Both texts are set with the figures, tables and numbers that there are now, so that what is marked is what was written.
"""

import io
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.paper.build import typeset

PACKAGES = "latexdiff texlive-plain-generic"  # the latter for ulem, which strikes text out
MAIN = "main.tex"
BIBLIOGRAPHY = "references.bib"

_INPUT = re.compile(r"\\input\{([^}]+)\}")
_NUMBER = re.compile(r"^\\newcommand\{\\([A-Za-z]+)\}\{(?:\\origin\{[\w.]+\}\{)?(.*?)\}?\}%", re.MULTILINE)
_MACRO = re.compile(r"([_^]?)\\([A-Z][A-Za-z]+)(?![A-Za-z])(?:\{\}| *)")
_COMMAND = re.compile(r"^\\(?:re)?newcommand(?=\{\\)(.*)$", re.MULTILINE)
_ENTRY = re.compile(r"^@\w+\{([^,\s]+),.*?^\}", re.MULTILINE | re.DOTALL)


def build(rev: str, scale: str, root: Path = Path(".")) -> Path:
    """Write results/{scale}/diff-REV.pdf, the paper in `root`/paper with its changes since `rev` marked; its path.

    Raises UserError where latexdiff, LaTeX or the results of the scale are missing, where `rev` is no revision or has
    no paper, and where the marked text cannot be set.
    """
    results = root / "results" / scale
    generated = results / "generated"
    if not available():
        raise UserError(f"latexdiff is missing: install the Debian packages {PACKAGES}, then run `make diff` again.")
    if not (generated / "numbers.tex").is_file():
        raise UserError(
            f"{generated} holds no figures, tables and numbers to set the paper with: run `make paper SCALE={scale}`."
        )
    folder = results / f"diff-{re.sub(r'[^A-Za-z0-9.-]+', '-', rev)}.build"
    with tempfile.TemporaryDirectory() as temporary:
        old, both = Path(temporary, "old"), Path(temporary, "both")
        extract(rev, root, old)
        shutil.copytree(root / "paper", both)
        numbers = dict(_NUMBER.findall((generated / "numbers.tex").read_text(encoding="utf-8")))
        then, now = (flatten(MAIN, place) for place in (old / "paper", root / "paper"))
        (both / MAIN).write_text(marked(then, now, numbers), encoding="utf-8")
        (both / BIBLIOGRAPHY).write_text(joined(old / "paper" / BIBLIOGRAPHY, root / "paper" / BIBLIOGRAPHY))
        typeset(scale, both, generated, folder)
    out = folder.with_suffix(".pdf")
    with replacing(out) as temporary:
        shutil.copyfile(folder / "main.pdf", temporary)
    return out


def available() -> bool:
    """Whether latexdiff is there, with the LaTeX package that its marks need."""
    if not (shutil.which("latexdiff") and shutil.which("kpsewhich")):
        return False
    return subprocess.run(["kpsewhich", "ulem.sty"], stdout=subprocess.DEVNULL).returncode == 0


def extract(rev: str, root: Path, folder: Path) -> None:
    """Lay the folder paper/ of a revision into `folder`; UserError where there is no such revision or paper."""

    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=root, capture_output=True)

    if not shutil.which("git") or git("rev-parse", "--git-dir").returncode:
        raise UserError(f"{root.resolve()} is no git repository, so there is no revision {rev}: run in a clone.")
    commit = git("rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}").stdout.decode().strip()
    if not commit:
        raise UserError(
            f"There is no revision '{rev}': `git log --oneline -- paper` shows those that changed the paper."
        )
    packed = git("archive", "--format=tar", commit, "paper")
    if packed.returncode or git("cat-file", "-e", f"{commit}:./paper/{MAIN}").returncode:
        raise UserError(f"Revision {rev} has no paper/{MAIN}: name a later one of `git log --oneline -- paper`.")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder)


def flatten(name: str, folder: Path) -> str:
    """The text of a file with all that it inputs from its folder; what the pipeline generated stays an input."""

    def put(match: re.Match) -> str:
        path = folder / match[1]
        found = next((file for file in (path, path.with_name(f"{path.name}.tex")) if file.is_file()), None)
        return flatten(str(found.relative_to(folder)), folder).rstrip("\n") if found else match[0]

    return _INPUT.sub(put, (folder / name).read_text(encoding="utf-8"))


def marked(then: str, now: str, numbers: dict[str, str]) -> str:
    """The LaTeX of `now` with its changes since `then` marked, which compiles with anything that `then` used."""
    lost = sorted(names(then) - names(now) - numbers.keys())
    return kept(latexdiff(quoted(then, numbers), quoted(now, numbers), lost), then, lost)


def names(text: str) -> set[str]:
    """The macros in capitals that a text uses, the pipeline's numbers among them."""
    return {name for _, name in _MACRO.findall(text)}


def quoted(text: str, numbers: dict[str, str]) -> str:
    """A text with the numbers themselves for their macros: latexdiff would drop a macro from what was struck out."""

    def put(match: re.Match) -> str:
        value = numbers.get(match[2])
        return match[0] if value is None else f"{match[1]}{{{value}}}" if match[1] else value

    return _MACRO.sub(put, text)


def latexdiff(then: str, now: str, lost: list[str]) -> str:
    """The LaTeX of `now` with its changes since `then` marked; macros that are `lost` are set like words."""
    with tempfile.TemporaryDirectory() as temporary:
        files = [Path(temporary, name) for name in ("then.tex", "now.tex")]
        for file, text in zip(files, (then, now), strict=True):
            file.write_text(text, encoding="utf-8")
        safe = [f"--append-safecmd={','.join(lost)}"] if lost else []
        command = ["latexdiff", "--no-label", "--encoding=utf8", "--math-markup=whole", "--graphics-markup=none", *safe]
        done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, errors="replace")
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if line.strip()][-1:]
        raise UserError(f"latexdiff cannot compare the two texts: {''.join(last)}")
    return done.stdout


def kept(text: str, then: str, lost: list[str]) -> str:
    """The marked text, in which commands of the old text stay defined, its lost numbers as their names in brackets."""
    preamble = then.partition("\\begin{document}")[0]
    lines = [f"\\providecommand{rest}" for rest in _COMMAND.findall(preamble)]
    lines += [f"\\providecommand{{\\{name}}}{{[{name}]}}" for name in lost]
    return text.replace("\\begin{document}", "\n".join([*lines, "\\begin{document}"]), 1)


def joined(then: Path, now: Path) -> str:
    """The references of now, and those of then that are gone, which struck-out text may cite."""
    text = now.read_text(encoding="utf-8")
    here = {match[1] for match in _ENTRY.finditer(text)}
    before = then.read_text(encoding="utf-8") if then.is_file() else ""
    return "\n\n".join([text, *(match[0] for match in _ENTRY.finditer(before) if match[1] not in here)])
