"""The typefaces: file against manifest, families apart, domains outside every part, and the script that drew them."""

import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch

from robustpath.core.errors import UserError
from robustpath.data import sets
from robustpath.data.download import payload
from robustpath.data.prepare import prepare
from robustpath.data.prepared import load
from robustpath.data.registry import DATASETS
from robustpath.data.shifts import shifted_sets
from robustpath.data.splits import split

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src/robustpath/data"
SCRIPT = ROOT / "workflow/scripts/render_typefaces.py"
MANIFEST = json.loads((FOLDER / "typefaces.json").read_text(encoding="utf-8"))
NAMES = ("typefaces", "typeface_digits")
BOOK = ("sans", "serif", "mono")
SETTINGS = {"severities": [], "validation_size": 100, "test_size": 300}


@pytest.fixture(scope="module")
def archive():
    with np.load(FOLDER / "typefaces.npz") as held:
        return dict(held)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    found = {}
    for name in NAMES:
        prepare({"dataset": name, "image_size": 28}, folder / f"{name}.safetensors", folder / f"{name}.json")
        found[name] = load(folder / f"{name}.safetensors")
    return found


@pytest.fixture(scope="module")
def script():
    specification = importlib.util.spec_from_file_location("render_typefaces", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_manifest_is_of_this_file():
    content = (FOLDER / "typefaces.npz").read_bytes()
    assert (MANIFEST["sha256"], MANIFEST["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
    for name in NAMES:
        (file,) = DATASETS[name].files
        assert (file.sha256, file.size) == (MANIFEST["sha256"], MANIFEST["bytes"])


def test_the_manifest_describes_every_face(archive):
    faces = MANIFEST["faces"]
    assert archive["images"].shape == (len(faces), len(MANIFEST["glyphs"]), 28, 28)
    assert [MANIFEST["families"][code] for code in archive["family"]] == [face["family"] for face in faces]
    assert [MANIFEST["domains"][code] for code in archive["domain"]] == [face["domain"] for face in faces]
    drawn = [hashlib.sha256(images.tobytes()).hexdigest() for images in archive["images"]]
    assert drawn == [face["images"] for face in faces]
    assert len(set(drawn)) == len(drawn)


def test_every_face_has_a_package_with_version_and_licence():
    packages = {entry["package"]: entry for entry in MANIFEST["packages"]}
    assert {face["package"] for face in MANIFEST["faces"]} == set(packages)
    assert all(entry["version"] and entry["licence"] for entry in packages.values())
    assert not any("GPL" in entry["licence"] for entry in packages.values())


def test_a_family_is_in_one_domain_of_shifts_and_no_larger_than_registered():
    places = {}
    for face in MANIFEST["faces"]:
        places.setdefault(face["family"], []).append("book" if face["domain"] in BOOK else face["domain"])
    assert all(len(set(domains)) == 1 for domains in places.values())
    assert max(map(len, places.values())) == DATASETS["typefaces"].largest_group
    assert DATASETS["typefaces"].domains == tuple(MANIFEST["domains"][3:])


def test_images_are_centred_glyphs_with_the_longer_side_of_22_pixels(archive):
    ink = archive["images"].reshape(-1, 28, 28) > 0
    rows, columns = ink.any(2), ink.any(1)
    sides = [rows.sum(1), columns.sum(1)]
    # Faint ink at an edge can fall to black when grey levels are rounded.
    assert np.isin(np.maximum(*sides), [20, 21, 22]).mean() > 0.99
    assert not ink[:, :3].any() and not ink[:, -3:].any() and not ink[:, :, :3].any() and not ink[:, :, -3:].any()
    assert set(np.unique(archive["images"])) <= set(range(0, 256, 17))


def test_digits_and_letters_are_read_in_order(archive):
    payloads = {"typefaces.npz": (FOLDER / "typefaces.npz").read_bytes()}
    for name, first, last in (("typeface_digits", 0, 10), ("typefaces", 10, 36)):
        images, labels, official_test, group, domain = sets.load(name).read(payloads)
        assert np.array_equal(images.reshape(-1, last - first, 28, 28), archive["images"][:, first:last])
        assert labels[: last - first].tolist() == list(range(last - first))
        assert not official_test.any()
        assert np.array_equal(group >= 0, domain < 0)
        assert np.array_equal(domain[:: last - first], np.maximum(archive["domain"].astype(int) - 3, -1))


@pytest.mark.parametrize("name", NAMES)
def test_families_are_apart_and_domains_outside_for_every_seed(prepared, name):
    data = prepared[name]
    for seed in range(12):
        parts = split(data, name, seed, 300, 900)
        families = [set(data.group[part].tolist()) for part in parts]
        assert not families[0] & families[1] and not families[0] & families[2] and not families[1] & families[2]
        assert all((data.domain[part] == -1).all() for part in parts)


@pytest.mark.parametrize("name", NAMES)
def test_each_domain_is_a_natural_shift_of_its_own_faces_in_equal_classes(prepared, name):
    data = prepared[name]
    settings = SETTINGS | {"shifts": DATASETS[name].shifted_by}
    found = {item.shift: item for item in shifted_sets(name, 3, {name: data}, settings)}
    assert {shift: item.shift_family for shift, item in found.items() if item.severity} == {
        "script": "natural",
        "blackletter": "natural",
        "display": "natural",
    }
    for place, shift in enumerate(DATASETS[name].domains):
        item, own = found[shift], data.inputs[data.domain == place].flatten(1)
        counts = torch.bincount(item.labels)
        assert counts.max() - counts.min() <= 1
        assert len(item.labels) == min(len(own), SETTINGS["test_size"])
        assert {image.numpy().tobytes() for image in item.inputs} <= {image.numpy().tobytes() for image in own}


def test_digits_are_tested_on_mnist_but_mnist_is_as_before():
    assert DATASETS["typeface_digits"].natural_shift_to == ("mnist5k",)
    assert DATASETS["mnist5k"].natural_shift_to == ("optdigits",)


def test_an_altered_file_is_refused(tmp_path, monkeypatch):
    content = bytearray((FOLDER / "typefaces.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "typefaces.npz").write_bytes(content)
    monkeypatch.setenv("ROBUSTPATH_DATA", str(tmp_path))
    with pytest.raises(UserError, match=r"typefaces\.npz is altered or truncated"):
        prepare({"dataset": "typeface_digits", "image_size": 8}, tmp_path / "out", tmp_path / "card")


def test_a_missing_file_is_to_be_restored(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTPATH_DATA", str(tmp_path))
    monkeypatch.setattr("robustpath.data.download._places", lambda file: [])
    with pytest.raises(UserError, match=r"typefaces\.npz is missing: restore it from the repository, or put it at"):
        payload(DATASETS["typefaces"].files[0])


def test_missing_fonts_are_named_in_one_sentence(tmp_path):
    # Without dpkg and apt on the path no package is found, as on a system that is no Debian.
    command = [sys.executable, str(SCRIPT), "--scratch", str(tmp_path / "fonts"), "--out", str(tmp_path / "out")]
    ran = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: ") and ran.stderr.count("\n") == 1
    assert "fonts-aenigma" in ran.stderr and "fonts-yanone-kaffeesatz" in ran.stderr
    assert not (tmp_path / "out").exists()


DEJAVU = Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf")


def test_the_renderer_draws_a_font_that_is_always_here(script):
    (face,) = script.drawn("matplotlib", [DEJAVU], "display")
    assert (face.family, face.style, face.file) == ("DejaVu Sans", "Book", "DejaVuSans.ttf")
    assert face.images.shape == (36, 28, 28)
    one, letter_o = face.images[1], face.images[script.GLYPHS.index("O")]
    assert one.any(1).sum() == 22 and letter_o.any(1).sum() == 22
    assert abs(np.flatnonzero(letter_o.any(0)).mean() - 13.5) <= 0.5
    assert np.abs(letter_o.astype(int) - letter_o[:, ::-1]).mean() < 10


def test_a_font_without_the_letters_is_dropped(script):
    symbols = DEJAVU.with_name("STIXSizFiveSymReg.ttf")
    assert list(script.drawn("matplotlib", [symbols], "sans")) == []


def test_weights_and_near_copies_are_of_one_family(script):
    def family(name):
        plain = script.re.sub(script.STYLES, "", name)
        return script.DRAWN_AFTER.get(plain, plain)

    assert family("Latin Modern Mono Prop Light") == family("Latin Modern Mono") == "Latin Modern Mono"
    assert family("Courier Prime Sans") == family("Courier Prime Code") == "Courier Prime"
    assert family("Hack") == family("DejaVu Sans Mono")
    assert family("DejaVu Sans") == "DejaVu Sans" != family("DejaVu Serif")


def test_faces_of_a_family_are_thinned_evenly_and_copies_left_out(script):
    picture = [np.full((36, 28, 28), grey, np.uint8) for grey in range(12)]
    faces = [script.Face("p", f"{grey}.ttf", "", "one", "", "sans", picture[grey]) for grey in (*range(11), 10)]
    faces.append(script.Face("p", "other.ttf", "", "two", "", "sans", picture[11]))
    kept = [face.file for face in script.thinned(faces)]
    assert kept == ["0.ttf", "2.ttf", "4.ttf", "6.ttf", "8.ttf", "10.ttf", "other.ttf"]


def test_an_installed_font_is_drawn_as_it_was(script, tmp_path):
    """Bit by bit, for each package of a few small ones that is installed in the version of the manifest."""
    versions = {entry["package"]: entry["version"] for entry in MANIFEST["packages"]}
    compared = 0
    for package in ("fonts-dejavu-core", "fonts-lmodern"):
        place = script.located(package, script.SCRATCH)
        if place is None or place[0] != versions[package]:
            continue
        files = {file.name: file for file in place[1]}
        committed = [face for face in MANIFEST["faces"] if face["package"] == package][:4]
        for expected in committed:
            (face,) = script.drawn(package, [files[expected["file"]]], expected["domain"])
            assert script.described(face) == expected
            compared += 1
    if not compared:
        pytest.skip("no font package is installed in the manifest's version: the committed pixels are not drawn again")
