"""How long a cluster takes for jobs whose durations are known, and what of that is the scheduler's."""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

# Measured on a SLURM of one node, 64 jobs of the smoke scale: a job's time in SLURM less its time by Snakemake's
# benchmark, which is two starts of Snakemake.
JOB_SECONDS = 7.2
SUBMIT_SECONDS = 0.1
# How the executor asks for the state of its jobs: this long after the last answer, longer by as much again with every
# answer that no job has ended.
FIRST_POLL, LATER_POLL, LAST_POLL = 10.0, 10.0, 180.0


class Job(NamedTuple):
    """A job: its seconds of work, and the positions of the jobs that it waits for."""

    seconds: float
    needs: tuple[int, ...] = ()


class Overhead(NamedTuple):
    """What a cluster's scheduler adds: seconds a job, seconds a submission, and whether ends are noticed by polling."""

    job: float = JOB_SECONDS
    submit: float = SUBMIT_SECONDS
    polled: bool = True


SLURM = Overhead()
NONE = Overhead(0.0, 0.0, False)


def wall(jobs: Sequence[Job], gpus: int, overhead: Overhead = NONE, at_once: int = 100) -> float:
    """Seconds until all jobs are known to have ended, on `gpus` GPUs, at most `at_once` submitted at a time.

    Jobs are submitted as soon as those they wait for are known to have ended, the longest first, and begin in that
    order, as a queue without other users would have it.
    """
    waiting = {position: set(job.needs) for position, job in enumerate(jobs)}
    queue: list[tuple[float, int, float]] = []  # (-seconds, position, submitted)
    free = [0.0] * gpus
    running: list[tuple[float, int]] = []
    now, interval, unknown = 0.0, FIRST_POLL, set()

    def submit():
        nonlocal now
        ready = sorted((position for position, needs in waiting.items() if not needs), key=lambda p: -jobs[p].seconds)
        for position in ready[: at_once - len(unknown)]:
            del waiting[position]
            now += overhead.submit
            unknown.add(position)
            queue.append((now, position))

    def begin(until):
        while queue and max(free[0], queue[0][0]) <= until:
            submitted, position = queue.pop(0)
            end = max(heapq.heappop(free), submitted) + overhead.job + jobs[position].seconds
            heapq.heappush(free, end)
            heapq.heappush(running, (end, position))

    heapq.heapify(free)
    submit()
    while unknown:
        begin(now)
        if overhead.polled:
            now += interval
        else:
            begin(running[0][0])
            now = max(now, running[0][0])
        begin(now)
        ended = []
        while running and running[0][0] <= now:
            ended.append(heapq.heappop(running)[1])
        interval = FIRST_POLL if ended else min(interval + LATER_POLL, LAST_POLL)
        for position in ended:
            unknown.remove(position)
            for needs in waiting.values():
                needs.discard(position)
        if ended:
            submit()
    return now


def share(jobs: Sequence[Job], gpus: int, overhead: Overhead = SLURM) -> tuple[float, float]:
    """Seconds on the wall with the scheduler's overhead, and its share in them."""
    with_it, without = wall(jobs, gpus, overhead), wall(jobs, gpus)
    return with_it, 1 - without / with_it
