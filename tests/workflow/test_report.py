"""The report in a real browser: every figure and table is there and can be seen, without a network."""

import base64
import shutil

import pytest
from browser import PACKAGE, PROGRAM, visit
from checkouts import ODD, duplicate, snakemake

from robustpath.figures.manifest import manifest

pytestmark = pytest.mark.skipif(not shutil.which("latexmk"), reason="latexmk is not installed")
needs_browser = pytest.mark.skipif(
    not shutil.which(PROGRAM), reason=f"no browser to open the report in: install the Debian package {PACKAGE}"
)
# Click through the menu as a reader does; row by row: its topic, its question, and the picture behind the eye.
WALK = """
  const settled = () => new Promise(done => setTimeout(done, 50));
  const link = text => [...document.querySelectorAll("nav a, nav li")].filter(e => e.textContent.trim() === text).pop();
  const found = [];
  while (!app) await settled();
  for (const topic of Object.keys(categories)) {
    app.setView({navbarMode: "menu"});
    await settled();
    link(topic).click();
    await settled();
    for (let row = 0; row < document.querySelectorAll("nav tbody tr").length; row++) {
      const cells = document.querySelectorAll("nav tbody tr")[row].querySelectorAll("td");
      cells[1].querySelector("a").click();
      await settled();
      const picture = document.querySelector("#app > div > div img");
      while (!picture.complete) await settled();
      const top = picture.getBoundingClientRect().top;
      found.push([topic, cells[0].textContent, picture.src, picture.naturalWidth, top]);
    }
  }
  return {found, captions: Object.values(results).map(each => each.caption)};
"""


@pytest.fixture(scope="module")
def reported(tmp_path_factory, smoke_run):
    """A finished smoke run with its report."""
    folder = duplicate(smoke_run, tmp_path_factory.mktemp("report") / ODD / "repository")
    style = ("--report-stylesheet", "workflow/report/report.css")
    for options in ((), ("--report", "results/smoke/report.html", *style)):
        done = snakemake(folder, "pictures", *options)
        assert done.returncode == 0, done.stderr[-3000:]
    return folder


@needs_browser
def test_every_figure_and_table_is_seen_and_nothing_is_asked_of_the_network(reported, tmp_path):
    answer, errors, asked = visit(reported / "results/smoke/report.html", WALK, tmp_path / "visit")
    entries = manifest(reported / "notebooks/manifest.yaml")
    assert sorted((topic, question) for topic, question, *_ in answer["found"]) == sorted(
        (entry["category"], entry["question"]) for entry in entries.values()
    )
    pictures = {question: base64.b64decode(source.partition(",")[2]) for _, question, source, *_ in answer["found"]}
    for name, entry in entries.items():
        assert pictures[entry["question"]] == (reported / f"results/smoke/pictures/{name}.png").read_bytes()
    assert min(width for *_, width, _ in answer["found"]) > 300
    assert min(top for *_, top in answer["found"]) >= 0
    assert len(answer["captions"]) == len(entries)
    assert all("system-message" not in caption for caption in answer["captions"])
    assert errors == []
    assert asked == []


@needs_browser
def test_the_browser_tells_of_errors_and_of_requests(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<body><img src='http://example.org/a.png'><script>missing()</script></body>")
    answer, errors, asked = visit(page, "return 1", tmp_path / "visit")
    assert answer == 1
    assert len(errors) == 1 and "missing is not defined" in errors[0]
    assert asked == ["http://example.org/a.png"]
