"""The command line: each step of the pipeline as one plain command, which the workflow calls and a person can too."""

import argparse
import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from robustpath import commands
from robustpath.core import seals
from robustpath.core.errors import UserError
from robustpath.core.files import explain
from robustpath.operations.surroundings import displaced

LISTS = ("methods", "data", "models", "protocols", "metrics", "shifts", "figures", "cells")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it succeeded, 1 after the one sentence of a UserError or the traceback of a fault, 75 after
    that of Stopped."""
    flush_every_line()
    if reason := displaced():
        print(f"error: {reason}", file=sys.stderr)
        return 1
    options = vars(parser().parse_args(arguments))
    try:
        job(options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.code
    except BrokenPipeError:  # `list … | head` has read enough
        sys.stderr.close()
    except Exception as error:
        if isinstance(error, OSError) and (sentence := explain(error)):
            print(f"error: {sentence}", file=sys.stderr)
            return 1
        traceback.print_exc()
        print(f"error: a fault of the program, not of its input ({type(error).__name__}: {error})", file=sys.stderr)
        return 1
    return 0


def job(options: dict) -> None:
    """Run the command that `options` are of: what it reads of other jobs is checked first, what it makes is sealed."""
    run, read, made, keys = (options.pop(name, ()) for name in ("run", "read", "made", "keys"))
    own, of = seals.key(options.get("settings")), seals.check(paths(options, read), _expected(options, keys))
    more = run(**options) or ()
    written = [file for file in (*paths(options, made), *more) if file.is_file()]  # what is not, Snakemake misses
    seals.seal(filter(seals.sealable, written), own, of)


def paths(options: dict, names: Sequence[str]) -> list[Path]:
    """The files that some options name: one, several, or several with names of their own."""
    values = [options[name] for name in names if options[name]]
    flat = [each for value in values for each in (value if isinstance(value, list) else [value])]
    return [each[1] if isinstance(each, tuple) else each for each in flat]


def _expected(options: dict, keys: Sequence[str]) -> dict[str, str]:
    """The key of the settings of each training, by the places of its files."""
    files = [options[name] for name in ("weights", "paths", "runs") if keys and name in options]
    return {seals.place(path): key for of_one in files for path, key in zip(of_one, keys, strict=True)}


def flush_every_line() -> None:
    """Let a log be followed while its job runs."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="python -m robustpath", description=__doc__)
    choices = top.add_subparsers(required=True, metavar="COMMAND")

    def command(run, *, settings=True) -> argparse.ArgumentParser:
        added = choices.add_parser(run.__name__.rstrip("_"), help=run.__doc__, description=run.__doc__)
        added.set_defaults(run=run)
        if settings:
            added.add_argument(
                "--settings", type=_mapping, required=True, metavar="JSON", help="what the result depends on"
            )
        return added

    step = command(commands.prepare)
    _file(step, "--out", "the prepared data, safetensors")
    _file(step, "--card", "the data card, JSON")
    _sealed(step, made=("out", "card"))

    step = command(commands.train)
    _file(step, "--data", "the prepared data")
    _file(step, "--weights", "the trained weights of all runs, safetensors")
    _file(step, "--path", "the parameters kept on the way, safetensors")
    _file(step, "--runs", "one row a run, parquet")
    _file(step, "--seconds", "wall seconds of each run, parquet")
    _file(step, "--scores", "scores taken on the way, parquet")
    step.add_argument(
        "--parent", type=Path, nargs=2, metavar=("WEIGHTS", "RUNS"), help="the training whose runs these begin with"
    )
    _threads(step)
    _sealed(step, read=("data", "parent"), made=("weights", "path", "runs", "seconds", "scores"))

    step = command(commands.evaluate)
    step.add_argument(
        "--data",
        type=_named_file,
        nargs="+",
        required=True,
        metavar="NAME=FILE",
        help="prepared data, natural shifts included",
    )
    _files(step, "--weights", "trained weights, in the order of the settings' methods")
    _files(step, "--runs", "tables of runs, in the same order")
    _file(step, "--scores", "the scores, parquet")
    _threads(step)
    _keys(step)
    _sealed(step, read=("data", "weights", "runs"), made=("scores",))

    step = command(commands.theory)
    _file(step, "--out", "what was measured and what theory says of it, parquet")
    _threads(step)
    _sealed(step, made=("out",))

    step = command(commands.measure)
    step.add_argument(
        "--data", type=_named_file, nargs="+", required=True, metavar="NAME=FILE", help="prepared data of the data set"
    )
    _files(step, "--weights", "trained weights, in the order of the settings' methods")
    _files(step, "--paths", "parameters kept on the way, in the same order")
    _files(step, "--runs", "tables of runs, in the same order")
    _file(step, "--out", "the measures, parquet")
    _threads(step)
    _keys(step)
    _sealed(step, read=("data", "weights", "paths", "runs"), made=("out",))

    step = command(commands.trace)
    _file(step, "--data", "the prepared data")
    _files(step, "--paths", "the parameters kept on the way, in the order of the settings' methods")
    _files(step, "--runs", "tables of runs, in the same order")
    _file(step, "--out", "loss, curvature and accuracy at every moment, parquet")
    _file(step, "--surfaces", "loss surfaces and trajectories, npz")
    _threads(step)
    _keys(step)
    _sealed(step, read=("data", "paths", "runs"), made=("out", "surfaces"))

    step = command(commands.collate, settings=False)
    _files(step, "--scores", "scores to join")
    _files(step, "--seconds", "seconds to join")
    _file(step, "--records", "the records, parquet")
    _file(step, "--seconds-out", "the seconds, parquet")
    _sealed(step, read=("scores", "seconds"), made=("records", "seconds_out"))

    step = command(commands.claims)
    _file(step, "--records", "the records")
    _file(step, "--claims", "the hypotheses, YAML")
    _files(step, "--contrasts", "the hypotheses that compare means of runs, YAML")
    _file(step, "--out", "the verdicts, JSON")
    _sealed(step, read=("records",), made=("out",))

    step = command(commands.calibrate)
    _file(step, "--records", "the records")
    _file(step, "--claims", "the hypotheses, YAML")
    _file(step, "--out", "the simulated claims, parquet")
    _sealed(step, read=("records",), made=("out",))

    step = command(commands.notebook)
    step.add_argument("notebook", type=Path, metavar="NOTEBOOK", help="percent-format notebook (.py)")
    _file(step, "--records", "the records")
    step.add_argument(
        "--inputs",
        type=_named_file,
        nargs="+",
        default=[],
        metavar="NAME=FILE",
        help="what it reads beside the records, by the names of its manifest entry",
    )
    _file(step, "--out", "the figure (pdf) or table (tex)")
    _file(step, "--caption", "its caption (tex)")
    _file(step, "--executed", "the executed notebook (ipynb)")
    _sealed(step, read=("records", "inputs"), made=("out", "caption"))

    step = command(commands.numbers)
    _file(step, "--records", "the records")
    step.add_argument("--claims", type=Path, metavar="FILE", help="the verdicts, JSON; without them they are missing")
    step.add_argument("--calibration", type=Path, metavar="FILE", help="simulated claims, likewise")
    _file(step, "--out", "one LaTeX macro a number (tex)")
    _sealed(step, read=("records", "claims", "calibration"), made=("out",))

    step = command(commands.origin_page, settings=False)
    step.add_argument("--scale", required=True, help="the scale of the paper")
    _file(step, "--numbers", "the numbers of the text (tex)")
    _file(step, "--paper", "folder of the LaTeX sources")
    step.add_argument("--commit", required=True, help="the commit that files and lines are of")
    step.add_argument("--edits", type=int, default=0, metavar="N", help="files with uncommitted edits (default 0)")
    _file(step, "--out", "the page (tex)")
    _sealed(step, read=("numbers",), made=("out",))

    step = command(commands.origin, settings=False)
    step.add_argument("name", nargs="?", help="a figure, a table, a claim, or a number by its macro")
    step.add_argument("--all", action="store_true", help="list everything that the paper prints")
    step.add_argument("--json", action="store_true", help="machine-readable, with --all")
    step.add_argument("--scale", help="the scale; the config's own by default")

    step = command(commands.paper, settings=False)
    step.add_argument("--scale", required=True, help="the scale the results come from")
    _file(step, "--paper", "folder of the LaTeX sources")
    _file(step, "--generated", "folder of figures, tables and numbers")
    _files(step, "--printed", "the figures, tables and numbers there that are printed")
    _file(step, "--out", "the paper (pdf)")
    _sealed(step, read=("printed",), made=("out",))

    step = command(commands.picture, settings=False)
    _file(step, "--result", "the figure (pdf) or table (tex)")
    _file(step, "--paper", "folder of the LaTeX sources")
    _file(step, "--out", "the picture (png)")
    _sealed(step, read=("result",))

    step = command(commands.arxiv, settings=False)
    _file(step, "--pdf", "the paper, its build folder beside it")
    _file(step, "--paper", "folder of the LaTeX sources")
    _file(step, "--generated", "folder of figures, tables and numbers")
    _files(step, "--printed", "the figures, tables and numbers there that are printed")
    _file(step, "--out", "the archive (tar.gz)")
    _sealed(step, read=("pdf", "printed"))

    step = command(commands.publish, settings=False)
    step.add_argument("--scale", required=True, help="the scale whose results to publish")
    step.add_argument(
        "--start",
        choices=("raw", "records"),
        default="raw",
        help="raw: a whole run; records: only what is printed, made anew from the published records",
    )

    step = command(commands.unpack, settings=False)
    _file(step, "--published", "folder of what is published of a scale")
    step.add_argument("--start", choices=("records", "text"), required=True, help="what to start from")
    _file(step, "--results", "folder to unpack into")

    step = command(commands.verify, settings=False)
    step.add_argument("--scale", required=True, help="the scale whose published files to verify")
    step.add_argument("--level", type=int, choices=range(4), default=1, help="how far (default 1; see README.md)")
    step.add_argument("--cells", type=int, default=3, metavar="K", help="cells to retrain at level 2 (default 3)")
    step.add_argument("--seed", type=int, default=0, metavar="S", help="of the draw of cells (default 0)")
    step.add_argument("--minutes", type=float, default=10.0, metavar="M", help="time for levels 0 to 2 (default 10)")
    step.add_argument("--certificate", type=Path, metavar="FILE", help="certificate (md; json beside it)")
    _threads(step, "processes at a time")

    step = command(commands.resources, settings=False)
    step.add_argument("--scale", help="the finished scale; the config's own by default")

    step = command(commands.scale, settings=False)
    step.add_argument("--scale", help="the scale to check; the config's own by default")

    step = command(commands.check, settings=False)
    step.add_argument("--scale", help="the scale to look at; the config's own by default")

    step = command(commands.diff, settings=False)
    step.add_argument("--rev", required=True, metavar="REV", help="the revision to compare with, as git names it")
    step.add_argument(
        "--scale", help="the scale that figures, tables and numbers come from; the config's own by default"
    )

    step = command(commands.crate, settings=False)
    step.add_argument("--scale", required=True, help="the scale whose results to describe")

    step = command(commands.lists, settings=False)
    step.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of step")

    step = command(commands.list_, settings=False)
    step.add_argument("what", choices=LISTS)
    step.add_argument("--json", action="store_true", help="machine-readable, with every field")
    step.add_argument("--scale", help="the scale whose cells to list; the config's own by default")

    step = command(commands.cost, settings=False)
    step.add_argument("--scale", help="the scale to estimate; the config's own by default")
    step.add_argument(
        "--teraflops", type=_positive, default=5.0, metavar="R", help="assumed rate of one GPU, TFLOP/s (default 5)"
    )

    step = command(commands.schema, settings=False)
    step.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of step")
    return top


def _file(step, option, text):
    step.add_argument(option, type=Path, required=True, metavar="FILE", help=text)


def _files(step, option, text):
    step.add_argument(option, type=Path, nargs="+", required=True, metavar="FILE", help=text)


def _sealed(step, read=(), made=()):
    """Which options name files that other jobs made, and which those that this one makes: both have seals."""
    step.set_defaults(read=read, made=made)


def _keys(step):
    text = "the key that the seals of each training must have for its settings, in the same order"
    step.add_argument("--keys", nargs="+", default=(), metavar="KEY", help=text)


def _threads(step, of="threads of torch"):
    step.add_argument("--threads", type=int, default=1, metavar="N", help=f"{of} (default 1)")


def _named_file(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if not (name and equals and file):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME=FILE")
    return name, Path(file)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number above 0")
    return value


def _mapping(text: str) -> dict:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(f"not valid JSON ({error})") from None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("not a JSON object")
    return value


if __name__ == "__main__":
    sys.exit(main())
