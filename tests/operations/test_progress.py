"""Lines of progress, the estimate, and what a run's events make of them."""

import io
import logging
import re
from collections import Counter

import pytest
from snakemake.logging import LogEvent

from robustpath.operations import progress


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.7, "1 h 00 min"),
        (4200, "1 h 10 min"),
    ],
)
def test_a_duration_is_said_as_a_person_does(seconds, words):
    assert progress.duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (20, "less than a minute left"),
        (362, "about 6 min left"),
        (3590, "about 1 h 00 min left"),
        (9000, "about 2 h 30 min left"),
    ],
)
def test_what_remains_is_said_to_the_minute(seconds, words):
    assert progress.left_over(seconds) == words


def test_a_kind_takes_the_median_of_its_own_and_an_unseen_one_that_of_all():
    spent = {"train": [10.0, 20.0, 90.0], "theory": [4.0]}
    # 6 trainings of 20 s, 1 evaluation of the median of 4, 10, 20, 90; two at a time.
    assert progress.remaining({"train": 6, "evaluate": 1, "theory": 0}, spent, 2) == (6 * 20 + 15) / 2


def test_an_estimate_once_given_stays_though_most_of_what_is_left_is_of_another_kind():
    assert progress.remaining({"figures": 3, "train": 1}, {"train": [8.0, 8.0, 8.0]}, 1) == 32


def test_no_more_run_at_once_than_are_left():
    assert progress.remaining({"train": 1}, {"train": [30.0]}, 8) == 30


@pytest.mark.parametrize(
    ("left", "spent"),
    [({}, {"train": [1.0]}), ({"train": 3}, {}), ({"train": 9, "paper": 1}, {"prepare": [1.0]})],
)
def test_without_grounds_there_is_no_estimate(left, spent):
    assert progress.remaining(left, spent, 2) is None


def test_lines_are_aligned_and_end_where_they_end():
    short = progress.line(7, 120, "paper", 14, "", "")
    long = progress.line(112, 120, "train minima/optdigits/sgd", 185, "12 runs", "about 6 min left")
    assert short == "  7/120  paper" + " " * (progress.NAME_WIDTH - 5) + "         14 s"
    assert long.endswith("   3 min 05 s  12 runs  (about 6 min left)")
    assert short.index("14 s") + 4 == long.index("05 s") + 4


def test_the_metric_is_the_last_line_of_a_log_in_its_form(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("result: early\nat work\nresult: 12 runs\n")
    assert progress.metric(log) == "12 runs"
    log.write_text("result: early\nerror: no\n")
    assert progress.metric(log) == ""
    log.write_bytes(b"\xff\xfe\n")
    assert progress.metric(log) == ""
    assert progress.metric(tmp_path / "none.log") == ""


def events(logger, *given):
    for event, fields in given:
        level = logging.ERROR if event == LogEvent.JOB_ERROR else logging.INFO
        logger.log(level, f"block of {event}", extra={"event": event, **fields})


def begin(number, rule, wildcards, log=()):
    return LogEvent.JOB_INFO, {"jobid": number, "rule_name": rule, "wildcards": wildcards, "log": list(log)}


@pytest.fixture
def run():
    """A logger with a handler such as Snakemake's, progress on a clock that moves 10 s a look, and the output."""
    logger, stream = logging.Logger("run"), io.StringIO()
    shown = logging.StreamHandler(stream)
    shown.name = "DefaultStreamHandler"
    logger.addHandler(shown)
    progress.attach(logger, {"curves": "figures", "escape": "figures"})
    handler = logger.handlers[-1]
    times = iter(range(0, 10_000, 10))
    handler.clock = lambda: next(times)
    return logger, stream


def test_a_run_prints_a_line_for_each_finished_job(run, tmp_path):
    logger, stream = run
    log = tmp_path / "sgd.log"
    log.write_text("result: 12 runs\n")
    events(
        logger,
        (LogEvent.RUN_INFO, {"stats": {"train": 2, "curves": 1, "escape": 1, "total": 4}}),
        begin(1, "train", {"dataset": "digits", "method": "sgd"}, [str(log)]),
        begin(2, "train", {"dataset": "digits", "method": "sam"}, [str(tmp_path / "none.log")]),
        (LogEvent.JOB_STARTED, {"jobs": [1, 2]}),
        (LogEvent.JOB_FINISHED, {"job_id": 1}),
        (LogEvent.JOB_ERROR, {"jobid": 2}),
        begin(3, "curves", {}),
        (LogEvent.JOB_FINISHED, {"job_id": 3}),
        (LogEvent.PROGRESS, {"done": 2, "total": 4}),
    )
    first, *rest = stream.getvalue().splitlines()
    assert first == "4 jobs: train 2, figures 2"
    assert re.sub(" +", " ", rest[0]) == "1/4 train digits/sgd 20 s 12 runs (less than a minute left)"
    assert rest[1] == "block of job_error"
    assert re.sub(" +", " ", rest[2]) == "2/4 curves 10 s (less than a minute left)"
    assert len(rest) == 3


def test_warnings_and_words_of_others_stay(run):
    logger, stream = run
    logger.warning("Using shell: an odd one")
    logger.info("Using shell: bash")
    logger.info("Nothing to be done")
    assert stream.getvalue() == "Using shell: an odd one\nNothing to be done\n"


def test_an_event_that_cannot_be_read_does_not_stop_a_run(run, capsys):
    logger, _ = run
    events(logger, (LogEvent.JOB_FINISHED, {"job_id": 99}))
    assert "KeyError" in capsys.readouterr().err


def test_without_snakemakes_own_handler_all_stays_as_it_is():
    logger = logging.Logger("run")
    logger.addHandler(logging.NullHandler())
    progress.attach(logger)
    assert len(logger.handlers) == 1


def test_kinds_are_counted_together(run):
    logger, _ = run
    events(logger, (LogEvent.RUN_INFO, {"stats": {"curves": 1, "escape": 1, "total": 2}}))
    assert logger.handlers[-1].left == Counter(figures=2)
