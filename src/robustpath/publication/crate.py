"""A finished run as an RO-Crate: the workflow, what each figure, table and table of records is, which notebook made it.

The date is that of the commit, and none is of now, so that equal results give equal bytes.
"""

import json
from importlib.metadata import version
from pathlib import Path

from rocrate.model import ContextEntity, Person
from rocrate.rocrate import ROCrate

from robustpath import study
from robustpath.config.yaml import read
from robustpath.core.errors import UserError
from robustpath.core.files import replacing
from robustpath.figures.manifest import MANIFEST, manifest
from robustpath.protocols import declared
from robustpath.publication import machine, origin

LICENCE = "https://spdx.org/licenses/MIT"
TYPES = {".pdf": "application/pdf", ".tex": "application/x-tex", ".parquet": "application/vnd.apache.parquet"}
TYPES |= {".json": "application/json", ".ipynb": "application/x-ipynb+json", ".npz": "application/zip"}
NAME = "ro-crate-metadata.json"
WHAT = {
    origin.RECORDS: "A row a run, split, shift, severity and metric",
    origin.CLAIMS: "The verdicts on the hypotheses",
    origin.CALIBRATION: "Simulated claims and their verdicts",
    origin.BESIDE["traces"]: "Loss, curvature and accuracy through training",
    origin.BESIDE["surfaces"]: "Loss surfaces and trajectories",
    origin.BESIDE["theory"]: "What a theory case measured, and what theory says of it",
}


def write(scale: str, root: Path = Path(".")) -> Path:
    """Write results/{scale}/ro-crate-metadata.json and return its path; UserError where there is no paper yet."""
    root = Path(root)
    config = study.load(root / "config.yaml", {"scale": scale, "start": "raw"})
    folder = root / study.results(config)
    if not (folder / "paper.pdf").is_file():
        raise UserError(f"{folder}/paper.pdf: no such file; run `make paper SCALE={scale}` first, then make the crate")
    citation = read(root / "CITATION.cff", "CITATION.cff")
    here = machine.source(root)
    commit = machine.described(here.changed, len(here.edits))
    crate = ROCrate()
    crate.name, crate.description = citation["title"], " ".join(citation["abstract"].split())
    crate.datePublished = machine.commit_date(root, here.changed)
    about = {"@type": "CreativeWork", "name": "MIT License", "description": "Of the code and its results"}
    crate.license = crate.add(ContextEntity(crate, LICENCE, about))
    people = [Person(crate, f"#author{number}", {"name": person.get("name", "")})
              for number, person in enumerate(citation["authors"])]  # fmt: skip
    crate.root_dataset["author"] = [crate.add(person) for person in people]
    crate.root_dataset["version"] = f"{citation['version']}, commit {commit}"
    paper = _file(crate, folder, "paper.pdf", "The paper")
    about = {"@type": "SoftwareApplication", "name": "Snakemake", "url": "https://snakemake.github.io"}
    engine = crate.add(ContextEntity(crate, "#snakemake", about | {"version": version("snakemake")}))
    # The Snakefile lies in the repository; a ComputationalWorkflow would have to be a file of the crate.
    what = f"Run the Snakefile of commit {commit}, from raw data to the paper"
    actions = [_action(crate, "#run", what, engine, [], [paper])]
    listed, report = manifest(root / MANIFEST), study.report_settings(config)
    for entry in origin.table(config, root):
        if entry.kind not in ("figure", "table"):
            continue
        made = [_file(crate, folder, name, entry.meaning) for name in entry.outputs]
        used = [
            _file(crate, folder, file.relative_to(folder).as_posix(), WHAT[name])
            for name in entry.inputs
            for file in sorted(folder.glob(name)) or [folder / name]
        ]
        own = listed[entry.name]
        if why := declared.why(own.get("needs", {}), study.figure_settings(report, own)):
            # No notebook ran: a job of Snakemake put a sentence in its place.
            tool, what = engine, f"Leave out the {entry.kind} {entry.name}: {why}"
        else:
            tool = _file(crate, folder, f"logs/notebooks/{entry.name}.ipynb", f"{entry.source} as it ran")
            what = f"Draw the {entry.kind} {entry.name}"
        actions.append(_action(crate, f"#draw-{entry.name}", what, tool, used, made))
    crate.root_dataset["mentions"] = actions
    out = folder / NAME
    with replacing(out) as temporary:
        temporary.write_text(json.dumps(_settled(crate.metadata.generate()), indent=1, ensure_ascii=False) + "\n")
    return out


def _action(crate: ROCrate, name: str, what: str, instrument, used: list, made: list):
    """The entity of one step: what made what of what."""
    about = {
        "@type": "CreateAction",
        "name": what,
        "instrument": {"@id": instrument.id},
        "result": [{"@id": part.id} for part in made],
    }
    about |= {"object": [{"@id": part.id} for part in used]} if used else {}
    return crate.add(ContextEntity(crate, name, about))


def _file(crate: ROCrate, folder: Path, name: str, what: str):
    """The entity of a file of the results, added once."""
    known = crate.dereference(name)
    if known is not None:
        return known
    if not (folder / name).is_file():
        raise UserError(f"{folder / name}: no such file, though the paper is made of it; run snakemake again")
    properties = {"name": name, "encodingFormat": TYPES[Path(name).suffix], "description": what}
    if name.endswith(".ipynb"):  # holds times, so that its size is never the same twice
        properties["@type"] = ["File", "SoftwareSourceCode"]
    else:
        properties["contentSize"] = str((folder / name).stat().st_size)
    return crate.add_file(folder / name, name, properties=properties)


def _settled(metadata: dict) -> dict:
    """The metadata with its entities in order; what is alone is in no list, as RO-Crate 1.3 recommends."""
    plain = [
        {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in entity.items()}
        for entity in metadata["@graph"]
    ]
    return metadata | {"@graph": sorted(plain, key=lambda entity: entity["@id"])}
