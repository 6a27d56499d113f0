"""Ba et al. 2016: fast weights as attention, each network against its slow form, and the error without the query."""

from itertools import product

import pytest
import torch

from robustpath.theory import associative_retrieval as case

SETTINGS = {"pairs": 2, "letters": 10, "units": 6, "decays": [0.9], "steps": 2, "seeds": 2}
SEEDS, COUNT, UNITS, LETTERS = 2, 3, 5, 10


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_fast_weights_are_attention_with_decay():
    """A(t) q = sum over k <= t of eta decay^(t-k) h_k (h_k' q), by loops over steps and sequences."""
    states, query = normal(7, COUNT, UNITS), normal(COUNT, UNITS, seed=1)
    expected = torch.zeros_like(query)
    for row in range(COUNT):
        for k in range(7):
            expected[row] += 0.5 * 0.95 ** (6 - k) * states[k, row] * (states[k, row] @ query[row])
    assert (case.by_states(states, query, 0.95) - expected).abs().max() < 1e-6
    assert (case.by_matrix(states, query, 0.95) - expected).abs().max() < 1e-6
    assert case.identity_gap(0.9, 0) < 1e-12


def test_the_newest_state_counts_in_full_and_no_sequence_sees_another():
    states, query = normal(4, COUNT, UNITS), normal(COUNT, UNITS, seed=1)
    newest = 0.5 * states[-1] * (states[-1] * query).sum(-1, keepdim=True)
    before = case.by_states(states[:-1], query, 0.9)
    assert torch.allclose(case.by_states(states, query, 0.9), newest + 0.9 * before)
    other = states.clone()
    other[:, 1:] = 9.0
    assert torch.equal(case.by_states(other, query, 0.9)[0], case.by_states(states, query, 0.9)[0])


def parts(network):
    """Random weights of the network for each seed, with their names, and sequences."""
    shapes = case.shapes(network, LETTERS, UNITS)
    size = sum(rows * columns for rows, columns in shapes.values())
    weights = 0.3 * normal(SEEDS, size, seed=2)
    streams = [torch.Generator().manual_seed(seed) for seed in range(SEEDS)]
    return weights, case.unflatten(weights, shapes), case.draw(COUNT, 3, LETTERS, streams)[0]


def irnn(w, steps):
    state = torch.zeros(UNITS).double()
    for x in steps:
        state = torch.relu(state @ w["recurrent"] + x)
    return state


def lstm(w, steps):
    cell = torch.nn.LSTMCell(case.EMBEDDING, UNITS).double()
    state = torch.zeros(1, UNITS).double(), torch.zeros(1, UNITS).double()
    zero = torch.zeros(4 * UNITS, case.EMBEDDING).double()
    for x in steps:
        own = {"weight_ih": zero, "bias_ih": x, "weight_hh": w["recurrent"].T, "bias_hh": 0 * x}
        state = torch.func.functional_call(cell, own, (torch.zeros(1, case.EMBEDDING).double(), state))
    return state[0][0]


def fast(w, steps):
    """Ba et al., equations 1 and 2, one sequence at a time, with the matrix A."""
    state, matrix = torch.zeros(UNITS).double(), torch.zeros(UNITS, UNITS).double()

    def normalised(z):
        centred = z - z.mean()
        return torch.relu(w["gain"][0] * centred / (centred.square().mean() + 1e-5).sqrt() + w["shift"][0])

    for x in steps:
        boundary = state @ w["recurrent"] + x
        state = normalised(boundary + matrix @ normalised(boundary))
        matrix = 0.9 * matrix + 0.5 * torch.outer(state, state)
    return state


@pytest.mark.parametrize(("network", "slow"), [(case.IRNN, irnn), (case.LSTM, lstm), (case.FAST, fast)])
def test_a_network_is_its_slow_form_on_each_sequence_alone(network, slow):
    weights, named, sequences = parts(network)
    found = case.logits(network, weights, sequences, LETTERS, UNITS, 0.9)
    for seed in range(SEEDS):
        w = {name: part[seed] for name, part in named.items()}
        for row in range(COUNT):
            steps = [w["embedding"][symbol] @ w["input"] + w["bias"][0] for symbol in sequences[seed, row]]
            hidden = torch.relu(slow(w, steps) @ w["hidden"] + w["hidden bias"][0])
            expected = hidden @ w["output"] + w["output bias"][0]
            assert torch.allclose(found[seed, row], expected, atol=1e-8)
            assert expected.std() > 0.01


def test_a_sequence_asks_for_the_digit_of_one_of_its_letters():
    streams = [torch.Generator().manual_seed(seed) for seed in range(2)]
    sequences, answers = case.draw(500, 4, 12, streams)
    assert sequences.shape == (2, 500, 11)
    asked = set()
    for sequence, answer in zip(sequences.flatten(0, 1).tolist(), answers.flatten().tolist(), strict=True):
        letters, digits = sequence[:8:2], sequence[1:8:2]
        assert len(set(letters)) == 4
        assert max(letters) < 12 <= min(digits)
        assert sequence[8:10] == [22, 22]
        asked.add(place := letters.index(sequence[10]))
        assert answer == digits[place] - 12
    assert asked == {0, 1, 2, 3}
    assert set(sequences[..., :8:2].flatten().tolist()) == set(range(12))
    assert set(answers.flatten().tolist()) == set(range(10))
    assert not torch.equal(sequences[0], sequences[1])


@pytest.mark.parametrize("pairs", [2, 3, 4])
def test_the_error_without_the_query_counts_the_digits(pairs):
    """1 - E[how often the most frequent of `pairs` digits occurs] / pairs, over all 10^pairs of them."""
    most = [max(map(digits.count, digits)) for digits in product(range(10), repeat=pairs)]
    assert case.error_without_query(pairs) == pytest.approx(1 - sum(most) / len(most) / pairs, abs=1e-12)


def test_its_value_for_four_pairs_is_met_by_who_answers_the_most_frequent_digit():
    assert case.error_without_query(4) == pytest.approx(0.6165, abs=1e-4)
    assert case.answer_most_often(4, 26, 0) == pytest.approx(0.6165, abs=0.006)


def test_costs_by_hand():
    """11 steps of 20² multiplications (four times as many), and a head of 20 * 100 + 100 * 10."""
    assert case.cost("IRNN", 4, 20) == 11 * 400 + 3000
    assert case.cost("LSTM", 4, 20) == case.cost("fast weights", 4, 20) == 11 * 1600 + 3000


def test_initial_weights():
    stream = torch.Generator().manual_seed(0)
    found = {
        network: case.unflatten(case.initial(network, 10, 6, stream)[None], case.shapes(network, 10, 6))
        for network in case.STATES
    }
    assert torch.equal(found["IRNN"]["recurrent"][0], torch.eye(6))
    assert torch.equal(found["fast weights"]["recurrent"][0], 0.05 * torch.eye(6))
    assert found["LSTM"]["bias"][0, 0].tolist() == [0.0] * 6 + [1.0] * 6 + [0.0] * 12
    assert found["fast weights"]["gain"].unique().tolist() == [1.0]
    assert 0.3 < found["LSTM"]["recurrent"].abs().max() < 6**-0.5


def test_training_learns_what_needs_no_memory(monkeypatch):
    """Who is asked for the last symbol of the sequence alone is right after some steps; seeds stay apart."""
    draw = case.draw

    def easy(*arguments):
        sequences, _ = draw(*arguments)
        return sequences, sequences[..., -1]

    monkeypatch.setattr(case, "draw", easy)
    for network in case.STATES:
        assert case.errors(network, 0.9, SETTINGS, 0).min() > 0.7
        assert case.errors(network, 0.9, SETTINGS, 60).max() < 0.4


def test_the_case_compares_networks_at_equal_cost(monkeypatch):
    taken = {}

    def errors(network, decay, settings, steps):
        taken[network, decay] = steps
        return torch.tensor([0.5, 0.7]) if network == "LSTM" else torch.tensor([0.2, 0.4])

    monkeypatch.setattr(case, "errors", errors)
    found = case.run(SETTINGS | {"steps": 100, "decays": [0.9, 0.95]})
    # 7 steps of 36 multiplications and a head of 1600, against four times 36.
    assert taken == {("IRNN", 0.0): 141, ("LSTM", 0.0): 100, ("fast weights", 0.9): 100, ("fast weights", 0.95): 100}
    margins = found[found["quantity"].str.startswith("error below")]
    assert margins["value"].tolist() == pytest.approx([0.3, 0.3])
    gaps = found[found["quantity"] == "largest gap from attention"]
    assert gaps["value"].max() < 1e-10
    free = found[found["landscape"] == "retrieval, most frequent digit"]
    assert free["expected"].tolist() == pytest.approx([0.45, 0.45])
    assert (free["value"] - 0.45).abs().max() < 0.01
