"""How long a cluster takes, against schedules worked out by hand."""

import math

import pytest

from robustpath.publication.schedule import FIRST_POLL, LAST_POLL, LATER_POLL, NONE, Job, Overhead, share, wall

ONLY_A_JOB = Overhead(job=5.0, submit=0.0, polled=False)
ONLY_POLLS = Overhead(job=0.0, submit=0.0, polled=True)


def test_one_gpu_takes_the_sum_and_many_the_longest():
    jobs = [Job(30.0), Job(20.0), Job(10.0)]
    assert wall(jobs, 1) == 60
    assert wall(jobs, 3) == 30


def test_the_longest_job_is_placed_first():
    # Longest first: 4 | 3 1; as they stand: 1 4 | 3.
    assert wall([Job(1.0), Job(3.0), Job(4.0)], 2) == 4


def test_a_job_waits_for_those_it_needs():
    assert wall([Job(10.0), Job(4.0), Job(5.0, (0, 1))], 2) == 15
    assert wall([Job(10.0), Job(4.0), Job(5.0, (1,))], 2) == 10


def test_overhead_is_added_to_every_job_on_its_gpu():
    assert wall([Job(10.0)] * 4, 2, ONLY_A_JOB) == 2 * 15
    seconds, part = share([Job(10.0)] * 4, 2, ONLY_A_JOB)
    assert (seconds, part) == (30, pytest.approx(1 / 3))


def test_no_more_are_submitted_than_may_be_at_once():
    assert wall([Job(10.0)] * 4, 4, at_once=2) == 20


def test_submissions_come_one_after_another():
    assert wall([Job(10.0)] * 3, 3, Overhead(job=0.0, submit=1.0, polled=False)) == 3 + 10


def test_an_end_is_noticed_at_the_next_poll():
    first, second = FIRST_POLL, FIRST_POLL + FIRST_POLL + LATER_POLL
    assert wall([Job(first - 1)], 1, ONLY_POLLS) == first
    assert wall([Job(first + 1)], 1, ONLY_POLLS) == second
    # After an end, polls are frequent again.
    assert wall([Job(first - 1), Job(first - 1, (0,))], 1, ONLY_POLLS) == 2 * first


def test_polls_become_no_rarer_than_the_rarest():
    long = 100 * LAST_POLL
    assert long <= wall([Job(long)], 1, ONLY_POLLS) <= long + LAST_POLL


@pytest.mark.parametrize("gpus", [1, 8, 64])
def test_without_overhead_no_schedule_beats_the_bounds(gpus):
    jobs = [Job(float(1 + position % 17)) for position in range(300)]
    total, longest = sum(job.seconds for job in jobs), max(job.seconds for job in jobs)
    found = wall(jobs, gpus, NONE, at_once=300)
    assert max(total / gpus, longest) <= found + 1e-9
    assert found <= math.ceil(total / gpus) + longest
