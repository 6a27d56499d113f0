"""Data sets that keep the parts of their authors, from tiny files in their real form, and what is refused of them."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import tiny
import torch

from robustpath import commands
from robustpath.core.errors import UserError
from robustpath.data import sets
from robustpath.data.by_hand import ByHand
from robustpath.data.splits import split

WATERBIRDS = "waterbird_complete95_forest2water2.tar.gz"
COMMENTS = "civil_comments/all_data_with_identities.csv"
BLOND, MALE, PARTS = np.arange(16) % 2, np.arange(16) // 2 % 2, np.arange(16) // 4 % 4 % 3
FACES = np.repeat(tiny.photographs(16, 44), 2, axis=1)  # higher than wide, as CelebA's are
TOXIC, MENTIONS = (np.arange(12) % 4) / 4 + 0.1, np.arange(12) // 4 % 2  # toxic from 0.5 on
TEXTS = [f'Reply {n}: "so,\nso" they say' for n in range(12)]
SPLIT = np.arange(12) // 4


def faces():
    return tiny.celeba_files(FACES, BLOND, MALE, PARTS), tiny.counts(BLOND, 1 - MALE, PARTS)


def comments(**changed):
    columns = {"texts": TEXTS, "toxicity": TOXIC, "identity": MENTIONS, "parts": SPLIT} | changed
    labels = (np.array(columns["toxicity"]) >= 0.5).astype(int)
    return tiny.civil_comments_csv(**columns), tiny.counts(labels, columns["identity"], columns["parts"])


def test_faces_are_blond_or_not_and_the_usual_ones_agree_with_the_attribute(fetch):
    files, known = faces()
    prepared, card = fetch("celeba", files, 32, known)
    assert prepared.inputs.shape == (16, 3, 32, 32)
    colours = torch.from_numpy(np.ascontiguousarray(FACES[:, 0, 0])).float() / 255
    assert (prepared.inputs - colours[:, :, None, None]).abs().max() < 4 / 255
    assert prepared.labels.tolist() == BLOND.tolist()
    assert prepared.attribute.tolist() == (1 - MALE).tolist()
    assert prepared.official_test.tolist() == (PARTS == 2).tolist()
    dealt = split(prepared, "celeba", 0, 2, 2)
    assert sorted([*dealt.train.tolist(), *dealt.validation.tolist()]) == np.flatnonzero(PARTS == 0).tolist()
    assert set(dealt.test.tolist()) <= set(np.flatnonzero(PARTS == 2).tolist())
    assert card["label_and_attribute"] == {"0, 0": 2, "0, 1": 2, "1, 0": 2, "1, 1": 2}


def test_comments_are_bags_of_the_words_of_the_training_part(fetch):
    texts = ["good, good day", 'a "bad"\nday', "Bad day!", "fine"] * 2 + ["good unseen"] * 4
    files, known = comments(texts=texts)
    prepared, card = fetch("civil_comments", files, None, known)
    assert prepared.inputs.shape == (12, 1024)
    assert prepared.labels.tolist() == [0, 0, 1, 1] * 3
    assert prepared.attribute.tolist() == MENTIONS.tolist()
    assert prepared.official_test.tolist() == (SPLIT == 2).tolist()
    assert prepared.group.tolist() == [0, 1, 2, 3, *[-1] * 8]
    # By frequency in the first four texts and then the alphabet: day, bad, !, ", comma, a, fine, good.
    used = [row.nonzero().flatten().tolist() for row in prepared.inputs]
    assert used[:4] == [[0, 4, 7], [0, 1, 3, 5], [0, 1, 2], [6]]
    assert used[8] == [7]
    assert torch.allclose(prepared.inputs.norm(dim=1), torch.tensor(4.0))
    assert "1024 most frequent words of the pool" in card["preprocessing"]


def refused(fetch, name, files, known):
    with pytest.raises(UserError) as error:
        fetch(name, files, 32, known)
    said = str(error.value)
    assert "\n" not in said and said.endswith("): replace it by the file of its authors")
    return said


def test_a_missing_column_is_named(fetch):
    files, known = comments()
    named = {COMMENTS: files[COMMENTS].replace(b"identity_any", b"identity_all")}
    assert "row 1 of all_data_with_identities.csv has no 'identity_any'" in refused(
        fetch, "civil_comments", named, known
    )
    files, known = faces()
    files["celeba/list_attr_celeba.txt"] = files["celeba/list_attr_celeba.txt"].replace(b"Male", b"Hale")
    assert "row 1 of list_attr_celeba.txt has no 'Male'" in refused(fetch, "celeba", files, known)


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        (30, "row 12 of all_data_with_identities.csv has no 'toxicity'"),
        (4, "row 12 of all_data_with_identities.csv has no 'identity_any'"),
        (2, "could not convert string to float"),
    ],
)
def test_a_table_that_is_cut_short_is_refused(fetch, cut, words):
    files, known = comments()
    assert words in refused(fetch, "civil_comments", {COMMENTS: files[COMMENTS][:-cut]}, known)


@pytest.mark.parametrize(
    ("comment", "what"), [(0, "groups of the training"), (4, "validation"), (8, "classes of the test")]
)
def test_a_row_that_is_lost_is_missed_in_every_part(fetch, comment, what):
    files, known = comments()
    lines = files[COMMENTS].decode().split("\n")  # two of each comment, after the header
    left = "\n".join(lines[: 2 * comment + 1] + lines[2 * comment + 3 :]).encode()
    said = refused(fetch, "civil_comments", {COMMENTS: left}, known)
    assert f"(ValueError: the {what} part should hold " in said


def test_a_table_without_rows_is_refused(fetch):
    files, known = comments()
    header = files[COMMENTS].split(b"\n")[0] + b"\n"
    said = refused(fetch, "civil_comments", {COMMENTS: header}, known)
    assert "all_data_with_identities.csv has no rows" in said


def test_counts_are_those_of_the_official_parts_and_not_of_the_file(fetch):
    files, _ = faces()
    said = refused(fetch, "celeba", files, None)
    assert (
        "(ValueError: the groups of the training part should hold 66874, 71629, 1387, 22880 examples and hold" in said
    )


def test_an_unknown_part_and_an_image_without_one_are_refused(fetch):
    files, known = comments()
    other = {COMMENTS: files[COMMENTS].replace(b",val,", b",dev,")}
    assert "has the split 'dev', not train, val, test" in refused(fetch, "civil_comments", other, known)
    files, known = faces()
    place = "celeba/list_eval_partition.txt"
    said = refused(fetch, "celeba", files | {place: files[place].replace(b"000003.jpg", b"000033.jpg")}, known)
    assert "list_eval_partition.txt does not say which part 000003.jpg is in" in said


def test_an_image_that_the_archive_lacks_is_named(fetch):
    files, known = faces()
    short = tiny.celeba_files(FACES[:15], BLOND[:15], MALE[:15], PARTS[:15])
    place = "celeba/img_align_celeba.zip"
    assert "img_align_celeba/000016.jpg" in refused(fetch, "celeba", files | {place: short[place]}, known)
    labels, parts, places = np.arange(12) % 2, np.arange(12) % 3, np.arange(12) // 2 % 2
    content = tiny.waterbirds_tar(tiny.photographs(12, 40), labels, parts, places, lost=[7])
    said = refused(fetch, "waterbirds", {WATERBIRDS: content}, tiny.counts(labels, places, parts))
    assert "the archive lacks the image 002.Bird/Bird_0007.jpg" in said


def test_an_archive_that_is_cut_short_is_refused(fetch):
    labels, parts, places = np.arange(12) % 2, np.arange(12) % 3, np.arange(12) // 2 % 2
    content = tiny.waterbirds_tar(tiny.photographs(12, 40), labels, parts, places)[:-500]
    refused(fetch, "waterbirds", {WATERBIRDS: content}, tiny.counts(labels, places, parts))


@pytest.fixture
def prepare(server, tmp_path, monkeypatch):
    """prepare() -> what the command prints of CelebA, whose files are tiny; those in `mine` are where the user has put
    them."""
    module, (files, (groups, validation)) = sets.load("celeba"), faces()
    own = tuple(replace(file, md5=hashlib.md5(files[file.name]).hexdigest()) for file in module.ENTRY.files)
    monkeypatch.setattr(module, "ENTRY", replace(module.ENTRY, files=own, **groups))
    monkeypatch.setattr(module, "VALIDATION", validation)
    monkeypatch.setenv("ROBUSTPATH_DATA", str(tmp_path / "mine"))

    def call():
        settings = {"dataset": "celeba", "image_size": 32}
        commands.prepare(settings, tmp_path / "celeba.safetensors", tmp_path / "celeba.json")

    return call, files


def put(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def test_what_a_program_may_not_fetch_is_asked_of_the_user(prepare, server, tmp_path):
    call, files = prepare
    last = "celeba/list_eval_partition.txt"
    put(tmp_path / "mine", {name: content for name, content in files.items() if name != last})
    with pytest.raises(UserError) as error:
        call()
    title = sets.load("celeba").ENTRY.title
    assert str(error.value) == (
        f"{last} is missing, and the terms of {title} do not let a program fetch it: agree to "
        "them at https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html, download list_eval_partition.txt there and put it "
        f"at {tmp_path / 'mine' / last}"
    )
    put(tmp_path / "cache", {last: files[last]})
    call()
    assert (tmp_path / "celeba.safetensors").is_file()
    assert not server.paths


def test_a_file_by_hand_that_is_cut_short_is_refused(prepare, tmp_path):
    call, files = prepare
    images = "celeba/img_align_celeba.zip"
    put(tmp_path / "mine", files | {images: files[images][:-100]})
    with pytest.raises(UserError, match=rf"{images} is altered or truncated .*: replace it by a good copy or delete"):
        call()


def test_the_published_counts_agree_with_other_published_counts():
    """Totals and margins from other sources than the groups of each entry."""
    entry = sets.load("celeba").ENTRY
    # Male or not, of each part (a public config of the same parts), and over all parts: Blond_Hair x Male.
    assert [sum(column) for column in zip(*entry.pool_groups, strict=True)] == [68261, 94509]
    assert [sum(column) for column in zip(*entry.test_groups, strict=True)] == [7715, 12247]
    validation = ((8276, 8535), (182, 2874))
    whole = [
        [sum(group) for group in zip(*rows, strict=True)]
        for rows in zip(entry.pool_groups, validation, entry.test_groups, strict=True)
    ]
    assert whole == [[82685, 89931], [1749, 28234]]
    assert sum(map(sum, validation)) == sets.load("celeba").VALIDATION == 202599 - 162770 - 19962
    comments = sets.load("civil_comments").ENTRY
    # The classes from groups by another identity, mention of black people: those without it, and those with it.
    assert [sum(row) for row in comments.pool_groups] == [231738 + 6785, 27404 + 3111]
    assert [sum(row) for row in comments.test_groups] == [115223 + 3335, 13687 + 1537]
    assert sets.load("civil_comments").VALIDATION == 39006 + 1119 + 4522 + 533
    assert sets.load("waterbirds").VALIDATION == 467 + 466 + 133 + 133


@pytest.mark.parametrize("name", ["waterbirds", "celeba", "civil_comments"])
def test_an_entry_agrees_with_itself(name):
    entry = sets.load(name).ENTRY
    assert entry.examples == sum(map(sum, entry.pool_groups))
    assert entry.official_test == sum(map(sum, entry.test_groups))
    assert entry.smallest_class == min(map(sum, entry.pool_groups))
    assert entry.smallest_test_class == min(map(sum, entry.test_groups))
    # In the benchmark the label goes with its majority attribute more often than the other label does.
    (first, second), (third, fourth) = entry.pool_groups
    assert first / (first + second) > third / (third + fourth)


def test_only_files_without_an_address_are_got_by_hand():
    for name in sets.names():
        for file in sets.load(name).ENTRY.files:
            assert isinstance(file, ByHand) == (not file.urls and not file.package and not file.folder)
            assert not isinstance(file, ByHand) or (file.page.startswith("https://") and file.md5)
