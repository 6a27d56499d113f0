"""What each job is given of the config, and its schema."""

import json
import subprocess
import sys
import time

import jsonschema
import pytest
from small_config import ACQUISITION, EXPERIMENT, FILE, FURTHER, LAPTOP, METHODS, ROOT, edited

from robustpath import study as cfg
from robustpath.config.errors import ConfigError
from robustpath.operations import reference


def test_overrides_are_merged_key_by_key():
    changed = cfg.load(FILE, {"scale": "smoke", "scales": {"smoke": {"hidden": [8], "batch_size": 4}}})
    assert changed.scale == "smoke"
    assert cfg.active(changed).hidden == [8]
    assert cfg.active(changed).test_size == cfg.load(FILE, {"scale": "smoke"}).scales["smoke"].test_size
    assert changed.scales["laptop"] == cfg.load(FILE).scales["laptop"]


def test_the_network_is_named_where_it_is_not_the_perceptron():
    config = cfg.validate(edited(((*LAPTOP, "further"), {"photos": FURTHER | {"model": "resnet18"}})))
    assert list(cfg.experiments(config))[-1] == "photos"
    assert cfg.Cell("photos", "cifar10", "sgd") in cfg.expand(config)
    of_each = (
        cfg.train_settings(config, cfg.Cell("photos", "cifar10", "sgd")),
        cfg.evaluate_settings(config, "photos", "cifar10"),
        cfg.trace_settings(config, "photos", "cifar10"),
        cfg.measure_settings(config, "photos", "cifar10"),
        cfg.report_settings(config)["experiments"]["photos"],
    )
    assert [settings["model"] for settings in of_each] == ["resnet18"] * 5
    plain = (
        cfg.train_settings(config, cfg.Cell("minima", "fashion_mnist", "sgd")),
        cfg.evaluate_settings(config, "minima", "fashion_mnist"),
        cfg.trace_settings(config, "minima", "fashion_mnist"),
        cfg.measure_settings(config, "minima", "fashion_mnist"),
        cfg.report_settings(config)["experiments"]["minima"],
    )
    assert not any("model" in settings for settings in plain)
    assert "further" not in cfg.report_settings(config)
    assert not any("hidden" in settings for settings in of_each[:4])
    assert all(settings["hidden"] == [64, 64] for settings in plain[:4])


def test_examples_held_out_are_named_where_there_are_any_and_change_no_other_settings():
    config = cfg.load(FILE)
    of_each = (
        cfg.train_settings(config, cfg.Cell("held_out", "mnist5k", "sgd")),
        cfg.evaluate_settings(config, "held_out", "mnist5k"),
        cfg.trace_settings(config, "held_out", "mnist5k"),
        cfg.measure_settings(config, "held_out", "mnist5k"),
        cfg.report_settings(config)["experiments"]["held_out"],
    )
    assert [settings["held_out"] for settings in of_each] == [0.2] * 5
    before, after = (all_settings(cfg.validate(edited(*more))) for more in ([], [((*EXPERIMENT, "held_out"), 0.0)]))
    assert after == before
    assert "held_out" not in str([before[job] for job in ("train", "evaluate", "measure", "trace")])


def test_a_correlation_is_named_where_there_is_one_and_by_every_job_that_deals_examples():
    grouped = FURTHER | {"datasets": ["gauss_groups"], "train_sizes": [100], "correlation": 0.97}
    config = cfg.validate(edited(((*LAPTOP, "further"), {"grouped": grouped})))
    of_each = (
        cfg.train_settings(config, cfg.Cell("grouped", "gauss_groups", "sgd")),
        cfg.evaluate_settings(config, "grouped", "gauss_groups"),
        cfg.trace_settings(config, "grouped", "gauss_groups"),
        cfg.measure_settings(config, "grouped", "gauss_groups"),
        cfg.report_settings(config)["experiments"]["grouped"],
    )
    assert [settings["correlation"] for settings in of_each] == [0.97] * 5
    others = all_settings(cfg.validate(edited()))
    assert "correlation" not in str([others[job] for job in ("train", "evaluate", "measure", "trace")])
    assert "correlation" not in str(cfg.report_settings(cfg.validate(edited()))["experiments"])


def test_published_corruptions_are_prepared_and_evaluated_on():
    config = cfg.validate(edited(((*LAPTOP, "further"), {"photos": FURTHER})))
    assert cfg.evaluate_settings(config, "photos", "cifar10")["natural"] == ["cifar10_1", "cifar10_c"]
    assert {"cifar10", "cifar10_1", "cifar10_c"} <= set(cfg.datasets_to_prepare(config))


def test_cells_follow_the_order_of_the_config():
    raw = edited(((*EXPERIMENT, "methods"), ["sam", "sgd"]), ((*EXPERIMENT, "datasets"), ["optdigits", "mnist1d"]))
    cells = [cell for cell in cfg.expand(cfg.validate(raw)) if cell.experiment == "data_efficiency"]
    pairs = [(cell.dataset, cell.method) for cell in cells]
    assert pairs == [("optdigits", "sgd"), ("optdigits", "sam"), ("mnist1d", "sgd"), ("mnist1d", "sam")]
    assert cells[0] == cfg.Cell("data_efficiency", "optdigits", "sgd")


def test_the_partners_of_natural_shifts_are_prepared():
    raw = edited(((*EXPERIMENT, "datasets"), ["mnist1d", "mnist5k"]))
    config = cfg.validate(raw)
    own = ["mnist1d", "mnist5k", "fashion_mnist", "typefaces", "gauss_groups", "dominoes"]
    assert cfg.datasets_to_prepare(config) == [*own, "optdigits"]
    assert cfg.evaluate_settings(config, "data_efficiency", "mnist5k")["natural"] == ["optdigits"]
    assert cfg.evaluate_settings(config, "data_efficiency", "mnist1d")["natural"] == []


def all_settings(config):
    cell = cfg.Cell("data_efficiency", "mnist5k", "sam")
    return {
        "prepare": cfg.prepare_settings(config, "mnist5k"),
        "prepare signal": cfg.prepare_settings(config, "mnist1d"),
        "train": cfg.train_settings(config, cell),
        "measure": cfg.measure_settings(config, "data_efficiency", "mnist5k"),
        "trace": cfg.trace_settings(config, "data_efficiency", "mnist5k"),
        "evaluate": cfg.evaluate_settings(config, "data_efficiency", "mnist5k"),
        "report": cfg.report_settings(config),
        "claims": cfg.claims_settings(config),
        "numbers": cfg.numbers_settings(config),
    }


def test_settings_are_json_and_hold_their_keys_only():
    settings = all_settings(cfg.load(FILE))
    assert json.loads(json.dumps(settings)) == settings
    assert settings["prepare"] == {"dataset": "mnist5k", "image_size": 8}
    assert settings["prepare signal"] == {"dataset": "mnist1d", "image_size": None}
    assert settings["train"] == {
        "experiment": "data_efficiency", "dataset": "mnist5k", "method": "sam", "train_sizes": [50, 150, 500],
        "label_noise": [0.0], "seeds": 10, "vary": ["split", "initialisation", "order"], "draws": 3, "grid": {},
        "points": 0, "budget": 1000, "batch_size": 32, "hidden": [64, 64], "validation_size": 300, "test_size": 900,
        "device": "cpu",
    }  # fmt: skip
    assert settings["evaluate"] == {
        "experiment": "data_efficiency", "dataset": "mnist5k",
        "vary": ["split", "initialisation", "order"],
        "hidden": [64, 64], "validation_size": 300, "test_size": 900, "severities": [1, 2, 3, 4, 5],
        "device": "cpu", "natural": ["optdigits"], "shifts": {"kind": "image", "natural_shift_to": ["optdigits"]},
    }  # fmt: skip
    assert settings["report"]["methods"] == dict.fromkeys(METHODS, "minima") | {ACQUISITION: "shortcuts"}
    assert settings["report"]["experiments"]["data_efficiency"]["methods"] == list(METHODS)
    assert settings["report"]["shifts"]["mnist5k"]["optdigits"] == ["natural", "test"]
    assert {"scale", "reference", "confidence", "severities"} <= settings["report"].keys()


@pytest.mark.parametrize(
    ("path", "value", "touched"),
    [
        (("confidence",), 0.9, {"report", "claims", "numbers"}),
        ((*LAPTOP, "image_size"), 16, {"prepare", "report", "numbers"}),
        ((*LAPTOP, "severities"), [1], {"evaluate", "report", "numbers"}),
        ((*LAPTOP, "batch_size"), 16, {"train", "report", "numbers"}),
        ((*LAPTOP, "device"), "auto", {"train", "evaluate", "measure", "trace"}),
        ((*EXPERIMENT, "held_out"), 0.2, {"train", "evaluate", "measure", "trace", "report", "numbers"}),
        ((*LAPTOP, "precision"), "float32", set()),
        ((*LAPTOP, "precision"), "bfloat16", {"train"}),
        ((*LAPTOP, "deterministic"), True, {"train"}),
        ((*LAPTOP, "compile"), "never", {"train"}),
        ((*EXPERIMENT, "budget"), 10, {"train", "report", "numbers"}),
        ((*EXPERIMENT, "label_noise"), [0.0, 0.2], {"train", "report", "numbers"}),
        ((*EXPERIMENT, "methods"), ["sgd", "sam"], {"report", "numbers"}),
        ((*EXPERIMENT, "datasets"), ["mnist5k"], {"report", "numbers"}),
        ((*LAPTOP, "hidden"), [8], {"train", "evaluate", "measure", "trace", "report", "numbers"}),
        ((*LAPTOP, "test_size"), 500, {"train", "evaluate", "measure", "trace", "report", "claims", "numbers"}),
        ((*LAPTOP, "theory", "memorisation", "seeds"), 7, {"report"}),
        (("scales", "smoke", "hidden"), [8], set()),
    ],
)
def test_a_changed_value_touches_the_jobs_that_depend_on_it_and_no_others(path, value, touched):
    before, after = all_settings(cfg.load(FILE)), all_settings(cfg.validate(edited((path, value))))
    assert {name for name in before if before[name] != after[name]} == touched


def test_schema_and_reference_are_in_step_with_the_model():
    reference.write(check=True, root=ROOT)


def test_the_check_of_the_schema_can_fail(tmp_path):
    with pytest.raises(ConfigError, match="out of step with the config model: run python -m robustpath schema"):
        reference.write(check=True, root=tmp_path)
    schema, page = reference.write(root=tmp_path)
    reference.write(check=True, root=tmp_path)
    assert "| `seeds` | a whole number from 2 to 10,000 | none |" in page.read_text(encoding="utf-8")
    schema.write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"config\.schema\.json is out of step"):
        reference.write(check=True, root=tmp_path)


def test_the_schema_accepts_the_shipped_config_and_refuses_unknown_keys():
    schema = json.loads((ROOT / reference.SCHEMA).read_text(encoding="utf-8"))
    jsonschema.validate(edited(), schema)
    for path in (("scal",), (*LAPTOP, "scal"), ("scales", "My scale")):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(edited((path, {})), schema)


def test_every_key_of_the_model_is_explained():
    schema = cfg.Config.model_json_schema()
    for place, node in reference.sections(schema):
        for key, value in node["properties"].items():
            assert value.get("description", "").endswith("."), f"{place}.{key}"


def test_loading_is_fast_and_needs_no_torch():
    code = (
        "import sys; from robustpath import methods, study;"
        "methods.names = lambda: dict.fromkeys(sys.argv[3:], 'minima') | {sys.argv[2]: 'shortcuts'};"
        "loaded = study.load(sys.argv[1]); study.expand(loaded); study.report_settings(loaded);"
        "print('torch' in sys.modules)"
    )
    start = time.perf_counter()
    out = subprocess.run(
        [sys.executable, "-c", code, FILE, ACQUISITION, *METHODS],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT / "src",
    )
    seconds = time.perf_counter() - start
    assert out.stdout.strip() == "False"
    assert seconds < 3, "ten times what it takes, for a busy machine"
