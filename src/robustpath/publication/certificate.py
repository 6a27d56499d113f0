"""The outcome of a verification: printed as a table, and written as a certificate in Markdown and JSON."""

import json
from pathlib import Path

from robustpath.core.files import replacing
from robustpath.core.text import table
from robustpath.publication.compare import GOOD, Check, Findings

SHOWN = 20  # rows of one level and verdict


def write(path: Path, about: dict, findings: Findings) -> None:
    """Write the certificate `path` (Markdown) and the same as JSON beside it; `about` says what was verified, where."""
    whole = about | {
        "verdict": verdict(findings.checks),
        "checks": [check._asdict() for check in findings.checks],
        "not checked": [entry._asdict() for entry in findings.unchecked],
    }
    for file, text in ((path, _markdown(about, findings)), (path.with_suffix(".json"), json.dumps(whole, indent=1))):
        with replacing(file) as temporary:
            temporary.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


def verdict(checks: list[Check]) -> str:
    """The verdict on all that was checked, in a few words."""
    bad = sum(check.verdict not in GOOD for check in checks)
    return f"{bad} of {len(checks)} checks failed" if bad else f"all {len(checks)} checks passed"


def shown(findings: Findings) -> str:
    """The table for a terminal, long series of rows cut short, and what was not checked."""
    last = ("level", "verdict", "expected", "found", "what")  # what may be long
    rows = [{name: getattr(check, name) for name in last} for check in _brief(findings.checks)]
    unchecked = [f"not checked: {entry.what} ({entry.why})" for entry in findings.unchecked]
    return "\n".join([table(rows), *unchecked])


def _brief(checks: list[Check]) -> list[Check]:
    """The checks, of every long series of one level and verdict the first and how many more there are."""
    series = {}
    for check in checks:
        series.setdefault((check.level, check.verdict), []).append(check)
    brief = []
    for (level, verdict), own in series.items():
        kept = len(own) if len(own) <= SHOWN else 1 if verdict in GOOD else SHOWN
        brief += own[:kept]
        if kept < len(own):
            brief.append(Check(level, f"and {len(own) - kept} more", "", "", verdict))
    return brief


def _markdown(about: dict, findings: Findings) -> str:
    facts = "\n".join(f"- {key}: {_plain(value)}" for key, value in about.items())
    rows = "\n".join(f"| {' | '.join(_cell(value) for value in check)} |" for check in findings.checks)
    unchecked = "\n".join(f"- {entry.what}: {entry.why}" for entry in findings.unchecked) or "- nothing"
    return f"""# Certificate of verification: {verdict(findings.checks)}

{facts}

| level | what | expected | found | verdict |
| --- | --- | --- | --- | --- |
{rows}

Not checked:

{unchecked}
"""


def _plain(value: object) -> str:
    return ", ".join(f"{key} {each}" for key, each in value.items()) if isinstance(value, dict) else str(value)


def _cell(value: object) -> str:
    return str(value).replace("|", r"\|").replace("\\newcommand", "newcommand")
