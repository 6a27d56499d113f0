"""The scores of streams: each by hand from its definition, on numbers small enough to follow."""

import math

import pytest
import torch
from torch.nn import functional

from robustpath.protocols.stream import scores

# Two runs, three tasks. Row i: accuracies after task i.
MATRIX = torch.tensor(
    [
        [[0.9, 0.2, 0.1], [0.5, 0.8, 0.3], [0.7, 0.6, 0.7]],
        [[0.6, 0.95, 0.0], [0.9, 0.5, 0.25], [1.0, 0.7, 0.8]],
    ],
    dtype=torch.float64,
)
BEFORE = torch.tensor([[0.1, 0.1, 0.2], [0.3, 0.15, 0.05]], dtype=torch.float64)


def close(found, expected):
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), rtol=1e-12, atol=1e-12)


def probabilities(*rows):
    """Logits [1, n, classes] whose softmax is `rows`, moved by a constant that must not matter."""
    return torch.tensor(rows, dtype=torch.float64).log()[None] + 5


def test_scores_of_the_accuracy_matrix_are_those_of_their_definitions():
    close(scores.learning_accuracy(MATRIX), [2.4 / 3, 1.9 / 3])
    # The second run is best at task 1 at the very end; what it knew of task 2 before that task does not count.
    close(scores.forgetting(MATRIX), [(0.2 + 0.2) / 2, (0.0 + 0.0) / 2])
    close(scores.backward_transfer(MATRIX), [(-0.2 - 0.2) / 2, (0.4 + 0.2) / 2])
    close(scores.forward_transfer(MATRIX, BEFORE), [(0.1 + 0.1) / 2, (0.8 + 0.2) / 2])


def test_scores_of_the_accuracy_matrix_agree_with_loops_over_tasks():
    """The loops of utils/metrics.py of aimagelab/mammoth at 07bd157, whose rows end with the task just learnt."""
    matrix = torch.rand(4, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    before = torch.rand(4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    for run, own in enumerate(matrix.tolist()):
        seen = [row[: number + 1] + [0.0] * (4 - number) for number, row in enumerate(own)]
        forgotten = [max(row[task] for row in seen) - own[4][task] for task in range(4)]
        backward = [own[4][task] - own[task][task] for task in range(4)]
        forward = [own[task - 1][task] - float(before[run, task]) for task in range(1, 5)]
        assert float(scores.forgetting(matrix)[run]) == pytest.approx(sum(forgotten) / 4)
        assert float(scores.backward_transfer(matrix)[run]) == pytest.approx(sum(backward) / 4)
        assert float(scores.forward_transfer(matrix, before)[run]) == pytest.approx(sum(forward) / 4)


def test_bits_are_the_length_of_a_code():
    known = probabilities([1 / 2, 1 / 4, 1 / 4], [1 / 8, 3 / 4, 1 / 8])
    logits = torch.cat([known, torch.zeros(1, 2, 3, dtype=torch.float64)])
    found = scores.bits(logits, torch.tensor([1, 2]))
    close(found, [(2 + 3) / 2, math.log2(3)])
    close(scores.bits(logits, torch.tensor([[0, 0], [1, 2]])), [(1 + 3) / 2, math.log2(3)])


def test_samples_to_threshold_count_to_the_end_of_the_first_window_that_reaches_it():
    wrong_then_right = torch.tensor([False] * 7 + [True] * 13)
    never = torch.tensor([True, False] * 10)
    # Windows of 5 hold 4 right answers from the eleventh example on.
    correct = torch.stack([torch.stack([wrong_then_right, never]), torch.stack([~wrong_then_right, never & False])])
    counts, censored = scores.samples_to_threshold(correct, 0.8, window=5)
    assert counts.tolist() == [[11, 20], [5, 20]]
    assert censored.tolist() == [[False, True], [False, True]]
    # A share of exactly the threshold counts, rounded up or down.
    counts, censored = scores.samples_to_threshold(never[None, None], 0.6, window=5)
    assert (int(counts), bool(censored)) == (5, False)


def test_a_task_shorter_than_the_window_is_censored_at_its_length():
    counts, censored = scores.samples_to_threshold(torch.ones(2, 3, 20, dtype=torch.bool), 0.8)
    assert (counts == 20).all() and censored.all()
    counts, censored = scores.samples_to_threshold(torch.ones(2, 3, 50, dtype=torch.bool), 0.8)
    assert (counts == 50).all() and not censored.any()


def test_movement_is_the_divergence_from_what_was_predicted_before():
    before = probabilities([1 / 2, 1 / 2], [1 / 4, 3 / 4])
    after = probabilities([1 / 4, 3 / 4], [1 / 4, 3 / 4])
    one_way = (0.5 * math.log(2) + 0.5 * math.log(2 / 3)) / 2
    other_way = (0.25 * math.log(1 / 2) + 0.75 * math.log(3 / 2)) / 2
    close(scores.movement(before, after), [one_way])
    close(scores.movement(after, before), [other_way])
    close(scores.movement(before, before), [0.0])


def test_calibration_error_weighs_the_gap_of_each_bin_by_its_examples():
    # Bins of width 1/5: (.4, .6] holds .55 and .59, (.6, .8] holds .7, (.8, 1] holds .95.
    logits = probabilities([0.55, 0.45], [0.59, 0.41], [0.3, 0.7], [0.95, 0.05])
    labels = torch.tensor([0, 1, 1, 1])  # right, wrong, right, wrong
    close(scores.calibration_error(logits, labels, bins=5), [(abs(1 - 0.55 - 0.59) + (1 - 0.7) + 0.95) / 4])


def test_calibration_error_agrees_with_a_loop_over_bins():
    """The arithmetic of ECELoss in gpleiss/temperature_scaling: bins that hold their upper end, weighted by size."""
    stream = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(2, 400, 10, generator=stream, dtype=torch.float64)
    labels = torch.randint(10, (400,), generator=stream)
    confidence, predicted = logits.softmax(2).max(2)
    for run in range(2):
        total = 0.0
        for bin_ in range(15):
            own = (confidence[run] > bin_ / 15) & (confidence[run] <= (bin_ + 1) / 15)
            if own.any():
                right = (predicted[run] == labels)[own].double().mean()
                total += float(own.double().mean() * (right - confidence[run][own].mean()).abs())
        assert float(scores.calibration_error(logits, labels)[run]) == pytest.approx(total)


def test_the_surest_predictions_and_certain_ones_are_in_the_last_bin():
    logits = torch.tensor([[[1000.0, 0.0], [1000.0, 0.0]]])
    close(scores.calibration_error(logits, torch.tensor([0, 1])), [0.5])


def test_a_bin_holds_its_upper_end():
    confident_by_half = torch.tensor([[[0.0, 0.0], [math.log(3), 0.0]]], dtype=torch.float64)
    right = int(confident_by_half[0, 0].argmax())
    close(scores.calibration_error(confident_by_half, torch.tensor([right, 1]), bins=2), [(0.5 + 0.75) / 2])


def recorded(seed, batches=6, size=4, sharp=1.0):
    stream = torch.Generator().manual_seed(seed)
    logits = sharp * torch.randn(3, batches, size, 5, generator=stream, dtype=torch.float64)
    labels = torch.randint(5, (batches, size), generator=stream)
    return logits, labels


def losses(logits, labels):
    return torch.stack([scores.tempered_losses(logits[:, b], labels[b]) for b in range(logits.shape[1])], 1)


def test_tempered_losses_are_cross_entropies_of_divided_logits():
    logits, labels = recorded(0)
    found = scores.tempered_losses(logits[:, 0], labels[0])
    for place, temperature in enumerate(scores.TEMPERATURES.tolist()):
        for run in range(3):
            expected = functional.cross_entropy(logits[run, 0] / temperature, labels[0], reduction="sum")
            assert float(found[run, place]) == pytest.approx(float(expected))
    assert float(scores.TEMPERATURES[scores.UNCHANGED]) == 1.0
    assert [float(scores.TEMPERATURES[place]) for place in (0, -1)] == [0.25, 16.0]


def test_a_temperature_is_chosen_on_earlier_batches_alone():
    logits, labels = recorded(0, sharp=4.0)
    table = losses(logits, labels)
    chosen = scores.forward_temperatures(table)
    assert chosen.shape == (3, 7)
    assert (chosen[:, 0] == scores.UNCHANGED).all()
    bits = torch.zeros(3, dtype=torch.float64)
    for run in range(3):
        for batch in range(6):
            past = [sum(float(table[run, b, g]) for b in range(batch)) for g in range(len(scores.TEMPERATURES))]
            best = past.index(min(past)) if batch else scores.UNCHANGED
            assert int(chosen[run, batch]) == best
            bits[run] += table[run, batch, best] / math.log(2) / (6 * 4)
    torch.testing.assert_close(scores.calibrated_bits(table, 4), bits)
    # A later batch changes nothing before it.
    table[:, 3] = table[:, 3].flip(1)
    assert torch.equal(scores.forward_temperatures(table)[:, :4], chosen[:, :4])


def test_calibration_mends_logits_that_are_too_large_by_a_factor_of_the_grid():
    """Labels drawn from softmax(z), predictions softmax(4 z): the temperature is 4 in the long run."""
    stream = torch.Generator().manual_seed(1)
    honest = torch.randn(1, 300, 10, 5, generator=stream, dtype=torch.float64)
    labels = torch.multinomial(honest[0].softmax(2).flatten(0, 1), 1, generator=stream).reshape(300, 10)
    table = losses(4 * honest, labels)
    assert abs(math.log2(scores.TEMPERATURES[scores.forward_temperatures(table)[0, -1]] / 4)) <= 0.25
    true = scores.bits(honest.flatten(1, 2), labels.flatten())
    raw = scores.bits(4 * honest.flatten(1, 2), labels.flatten())
    calibrated = scores.calibrated_bits(table, 10)
    assert float(calibrated - true) < 0.02 < 0.5 < float(raw - true)
