"""A checkpoint is what was saved, or it is set aside."""

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from robustpath.engine import checkpoint
from robustpath.engine.population import Snapshot


def snapshot(members: int = 3) -> Snapshot:
    rows = torch.arange(members * 2.0).reshape(members, 2)
    state = (rows.bfloat16(), {"count": torch.arange(members)})
    diverged = torch.arange(members) == 1
    return Snapshot(
        1,
        7,
        {"weight": rows + 0.5},
        state,
        diverged,
        {"met": rows.sum(1)},
        {"1.loss": rows[:, 0], "1.a": rows[:, 1]},
        {"000/weight": rows - 3},
    )


def flat(of: Snapshot) -> list[torch.Tensor]:
    count = of.state[1]["count"]
    return [
        of.params["weight"],
        of.state[0],
        count,
        of.diverged,
        of.source["met"],
        of.sums["1.loss"],
        of.path["000/weight"],
    ]


def equal(one: Snapshot, other: Snapshot) -> bool:
    pairs = zip(flat(one), flat(other), strict=True)
    return one[:2] == other[:2] and all(a.dtype == b.dtype and torch.equal(a, b) for a, b in pairs)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / ".sgd.part0.resume.safetensors"
    checkpoint.save(path, snapshot(), "key", 3)
    return path


def test_what_is_restored_is_what_was_saved(file):
    assert checkpoint.members(file, "key") == 3
    saved = checkpoint.read(file, "key")
    assert saved[:3] == (1, 7, 3)
    restored = checkpoint.restore(saved, snapshot())
    assert equal(restored, snapshot())
    assert list(restored.sums) == ["1.loss", "1.a"]


def test_rows_beyond_the_members_repeat_the_last(tmp_path):
    path = tmp_path / "filled"
    checkpoint.save(path, snapshot(), "key", 2)
    restored = checkpoint.restore(checkpoint.read(path, "key"), snapshot(4))
    rows = torch.tensor([0, 1, 1, 1])
    assert all(torch.equal(now, then[rows]) for now, then in zip(flat(restored), flat(snapshot()), strict=True))


@pytest.mark.parametrize("first", [1, 2])
def test_a_checkpoint_that_is_split_is_its_rows(first, file):
    other = file.with_name("other")
    checkpoint.split(file, other, "key", first)
    parts = [
        checkpoint.restore(checkpoint.read(path, "key"), snapshot(count))
        for path, count in ((file, first), (other, 3 - first))
    ]
    for whole, *halves in zip(flat(snapshot()), *map(flat, parts), strict=True):
        assert torch.equal(torch.cat(halves), whole)


def test_no_checkpoint_is_none(tmp_path, capsys):
    assert checkpoint.read(tmp_path / "absent", "key") is None
    assert checkpoint.members(tmp_path / "absent", "key") is None
    assert capsys.readouterr().out == ""


def is_set_aside(path, capsys, fault: str) -> bool:
    found, aside = checkpoint.read(path, "key"), path.with_name(f"{path.name}.aside")
    said = f"the checkpoint {path.name} {fault}: set aside, training starts from the beginning\n"
    return found is None and not path.exists() and aside.exists() and capsys.readouterr().out == said


def test_one_of_another_key_or_kind_is_set_aside(file, capsys):
    file.rename(file.with_name("old"))
    for metadata in (None, {"key": "key", "stage": "0", "step": "50"}):
        save_file({"leaf.0": torch.ones(2)}, file, metadata)
        assert is_set_aside(file, capsys, "is damaged")
    checkpoint.save(file, snapshot(), "other", 3)
    assert is_set_aside(file, capsys, "is of other settings or code")


def test_the_same_bytes_as_numbers_of_another_kind_are_damage(file, capsys):
    with safe_open(file, "pt") as held:
        metadata, tensors = held.metadata(), {name: held.get_tensor(name) for name in held.keys()}  # noqa: SIM118
    save_file(tensors | {"sum.1.loss": tensors["sum.1.loss"].view(torch.int32)}, file, metadata)
    assert is_set_aside(file, capsys, "is damaged")


def test_a_truncated_checkpoint_is_set_aside_at_any_length(file, capsys):
    whole = file.read_bytes()
    for length in range(0, len(whole), 7):
        file.write_bytes(whole[:length])
        assert is_set_aside(file, capsys, "is damaged"), length


def test_a_head_that_names_fewer_members_is_damage(file, capsys):
    whole = file.read_bytes()
    assert whole.count(rb"\"members\": 3") == 1
    file.write_bytes(whole.replace(rb"\"members\": 3", rb"\"members\": 2"))
    assert checkpoint.members(file, "key") is None
    assert "is damaged: set aside" in capsys.readouterr().out


def test_a_single_bit_that_is_flipped_is_noticed_wherever_it_is(file, capsys):
    whole = file.read_bytes()
    head = 8 + int.from_bytes(whole[:8], "little")
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        file.write_bytes(damaged)
        assert is_set_aside(file, capsys, "is damaged") or (place < head and whole[place] == ord(" ")), place
    assert place > head + 50
