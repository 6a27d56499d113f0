"""Files that are cut short are named, with what to do."""

import pandas as pd
import pytest
import torch
from safetensors.torch import save_file

from robustpath.core.errors import UserError
from robustpath.protocols import reading


def through_opened(path):
    with reading.opened(path) as file:
        return file.get_tensor("weight")


@pytest.mark.parametrize(
    ("name", "read"),
    [("a.safetensors", reading.tensors), ("a.safetensors", through_opened), ("a.parquet", reading.table)],
)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_what_is_cut_short_is_named_with_its_remedy(tmp_path, name, read, share):
    file = tmp_path / name
    if file.suffix == ".parquet":
        pd.DataFrame({"run": range(500)}).to_parquet(file)
    else:
        save_file({"weight": torch.arange(500.0)}, file)
    assert len(read(file)) > 0
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError, match=rf"{name} is truncated or damaged: delete it and run again"):
        read(file)


def test_what_is_missing_is_not_called_damaged(tmp_path):
    with pytest.raises(FileNotFoundError):
        reading.table(tmp_path / "a.parquet")
    with pytest.raises(FileNotFoundError):
        reading.tensors(tmp_path / "a.safetensors")
