"""What each command runs. Imports stand inside, so that none waits for what only another needs."""

from robustpath.core.errors import UserError
from robustpath.operations import outcome


def prepare(settings, out, card):
    """Read, check and convert one data set."""
    from robustpath.data import by_hand, sets
    from robustpath.data.prepare import prepare

    by_hand.check(sets.load(settings["dataset"]).ENTRY)
    prepare(settings, out, card)
    outcome.tell(outcome.prepare, card)


def train(settings, data, weights, path, runs, seconds, scores, parent, threads):
    """Train every run of one method on one data set."""
    from robustpath import protocols

    begun = tuple(parent) if parent else None
    try:
        protocols.job(settings, "training").train(settings, data, weights, path, runs, seconds, scores, threads, begun)
    except UserError as error:
        name, said = settings["experiment"], str(error)
        if "config.yaml" not in said or f"experiment {name}" in said:
            raise
        # The engine knows what is to be corrected in the config, and not where.
        raise UserError(f"experiment {name}, method {settings['method']}: {said}") from None
    outcome.tell(outcome.train, runs)


def evaluate(settings, data, weights, runs, scores, threads):
    """Score all methods of one data set on every split and shift."""
    from robustpath import protocols

    protocols.job(settings, "score").evaluate(settings, dict(data), weights, runs, scores, threads)
    outcome.tell(outcome.evaluate, scores)


def theory(settings, out, threads):
    """Run one theory case: a small problem of which the outcome is known."""
    from robustpath.theory.run import run

    run(settings, out, threads)
    outcome.tell(outcome.theory, out)


def measure(settings, data, weights, paths, runs, out, threads):
    """Measure the minima and walks of all methods of one data set."""
    from robustpath.protocols.supervised.measure import measure

    measure(settings, dict(data), weights, paths, runs, out, threads)
    outcome.tell(outcome.measure, out)


def trace(settings, data, paths, runs, out, surfaces, threads):
    """Follow the runs of one data set through the moments that were kept, and draw the surfaces they cross."""
    from robustpath.protocols.supervised.trajectories import trace

    trace(settings, data, paths, runs, out, surfaces, threads)
    outcome.tell(outcome.trace, out)


def resources(scale):
    """Propose what to ask a cluster for, from what the jobs of a finished scale took."""
    from robustpath.operations import requests
    from robustpath.study import load, results

    asked = requests.requests(requests.taken(results(load(overrides={"scale": scale} if scale else None))))
    print("# The most that the jobs of a rule took, and what to ask for: 1.5 times the memory, 3 times the minutes.")
    for each in asked:
        print(f"# {each.rule}: {each.jobs} jobs, at most {each.megabytes:,.0f} MB and {each.seconds:,.0f} s")
    print(requests.as_profile(asked), end="")


def collate(scores, seconds, records, seconds_out):
    """Join the scores of all data sets into the records."""
    from robustpath.records import collate

    collate(scores, seconds, records, seconds_out)
    outcome.tell(outcome.collate, records)


def claims(records, claims, contrasts, settings, out):
    """Judge the hypotheses by the records."""
    from robustpath.claims.judge import write

    write(records, claims, settings, out, contrasts)
    outcome.tell(outcome.claims, out)


def calibrate(records, claims, settings, out):
    """Judge simulated claims, whose truth is known, by the code that judges the hypotheses."""
    from robustpath.claims.verdict_errors import write

    write(records, claims, settings, out)
    outcome.tell(outcome.calibrate, out)


def notebook(notebook, records, inputs, settings, out, caption, executed):
    """Draw one figure or table from the records."""
    from robustpath.figures.notebooks import make

    files = {"records": str(records), "out": str(out), "caption": str(caption)}
    beside = {name: [str(file) for other, file in inputs if other == name] for name, _ in inputs}
    beside |= {name: beside[name][0] for name in beside.keys() & {"claims", "calibration"}}  # there is but one
    make(notebook, {**files, **beside, "settings": settings}, executed)
    outcome.tell(outcome.file, out)


def numbers(records, claims, calibration, settings, out):
    """Write the numbers that the paper's text quotes."""
    from robustpath.numbers import write

    write(records, settings, out, claims, calibration)
    outcome.tell(outcome.numbers, out)


def origin_page(scale, numbers, paper, commit, edits, out):
    """Write the paper's page on how each number was made."""
    from robustpath.publication.origin_page import write
    from robustpath.study import load

    write(load(overrides={"scale": scale}), numbers, paper, commit, edits, out)
    outcome.tell(outcome.origin_page, out)


def origin(name, all, json, scale):
    """Tell where a figure, table, number or claim of the paper comes from, and how to make it again."""
    from robustpath.publication import origin_page

    if not (all or name):
        raise UserError("origin of what? Give a figure, a table, a claim or a number, or --all")
    print(origin_page.everything(scale, json) if all else origin_page.explain(name, scale))


def paper(scale, paper, generated, printed, out):
    """Compile the paper."""
    from robustpath.paper.build import build

    build(scale, paper, generated, out)
    outcome.tell(outcome.paper, out)


def scale(scale):
    """Tell which scale config.yaml names, or check the one that is given."""
    from robustpath.study import load

    print(load(overrides=None if scale is None else {"scale": scale}).scale)


def check(scale):
    """Tell what is fresh, stale or missing here, and the next step."""
    from robustpath.operations.state import show

    print(show(scale))


def diff(rev, scale):
    """Mark the changes of the paper's text since a revision, in a PDF."""
    from robustpath.paper.diff import build
    from robustpath.study import load

    print(f"{build(rev, scale or load().scale)}: the changes since {rev}, blue what is new, red what is struck out")


def publish(scale, start):
    """Copy what a finished run gives, checksummed, into published/."""
    from robustpath.publication.publishing import publish

    out = publish(scale, start=start)
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    print(f"{out}: {size / 1e6:.1f} MB")


def unpack(published, start, results):
    """Copy what the workflow starts from out of what is published."""
    from robustpath.publication.publishing import unpack

    files = unpack(published, start, results)
    print(f"{outcome.MARK}{start} of {published}")
    return files


def verify(scale, level, cells, seed, minutes, certificate, threads):
    """Check what is published: files, all that is printed, retrained cells, everything."""
    from robustpath.publication.verification import Scope, verify

    verify(Scope(scale, level, cells, seed, minutes), certificate, threads)


def picture(result, paper, out):
    """Show a figure or table as a browser can: one picture for the report."""
    from robustpath.publication.pictures import draw

    draw(result, paper, out)
    outcome.tell(outcome.file, out)


def arxiv(pdf, paper, generated, printed, out):
    """Pack the paper's sources for arXiv."""
    from robustpath.paper.arxiv import pack

    pack(pdf, paper, generated, out)
    outcome.tell(outcome.file, out)


def crate(scale):
    """Describe a finished run as an RO-Crate."""
    from robustpath.publication.crate import write

    print(write(scale))


def lists(check):
    """Write the files that are made from the list of results: codecheck.yml, docs/results.md, README's findings."""
    from robustpath.publication.lists import write

    print(*(f"{file} {'in step' if check else 'written'}" for file in write(check)), sep="\n")


def list_(what, json, scale):
    """Show what there is: methods, data sets, networks, protocols, metrics, shifts, figures, or cells of a scale."""
    from robustpath.operations.listing import show

    print(show(what, as_json=json, scale=scale))


def cost(scale, teraflops):
    """Estimate, by calculation, what a scale would cost: jobs, runs, operations, hours of a GPU."""
    from robustpath.operations.costs import show

    print(show(scale, teraflops))


def schema(check):
    """Write the config's JSON schema and reference from its model."""
    from robustpath.operations.reference import write

    files = write(check)
    print(*(f"{file} {'in step' if check else 'written'}" for file in files), sep="\n")
