"""What a finished step says of itself in one line, read from the files it wrote: the last line of its log.

The workflow shows it beside the step's name. It is only for people to read: nothing reads it back into a result.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from math import nan
from pathlib import Path
from statistics import median

MARK = "result: "


def tell(describe: Callable[[Path], str], file: Path) -> None:
    """Print the step's line. Where the file cannot be read, the line says so and nothing fails: the step itself has
    succeeded."""
    try:
        said = describe(Path(file))
    except Exception as error:
        said = f"unread ({type(error).__name__})"
    print(f"{MARK}{said}")


def prepare(card: Path) -> str:
    """Examples and classes, from the data card."""
    about = json.loads(card.read_text())
    return f"{about['examples']:,} examples, {about['classes']} classes"


def train(runs: Path) -> str:
    """Runs, the median over them of the mean training loss (nats) of their last phase, and how many diverged."""
    import pyarrow.parquet as pq

    table = pq.ParquetFile(runs).read()  # read_table imports pandas
    diverged = table["diverged"].to_pylist()
    losses = table[[name for name in table.column_names if name.endswith(".loss")][-1]].to_pylist()
    kept = [loss for loss, gone in zip(losses, diverged, strict=True) if not gone and loss is not None]
    middle = median(kept) if kept else nan
    return f"{len(diverged)} runs, median training loss {middle:.3g}, {sum(diverged)} diverged"


def evaluate(scores: Path) -> str:
    """The mean accuracy (share) on the unshifted test split, over runs."""
    import pandas as pd

    # Filters and columns: a study's scores are millions of rows.
    wanted = [("split", "==", "test"), ("shift", "==", "none"), ("metric", "==", "accuracy")]
    value = pd.read_parquet(scores, columns=["value"], filters=wanted)["value"]
    return f"{len(value)} runs, mean test accuracy {value.mean():.3f}"


def measure(out: Path) -> str:
    """The median over runs of the largest eigenvalue of the Hessian of the training loss, where it converged."""
    import pandas as pd

    wanted = [("metric", "==", "lambda_max"), ("split", "==", "train")]
    table = pd.read_parquet(out, columns=["value", "converged"], filters=wanted)
    return (
        f"{len(table)} runs, median curvature {table.loc[table['converged'], 'value'].median():.3g}"
        f" of the {table['converged'].sum()} converged"
    )


def trace(out: Path) -> str:
    """Values along the traced runs."""
    import pyarrow.parquet as pq

    return f"{pq.read_metadata(out).num_rows:,} values along the way"


def theory(out: Path) -> str:
    """Values measured, and how many of them theory predicts."""
    import pandas as pd

    table = pd.read_parquet(out, columns=["expected"])
    return f"{len(table)} values, {table['expected'].notna().sum()} of them with a known answer"


def collate(records: Path) -> str:
    """Rows of the records."""
    import pyarrow.parquet as pq

    return f"{pq.read_metadata(records).num_rows:,} rows"


def claims(out: Path) -> str:
    """Hypotheses by verdict."""
    families = json.loads(out.read_text())["families"].values()
    counts = Counter(verdict["verdict"] for family in families for verdict in family["verdicts"])
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))


def numbers(out: Path) -> str:
    """The numbers that the text may quote."""
    return f"{len(re.findall(r'^.(?:provide|new)command', out.read_text(), re.M))} numbers"


def paper(out: Path) -> str:
    """Pages, as LaTeX counts them in the log beside the PDF."""
    log = out.with_name(f"{out.stem}.build") / "main.log"
    pages = re.findall(r"^Output written on .*\((\d+) pages?", log.read_text(errors="replace"), re.M)[-1]
    return f"{pages} pages"


def calibrate(out: Path) -> str:
    """Simulated claims, and how many of those at a threshold got a verdict, each of them wrong."""
    import pandas as pd

    table = pd.read_parquet(out, columns=["planted", "verdict"])
    null = table[table["planted"] == "threshold"]
    wrong = (null["verdict"] != "undecided").mean()
    return f"{len(table):,} claims, {100 * wrong:.1f} % wrong of {len(null):,} at their thresholds"


def origin_page(out: Path) -> str:
    """The number of things whose origin the page gives."""
    return f"{out.read_text().count('hypertarget')} origins"


def file(out: Path) -> str:
    """The size of a file."""
    return f"{out.name}, {max(1, round(out.stat().st_size / 1000))} kB"
