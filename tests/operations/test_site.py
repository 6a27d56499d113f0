"""What a site says of itself: the environment before the file, and a file's mistakes in a sentence."""

import pytest

from robustpath.core.errors import UserError
from robustpath.operations.site import site


def test_nothing_said_is_slurms_default(tmp_path):
    assert site(tmp_path / "site.yaml", {}) == {"account": "", "partition": "", "gpu_partition": "", "gpu_model": ""}


def test_the_environment_comes_before_the_file(tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text("account: ours\npartition: short\ngpu_model: a100\n")
    found = site(file, {"SBATCH_ACCOUNT": "mine", "SBATCH_GPU_PARTITION": "gpus"})
    assert found == {"account": "mine", "partition": "short", "gpu_partition": "gpus", "gpu_model": "a100"}


def test_gpus_are_in_the_common_partition_if_none_is_named(tmp_path):
    assert site(tmp_path / "site.yaml", {"SBATCH_PARTITION": "all"})["gpu_partition"] == "all"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("acount: x\n", "unknown key 'acount': did you mean account"),
        ("account: 17\n", "has 17 for account: write one word"),
        ("- account\n", "no table of keys"),
        ("account: [x\n", "site.yaml line 2, column 1: "),
        ("account: a\naccount: b\n", "line 2, column 1: account = b is given twice; keep one"),
        ("account: 017\n", "line 1, column 10: 017 would be read as 15"),
        ("account: 2026-01-01\n", "2026-01-01 would be read as a date; put quotes around it"),
        ("account: two words\n", "has 'two words' for account: write one word"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(tmp_path, text, said):
    file = tmp_path / "site.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=r"site\.yaml") as caught:
        site(file, {})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
