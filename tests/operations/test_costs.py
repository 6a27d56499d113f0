"""The estimate of what a scale costs, against sums and operations that can be counted by hand."""

import pytest

from robustpath import command_line
from robustpath import study as cfg
from robustpath.operations import costs


@pytest.fixture(scope="module")
def cluster():
    return cfg.load(overrides={"scale": "cluster"})


def settings(model, hidden=(512, 512), batch=32):
    return {"model": model, "hidden": list(hidden), "batch_size": batch, "budget": 1}


def spent(cell):
    """Gradient evaluations a run: in a stream so many a batch, on average over the budgets; in each round anew."""
    if "budget" in cell:
        return cell["budget"] * (cell.get("rounds", 0) + 1)
    batches = cell["tasks"] * cell["examples"] // cell["examples_per_batch"]
    return batches * sum(cell["evaluations"]) / len(cell["evaluations"])


def test_a_perceptron_multiplies_and_adds_once_a_weight(cluster):
    weights = 784 * 512 + 512 * 512 + 512 * 10
    forward, gradient = costs.flops(cluster, "fashion_mnist", settings("mlp"))
    assert forward == 2 * weights
    # Backward: every product twice more, but that of the gradient by the inputs.
    assert gradient == 32 * 2 * (3 * weights - 784 * 512)


def test_a_signal_has_its_own_length(cluster):
    assert costs.flops(cluster, "mnist1d", settings("mlp"))[0] == 2 * (40 * 512 + 512 * 512 + 512 * 10)
    assert costs.flops(cluster, "sentiment", settings("mlp"))[0] == 2 * (1024 * 512 + 512 * 512 + 512 * 2)


def test_a_small_cnn_by_hand(cluster):
    forward, _ = costs.flops(cluster, "cifar10", settings("cnn"))
    assert forward == 2 * (32**2 * 32 * 27 + 16**2 * 64 * 288 + 8**2 * 128 * 576 + 128 * 10)
    grey, _ = costs.flops(cluster, "svhn", settings("cnn"))
    assert grey == 2 * (28**2 * 32 * 9 + 14**2 * 64 * 288 + 7**2 * 128 * 576 + 128 * 10)


def test_a_stored_example_costs_what_a_weight_of_a_layer_does(cluster):
    """A query is compared with 512 keys of 512 numbers, and takes the weighted mean of their 10 values."""
    weights = 784 * 512 + 512 * 512 + 512 * 10
    forward, _ = costs.flops(cluster, "fashion_mnist", settings("episodic_mlp"))
    assert forward == 2 * (weights + 512 * 512 + 512 * 10)


def test_resnet18_has_the_operations_that_are_quoted_of_it(cluster):
    forward, gradient = costs.flops(cluster, "cifar10", settings("resnet18", batch=1))
    assert forward / 2 == pytest.approx(0.556e9, rel=0.01)
    assert 2.9 < gradient / forward < 3


def test_each_experiment_is_the_sum_of_its_cells(cluster):
    rows = {row["experiment"]: row for row in costs.estimate(cluster)}
    assert list(rows) == list(cfg.experiments(cluster))
    cells = cfg.expand(cluster)
    for name, row in rows.items():
        own = [cfg.train_settings(cluster, cell) for cell in cells if cell.experiment == name]
        assert row["runs"] == sum(map(cfg.runs, own))
        assert row["gradient evaluations"] == sum(cfg.runs(each) * spent(each) for each in own)
    experiment = cfg.experiments(cluster)["minima"]
    data, methods = len(experiment.datasets), len(cfg.methods_of(cluster, "minima"))
    assert rows["minima"]["jobs"] == data * (methods + 2)  # evaluated and measured
    row, chosen = rows["photographs_resnet18"], cfg.experiments(cluster)["photographs_resnet18"]
    assert row["model"] == "resnet18"
    of_each = [costs.flops(cluster, name, settings("resnet18"))[1] for name in chosen.datasets]
    assert row["training FLOP"] == pytest.approx(
        len(chosen.methods) * chosen.seeds * chosen.draws * chosen.budget * sum(of_each)
    )
    work = row["training FLOP"] + row["evaluation FLOP"]
    assert row["GPU-hours"] == pytest.approx(work / 5e12 / 3600)
    twice = {row["experiment"]: row for row in costs.estimate(cluster, 10.0)}
    assert twice["digits_cnn"]["GPU-hours"] == pytest.approx(rows["digits_cnn"]["GPU-hours"] / 2)


def test_evaluation_counts_every_set_that_is_scored(cluster):
    sizes = {"train_sizes": [100, 300], "validation_size": 500, "test_size": 1000}
    # CIFAR-10: four corruptions on validation; six, fifteen published, CIFAR-10.1 and the unshifted on test.
    assert costs._scored(cluster, "cifar10", sizes) == 200 + 500 * (1 + 4 * 5) + 1000 * (1 + (6 + 15) * 5 + 1)
    assert costs._scored(cluster, "mnist", sizes) == 200 + 500 * (1 + 4 * 5) + 1000 * (1 + 6 * 5 + 2)
    # A stream has no part to learn from that is scored at its end, and may leave the shifts out.
    streamed = {"validation_size": 500, "test_size": 1000}
    assert costs._scored(cluster, "mnist", streamed) == 500 * (1 + 4 * 5) + 1000 * (1 + 6 * 5 + 2)
    assert costs._scored(cluster, "mnist", streamed | {"shifted": False}) == 500 + 1000


def test_the_command_says_that_it_is_an_estimate_and_at_which_rate(capsys, monkeypatch):
    monkeypatch.setattr(command_line, "flush_every_line", lambda: None)
    assert command_line.main(["cost", "--scale", "smoke", "--teraflops", "7.5"]) == 0
    said = capsys.readouterr().out
    assert "estimate by calculation for scale smoke, not a measurement" in said
    assert "assumed rate of\n7.5 TFLOP/s" in said
    assert said.splitlines()[2].startswith("data_efficiency")
    for wrong in ("0", "fast", "inf", "nan"):
        with pytest.raises(SystemExit):
            command_line.main(["cost", "--teraflops", wrong])


def test_the_jobs_of_a_cluster_are_its_cells_and_then_their_evaluations(cluster):
    jobs = costs.jobs(cluster)
    pairs = {cell[:2] for cell in cfg.expand(cluster)}
    assert len(jobs) == len(cfg.expand(cluster)) + len(pairs)
    work = sum(job.seconds - costs.START_SECONDS for job in jobs)
    assert work / 3600 == pytest.approx(sum(row["GPU-hours"] for row in costs.estimate(cluster)))
    assert sorted(position for job in jobs for position in job.needs) == [
        position for position, job in enumerate(jobs) if not job.needs
    ]


def test_on_a_cluster_the_scheduler_takes_less_than_a_tenth(cluster):
    for gpus in costs.GPUS:
        row = costs._placed(costs.jobs(cluster), gpus)
        assert row["GPUs"] == gpus
        assert 0 < float(row["of them the scheduler's"].rstrip(" %")) < 10
