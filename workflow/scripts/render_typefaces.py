#!/usr/bin/env python
"""Render typefaces.npz and typefaces.json of src/robustpath/data anew, from the font packages of Debian.

Packages that are installed are read where they lie; the others are fetched by `apt-get download` into a scratch folder,
which needs no rights. Both files are committed, so that nothing else needs the fonts. The pixels are those of Debian 12
and of the Pillow of requirements.lock; another release may draw a face differently, and --check says which.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_LZMA, ZipFile, ZipInfo

import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont, features

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "src/robustpath/data"
SCRATCH = ROOT / ".cache/typefaces"

GLYPHS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
POINTS = 64  # pixels per em at which a glyph is drawn
SIDE = 28
INK = 22  # longer side of the ink in the image
GREYS = 17  # step between grey levels: 16 levels halve the file, and no reader misses the others
DISTINCT = 30  # a face with fewer different glyphs is no alphabet
FACES = 6  # at most so many of a family

DOMAINS = ("sans", "serif", "mono", "script", "blackletter", "display")
PERMISSION = "permission of the designer, Brian Kent, to redistribute and change with attribution"
# Names of packages without `fonts-`, by domain and licence (that of the fonts in the package's copyright file).
PACKAGES = {
    ("sans", "OFL-1.1"): "averia-gwf b612 cabin cantarell comfortaa dosis jura karla lato liberation2 play quicksand "
    "sil-andika yanone-kaffeesatz",
    ("sans", "Apache-2.0"): "clear-sans open-sans roboto-unhinted",
    ("sans", "Bitstream-Vera"): "dejavu-core dejavu-extra",
    ("sans", "BSD-3-Clause"): "go",
    ("sans", "public domain"): "tuffy",
    ("serif", "OFL-1.1"): "arapey ebgaramond essays1743 quattrocento sil-charis sil-gentium-basic vollkorn",
    ("serif", "OFL-1.0"): "oldstandard",
    ("serif", "Apache-2.0"): "roboto-slab",
    ("serif", "GUST-Font-License"): "lmodern texgyre",
    ("serif", "public domain"): "prociono",
    ("mono", "OFL-1.1"): "anonymous-pro courier-prime gnutypewriter",
    ("mono", "OFL-1.0"): "inconsolata",
    ("mono", "MIT AND Bitstream-Vera"): "hack",
    ("script", "OFL-1.1"): "bajaderka bwht comic-neue dancingscript ecolier-court havana humor-sans joscelyn "
    "kaushanscript kristi leckerli-one lobster lobstertwo",
    ("blackletter", "OFL-1.1"): "blankenburg gamaliel gotico-antiqua",
    ("display", PERMISSION): "aenigma",
}
# What a family's name says goes before its package; the first that fits counts.
NAMED = {r"Mono\b|Cursor": "mono", r"Serif\b": "serif", r"Latin Modern Sans|Adventor|Heros": "sans", "Chorus": "script"}
# Weights, widths and optical forms are of one family, and so is what was drawn after it: no split may part them.
STYLES = (
    r" (Light|Medium|Thin|Condensed|Cond|Cn|Book|Caps|Smallcaps|Demi|Dunhill|Slanted|Unslanted|Prop|Quotation|Minus|"
    r"Code)\b|(?<=Courier Prime) Sans"
)
DRAWN_AFTER = {"Hack": "DejaVu Sans Mono"}
# Mathematical fonts repeat a text face; the others, found by eye, show patterns and pictures in place of characters.
LEFT_OUT = (
    r"latinmodern-math|DejaVuMath|90stars|bin01st|binaryt|binaryx|binx01s|bitbttf|entlayrb|fauxsnow|graze|hdmaker|"
    r"lineding|symmetry"
)


class Face(NamedTuple):
    """A face that was drawn: where it comes from, and its images uint8 [36, 28, 28] in the order of GLYPHS."""

    package: str
    file: str
    sha256: str
    family: str
    style: str
    domain: str
    images: np.ndarray


def main(arguments: list[str] | None = None) -> int:
    """Render and write, or with --check compare with what is there; 1 after saying what is missing or differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="folder of the two files")
    parser.add_argument("--scratch", type=Path, default=SCRATCH, metavar="DIR", help="where packages are unpacked")
    parser.add_argument("--check", action="store_true", help="write nothing, say which faces differ from those in DIR")
    options = parser.parse_args(arguments)
    listed = {f"fonts-{name}": about for about, names in PACKAGES.items() for name in names.split()}
    found = {package: located(package, options.scratch) for package in sorted(listed)}
    if absent := [package for package, place in found.items() if not place]:
        fetch(absent, options.scratch)
        found |= {package: located(package, options.scratch) for package in absent}
    if absent := [package for package, place in found.items() if not place]:
        print(
            f"error: {len(absent)} font packages are not installed and apt-get download does not find them: "
            f"on Debian 12, run 'apt-get update' or install {' '.join(absent)}.",
            file=sys.stderr,
        )
        return 1
    faces = (face for package, (_, files) in found.items() for face in drawn(package, files, listed[package][0]))
    kept = thinned(faces)
    if options.check:
        return compared(kept, options.out)
    options.out.mkdir(parents=True, exist_ok=True)
    write(kept, {package: (found[package][0], listed[package][1]) for package in found}, options.out)
    return 0


def located(package: str, scratch: Path) -> tuple[str, list[Path]] | None:
    """Version and font files of a package, installed or unpacked below `scratch`; None where it is neither."""
    status, _, version = said("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package).partition(" ")
    if status == "installed":
        return version, fonts(map(Path, said("dpkg-query", "-L", package).splitlines()))
    unpacked = next(scratch.glob(f"{package}_*"), None)
    return unpacked and (unpacked.name.split("_")[1].replace("%3a", ":"), fonts(unpacked.rglob("*")))


def fetch(packages: list[str], scratch: Path) -> None:
    """Unpack those of `packages` that apt knows into one folder each below `scratch`, none half unpacked."""
    known = set(said("apt-cache", "pkgnames", "fonts-").split())
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as work:
        said("apt-get", "download", "-q", *(package for package in packages if package in known), folder=work)
        for archive in Path(work).glob("*.deb"):
            said("dpkg-deb", "-x", str(archive), str(archive.with_suffix("")))
            archive.with_suffix("").replace(scratch / archive.stem)


def said(*command: str, folder: str | None = None) -> str:
    """What a command prints; nothing if it fails or does not exist."""
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def fonts(files: Iterable[Path]) -> list[Path]:
    """The outline fonts among `files` by name, symbolic links left out."""
    outlines = (file for file in files if file.suffix.lower() in (".otf", ".ttf") and not file.is_symlink())
    return sorted(outlines, key=lambda file: (file.name, str(file)))


def drawn(package: str, files: list[Path], domain: str) -> Iterator[Face]:
    """The faces of a package that have every glyph, one a family and style: some packages hold two font formats."""
    seen = set()
    for file in files:
        name = ImageFont.truetype(file, POINTS).getname()
        if name in seen or re.match(LEFT_OUT, file.name) or (images := alphabet(file)) is None:
            continue
        seen.add(name)
        family = re.sub(STYLES, "", name[0])
        of_name = next((other for words, other in NAMED.items() if re.search(words, name[0])), domain)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        yield Face(package, file.name, digest, DRAWN_AFTER.get(family, family), name[1], of_name, images)


def alphabet(file: Path) -> np.ndarray | None:
    """The glyphs of a font file, uint8 [36, 28, 28]; None if one is missing or too many are alike."""
    with TTFont(file, lazy=True) as tables:
        if not set(map(ord, GLYPHS)) <= set(tables.getBestCmap() or ()):
            return None
    font = ImageFont.truetype(file, POINTS, layout_engine=ImageFont.Layout.BASIC)
    images = np.stack([image(font, glyph) for glyph in GLYPHS])
    complete = images.any((1, 2)).all() and len(np.unique(images, axis=0)) >= DISTINCT
    return images if complete else None


def image(font: ImageFont.FreeTypeFont, glyph: str) -> np.ndarray:
    """A glyph, white on black, uint8 [28, 28]: cropped to its ink, the longer side 22 pixels, in the middle."""
    left, top, right, bottom = font.getbbox(glyph)
    canvas = Image.new("L", (round(right - left) + 2, round(bottom - top) + 2))
    ImageDraw.Draw(canvas).text((1 - left, 1 - top), glyph, fill=255, font=font)
    frame = Image.new("L", (SIDE, SIDE))
    if box := canvas.getbbox():
        ink = canvas.crop(box)
        width, height = (max(1, round(side * INK / max(ink.size))) for side in ink.size)
        frame.paste(ink.resize((width, height), Image.Resampling.BILINEAR), ((SIDE - width) // 2, (SIDE - height) // 2))
    return (np.round(np.asarray(frame) / GREYS) * GREYS).astype(np.uint8)


def thinned(faces: Iterable[Face]) -> list[Face]:
    """Faces that differ, at most FACES of each family, spread evenly over its files; the order stays."""
    distinct: dict[bytes, Face] = {}
    for face in faces:
        distinct.setdefault(face.images.tobytes(), face)
    families: dict[str, list[int]] = {}
    for place, face in enumerate(distinct.values()):
        families.setdefault(face.family, []).append(place)
    kept = set()
    for places in families.values():
        count = min(len(places), FACES)
        kept.update(places[round(step * (len(places) - 1) / max(count - 1, 1))] for step in range(count))
    return [face for place, face in enumerate(distinct.values()) if place in kept]


def write(faces: list[Face], packages: dict[str, tuple[str, str]], out: Path) -> None:
    """typefaces.npz: images uint8 [F, 36, 28, 28], family uint16 [F] and domain uint8 [F]; typefaces.json: origins."""
    families = sorted({face.family for face in faces})
    arrays = {
        "images": np.stack([face.images for face in faces]),
        "family": np.array([families.index(face.family) for face in faces], np.uint16),
        "domain": np.array([DOMAINS.index(face.domain) for face in faces], np.uint8),
    }
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for name, array in arrays.items():
            plain = BytesIO()
            np.save(plain, array)
            # LZMA takes half of what numpy's own savez_compressed does, and numpy.load reads it as well.
            archive.writestr(ZipInfo(f"{name}.npy"), plain.getvalue(), ZIP_LZMA)
    (out / "typefaces.npz").write_bytes(packed.getvalue())
    manifest = {
        "file": "typefaces.npz",
        "sha256": hashlib.sha256(packed.getvalue()).hexdigest(),
        "bytes": len(packed.getvalue()),
        "licence": "The images are drawn with the fonts and are no fonts; each font keeps the licence of its package.",
        "glyphs": GLYPHS,
        "domains": DOMAINS,
        "pillow": Image.__version__,
        "freetype": features.version("freetype2"),
        "packages": [{"package": name, "version": version, "licence": of} for name, (version, of) in packages.items()],
        "families": families,
        "faces": [described(face) for face in faces],
    }
    lines = (f" {json.dumps(key)}: {listing(value)}" for key, value in manifest.items())
    (out / "typefaces.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{len(faces)} faces of {len(families)} families, {len(packed.getvalue()):,} bytes")


def described(face: Face) -> dict:
    """A face as the manifest holds it, with the sha256 of its pixels."""
    return face._asdict() | {"images": hashlib.sha256(face.images.tobytes()).hexdigest()}


def listing(value: object) -> str:
    """A value as JSON, a list of mappings with one line for each."""
    if isinstance(value, list) and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in value) + "\n ]"
    return json.dumps(value, ensure_ascii=False)


def compared(faces: list[Face], folder: Path) -> int:
    """Say which faces differ from those that the manifest in `folder` holds; 1 if any does."""
    committed = {
        (face["package"], face["file"]): face for face in json.loads((folder / "typefaces.json").read_text())["faces"]
    }
    rendered = {(face.package, face.file): described(face) for face in faces}
    different = sorted(key for key in committed | rendered if committed.get(key) != rendered.get(key))
    for package, file in different:
        print(f"{package} {file} differs")
    print(f"{len(committed | rendered) - len(different)} of {len(committed | rendered)} faces are as they were")
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main())
