"""The command line: each step of the pipeline as one plain command, which the workflow calls and a person can too."""

import argparse
import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from robustpath import outcome
from robustpath.errors import UserError

LISTS = ("methods", "data", "shifts", "figures", "cells")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 if it succeeded, 1 after the one sentence of a UserError or the traceback of a fault."""
    flush_every_line()
    options = vars(parser().parse_args(arguments))
    run = options.pop("run")
    try:
        run(**options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # `list … | head` has read enough
        sys.stderr.close()
    except Exception as error:
        traceback.print_exc()
        print(f"error: a fault of the program, not of its input ({type(error).__name__}: {error})", file=sys.stderr)
        return 1
    return 0


def flush_every_line() -> None:
    """Let a log be followed while its job runs."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="python -m robustpath", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(run, *, settings=True) -> argparse.ArgumentParser:
        added = commands.add_parser(run.__name__.rstrip("_"), help=run.__doc__, description=run.__doc__)
        added.set_defaults(run=run)
        if settings:
            added.add_argument(
                "--settings", type=_mapping, required=True, metavar="JSON", help="what the result depends on"
            )
        return added

    step = command(prepare)
    _file(step, "--out", "the prepared data, safetensors")
    _file(step, "--card", "the data card, JSON")

    step = command(train)
    _file(step, "--data", "the prepared data")
    _file(step, "--weights", "the trained weights of all runs, safetensors")
    _file(step, "--path", "the parameters kept on the way, safetensors")
    _file(step, "--runs", "one row a run, parquet")
    _file(step, "--seconds", "wall seconds of each run, parquet")
    _threads(step)

    step = command(evaluate)
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

    step = command(theory)
    _file(step, "--out", "what was measured and what theory says of it, parquet")
    _threads(step)

    step = command(measure)
    step.add_argument(
        "--data", type=_named_file, nargs="+", required=True, metavar="NAME=FILE", help="prepared data of the data set"
    )
    _files(step, "--weights", "trained weights, in the order of the settings' methods")
    _files(step, "--paths", "parameters kept on the way, in the same order")
    _files(step, "--runs", "tables of runs, in the same order")
    _file(step, "--out", "the measures, parquet")
    _threads(step)

    step = command(trace)
    _file(step, "--data", "the prepared data")
    _files(step, "--paths", "the parameters kept on the way, in the order of the settings' methods")
    _files(step, "--runs", "tables of runs, in the same order")
    _file(step, "--out", "loss, curvature and accuracy at every moment, parquet")
    _file(step, "--surfaces", "loss surfaces and trajectories, npz")
    _threads(step)

    step = command(collate, settings=False)
    _files(step, "--scores", "scores to join")
    _files(step, "--seconds", "seconds to join")
    _file(step, "--records", "the records, parquet")
    _file(step, "--seconds-out", "the seconds, parquet")

    step = command(claims)
    _file(step, "--records", "the records")
    _file(step, "--claims", "the hypotheses, YAML")
    _file(step, "--out", "the verdicts, JSON")

    step = command(calibrate)
    _file(step, "--records", "the records")
    _file(step, "--claims", "the hypotheses, YAML")
    _file(step, "--out", "the simulated claims, parquet")

    step = command(notebook)
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

    step = command(numbers)
    _file(step, "--records", "the records")
    step.add_argument("--claims", type=Path, metavar="FILE", help="the verdicts, JSON; without them they are missing")
    step.add_argument("--calibration", type=Path, metavar="FILE", help="simulated claims, likewise")
    _file(step, "--out", "one LaTeX macro a number (tex)")

    step = command(origin_page, settings=False)
    step.add_argument("--scale", required=True, help="the scale of the paper")
    _file(step, "--numbers", "the numbers of the text (tex)")
    _file(step, "--paper", "folder of the LaTeX sources")
    step.add_argument("--commit", required=True, help="the commit that files and lines are of")
    _file(step, "--out", "the page (tex)")

    step = command(origin, settings=False)
    step.add_argument("name", nargs="?", help="a figure, a table, a claim, or a number by its macro")
    step.add_argument("--all", action="store_true", help="list everything that the paper prints")
    step.add_argument("--json", action="store_true", help="machine-readable, with --all")
    step.add_argument("--scale", help="the scale; the config's own by default")

    step = command(paper, settings=False)
    step.add_argument("--scale", required=True, help="the scale the results come from")
    _file(step, "--paper", "folder of the LaTeX sources")
    _file(step, "--generated", "folder of figures, tables and numbers")
    _file(step, "--out", "the paper (pdf)")

    step = command(publish, settings=False)
    step.add_argument("--scale", required=True, help="the scale whose results to publish")

    step = command(unpack, settings=False)
    _file(step, "--published", "folder of what is published of a scale")
    step.add_argument("--start", choices=("records", "text"), required=True, help="what to start from")
    _file(step, "--results", "folder to unpack into")

    step = command(verify, settings=False)
    step.add_argument("--scale", required=True, help="the scale whose published files to verify")
    step.add_argument("--level", type=int, choices=range(4), default=1, help="how far (default 1; see README.md)")
    step.add_argument("--cells", type=int, default=3, metavar="K", help="cells to retrain at level 2 (default 3)")
    step.add_argument("--seed", type=int, default=0, metavar="S", help="of the draw of cells (default 0)")
    step.add_argument("--minutes", type=float, default=10.0, metavar="M", help="time for levels 0 to 2 (default 10)")
    step.add_argument("--certificate", type=Path, metavar="FILE", help="certificate (md; json beside it)")
    _threads(step, "processes at a time")

    step = command(check, settings=False)
    step.add_argument("--scale", help="the scale to look at; the config's own by default")

    step = command(diff, settings=False)
    step.add_argument("--rev", required=True, metavar="REV", help="the revision to compare with, as git names it")
    step.add_argument(
        "--scale", help="the scale that figures, tables and numbers come from; the config's own by default"
    )

    step = command(list_, settings=False)
    step.add_argument("what", choices=LISTS)
    step.add_argument("--json", action="store_true", help="machine-readable, with every field")
    step.add_argument("--scale", help="the scale whose cells to list; the config's own by default")

    step = command(schema, settings=False)
    step.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of step")
    return top


def prepare(settings, out, card):
    """Read, check and convert one data set."""
    from robustpath.data.prepare import prepare as run

    run(settings, out, card)
    outcome.tell(outcome.prepare, card)


def train(settings, data, weights, path, runs, seconds, threads):
    """Train every run of one method on one data set."""
    from robustpath.training.run import train as run

    run(settings, data, weights, path, runs, seconds, threads)
    outcome.tell(outcome.train, runs)


def evaluate(settings, data, weights, runs, scores, threads):
    """Score all methods of one data set on every split and shift."""
    from robustpath.evaluation.run import evaluate as run

    run(settings, dict(data), weights, runs, scores, threads)
    outcome.tell(outcome.evaluate, scores)


def theory(settings, out, threads):
    """Run one theory case: a small problem of which the outcome is known."""
    from robustpath.theory.run import run

    run(settings, out, threads)
    outcome.tell(outcome.theory, out)


def measure(settings, data, weights, paths, runs, out, threads):
    """Measure the minima and walks of all methods of one data set."""
    from robustpath.evaluation.measure import measure as run

    run(settings, dict(data), weights, paths, runs, out, threads)
    outcome.tell(outcome.measure, out)


def trace(settings, data, paths, runs, out, surfaces, threads):
    """Follow the runs of one data set through the moments that were kept, and draw the surfaces they cross."""
    from robustpath.evaluation.trace import trace as run

    run(settings, data, paths, runs, out, surfaces, threads)
    outcome.tell(outcome.trace, out)


def collate(scores, seconds, records, seconds_out):
    """Join the scores of all data sets into the records."""
    from robustpath.analysis.records import collate as run

    run(scores, seconds, records, seconds_out)
    outcome.tell(outcome.collate, records)


def claims(records, claims, settings, out):
    """Judge the hypotheses by the records."""
    from robustpath.analysis.claims import write

    write(records, claims, settings, out)
    outcome.tell(outcome.claims, out)


def calibrate(records, claims, settings, out):
    """Judge simulated claims, whose truth is known, by the code that judges the hypotheses."""
    from robustpath.analysis.calibration import write

    write(records, claims, settings, out)


def notebook(notebook, records, inputs, settings, out, caption, executed):
    """Draw one figure or table from the records."""
    from robustpath.analysis.notebooks import execute

    files = {"records": str(records), "out": str(out), "caption": str(caption)}
    beside = {name: [str(file) for other, file in inputs if other == name] for name, _ in inputs}
    beside |= {name: beside[name][0] for name in beside.keys() & {"claims", "calibration"}}  # there is but one
    execute(notebook, {**files, **beside, "settings": settings}, executed)
    outcome.tell(outcome.notebook, out)


def numbers(records, claims, calibration, settings, out):
    """Write the numbers that the paper's text quotes."""
    from robustpath.analysis.numbers import write

    write(records, settings, out, claims, calibration)
    outcome.tell(outcome.numbers, out)


def origin_page(scale, numbers, paper, commit, out):
    """Write the paper's page on how each number was made."""
    from robustpath.config import load
    from robustpath.provenance.origin_page import write

    write(load(overrides={"scale": scale}), numbers, paper, commit, out)


def origin(name, all, json, scale):
    """Tell where a figure, table, number or claim of the paper comes from, and how to make it again."""
    from robustpath.provenance import origin_page

    if not (all or name):
        raise UserError("origin of what? Give a figure, a table, a claim or a number, or --all")
    print(origin_page.everything(scale, json) if all else origin_page.explain(name, scale))


def paper(scale, paper, generated, out):
    """Compile the paper."""
    from robustpath.analysis.paper import build

    build(scale, paper, generated, out)
    outcome.tell(outcome.paper, out)


def check(scale):
    """Tell what is fresh, stale or missing here, and the next step."""
    from robustpath.provenance.state import show

    print(show(scale))


def diff(rev, scale):
    """Mark the changes of the paper's text since a revision, in a PDF."""
    from robustpath.analysis.paperdiff import build
    from robustpath.config import load

    print(f"{build(rev, scale or load().scale)}: the changes since {rev}, blue what is new, red what is struck out")


def publish(scale):
    """Copy what a finished run gives, checksummed, into published/."""
    from robustpath.provenance.publishing import publish as run

    out = run(scale)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"{out}: {size / 1e6:.1f} MB")


def unpack(published, start, results):
    """Copy what the workflow starts from out of what is published."""
    from robustpath.provenance.publishing import unpack as run

    run(published, start, results)


def verify(scale, level, cells, seed, minutes, certificate, threads):
    """Check what is published: files, all that is printed, retrained cells, everything."""
    from robustpath.provenance.verification import Scope
    from robustpath.provenance.verification import verify as run

    run(Scope(scale, level, cells, seed, minutes), certificate, threads)


def list_(what, json, scale):
    """Show what there is: methods, data sets, shifts, figures and tables, or the cells of a scale."""
    from robustpath.listing import show

    print(show(what, as_json=json, scale=scale))


def schema(check):
    """Write the config's JSON schema and reference from its model."""
    from robustpath.config_reference import write

    files = write(check)
    print(*(f"{file} {'in step' if check else 'written'}" for file in files), sep="\n")


def _file(step, option, text):
    step.add_argument(option, type=Path, required=True, metavar="FILE", help=text)


def _files(step, option, text):
    step.add_argument(option, type=Path, nargs="+", required=True, metavar="FILE", help=text)


def _threads(step, of="threads of torch"):
    step.add_argument("--threads", type=int, default=1, metavar="N", help=f"{of} (default 1)")


def _named_file(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if not (name and equals and file):
        raise argparse.ArgumentTypeError(f"'{text}' is not of the form NAME=FILE")
    return name, Path(file)


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
