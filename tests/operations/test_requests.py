"""What to ask a cluster for, from benchmark files as Snakemake writes them."""

import pytest
import quick_yaml

from robustpath.core.errors import UserError
from robustpath.operations.requests import as_profile, requests, taken

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def measured(folder, name, seconds, megabytes):
    file = folder / "benchmarks" / f"{name}.tsv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{HEAD}{seconds}\t0:00:01\t{megabytes}\t1\t1\t1\t0\t0\t50\t1\n")


def test_the_most_that_a_rule_took_is_asked_for_with_headroom(tmp_path):
    measured(tmp_path, "train/minima/optdigits/sgd", 10.0, 900.0)
    measured(tmp_path, "train/minima/optdigits/sam", 500.0, 400.0)
    measured(tmp_path, "prepare/optdigits", 1.0, "NA")
    measured(tmp_path, "notebooks/learning_curves", 1.0, 5000.0)
    measured(tmp_path, "collate", 1.0, 5000.0)
    asked = {each.rule: each for each in requests(taken(tmp_path))}
    assert set(asked) == {"train", "prepare"}
    # 1.5 x 900 + 400 = 1,750 MB, to the next 500; 3 x 500 s = 25 minutes, to the next 10.
    assert asked["train"][1:] == (2, 500.0, 900.0, 2000, 30)
    assert asked["prepare"][1:] == (1, 1.0, 0.0, 500, 10)


def test_the_proposal_is_a_profiles_and_grows_with_attempts(tmp_path):
    measured(tmp_path, "train/minima/optdigits/sgd", 10.0, 900.0)
    profile = quick_yaml.loaded(as_profile(requests(taken(tmp_path))))
    assert profile == {"set-resources": {"train": {"mem_mb": "2000 * attempt", "runtime": "10 * attempt"}}}


def test_nothing_measured_is_reported(tmp_path):
    with pytest.raises(UserError, match=r"benchmarks holds no measured job: run the scale first"):
        taken(tmp_path)


@pytest.mark.parametrize("text", ["", HEAD, HEAD + "x\t\n", "a\tb\n1\t2\n"])
def test_a_benchmark_that_is_cut_short_is_named(tmp_path, text):
    measured(tmp_path, "train/minima/optdigits/sgd", 10.0, 900.0)
    (tmp_path / "benchmarks/train/minima/optdigits/sgd.tsv").write_text(text)
    with pytest.raises(UserError, match=r"sgd\.tsv is no benchmark file"):
        taken(tmp_path)
