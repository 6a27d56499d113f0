"""A page opened in headless Chromium without a network: what a script finds in it, what the browser complains of."""

import json
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import NamedTuple

PROGRAM, PACKAGE = "chromium", "chromium"
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
# Comes after the page's own scripts; what it returns goes into an element.
SCRIPT = """<script>
(async () => {
  const answer = document.createElement("pre");
  answer.id = "answer";
  try { answer.textContent = JSON.stringify(await (async () => { %s })()); }
  catch (error) { console.error("Uncaught in the walk: " + error); }
  document.body.append(answer);
})();
</script></body>"""


class Visit(NamedTuple):
    """What the script returned, the errors on the console, and the addresses that were asked for."""

    answer: object
    errors: list[str]
    asked: list[str]


def visit(page: Path, script: str, folder: Path, *options: str) -> Visit:
    """Open a copy of `page` in `folder`, a new one, run the body of an asynchronous function after its own scripts."""
    folder.mkdir()
    before, end, after = page.read_text(encoding="utf-8").rpartition("</body>")
    assert end, f"{page} has no end of its body"
    (folder / "page.html").write_text(before + SCRIPT % script + after, encoding="utf-8")
    log = folder / "net.json"
    watched = [f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", "--enable-logging=stderr"]
    done = subprocess.run(
        [
            PROGRAM,
            *QUIET,
            *watched,
            *options,
            "--virtual-time-budget=600000",
            "--dump-dom",
            f"file://{folder}/page.html",
        ],
        capture_output=True,
        text=True,
        timeout=180,
    )
    answer = re.search(r'<pre id="answer">(.*?)</pre>', done.stdout, re.DOTALL)
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert answer and answer[1], "\n".join(console) or done.stderr[-3000:]
    return Visit(
        json.loads(unescape(answer[1])),
        [line for line in console if "ERROR:CONSOLE" in line or "Uncaught" in line],
        requests(json.loads(log.read_text())["events"]),
    )


def requests(events: list[dict]) -> list[str]:
    """The addresses on a network that a page from a file asked for; what the browser asks for itself has no page."""
    parameters = (event.get("params", {}) for event in events)
    return sorted(
        {
            each["url"]
            for each in parameters
            if each.get("network_isolation_key", "").startswith("file:") and not each["url"].startswith("file:")
        }
    )
