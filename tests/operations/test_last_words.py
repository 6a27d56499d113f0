"""Which sentence a failed job ends with."""

import logging
import os

import pytest
from snakemake.logging import LogEvent

from robustpath.operations.last_words import Report, Reports, last_words, stamp

REFUSAL = (
    "SLURM sbatch failed. The error message was 'sbatch: error: invalid partition specified: nosuch\n"
    "sbatch: error: Batch job submission failed: Invalid partition name specified'.\n"
    "    sbatch call:\n        sbatch --parsable -p 'nosuch'\nFor further error details see the cluster/cloud log"
)


@pytest.fixture
def log(tmp_path):
    return tmp_path / "sgd.log"


def test_a_log_written_by_a_clock_that_is_behind_is_of_this_run(log):
    log.write_text("error: of an older run\n")
    before = stamp(log)
    log.write_text("error: of this one run\n")
    os.utime(log, ns=(0, 0))
    assert last_words(log, before) == "error: of this one run"


def test_an_older_runs_log_is_not_quoted(log):
    log.write_text("error: of an older run\n")
    os.utime(log, (4e9, 4e9))  # by a clock that is ahead
    assert "older" not in last_words(log, stamp(log))


def test_a_log_of_the_same_size_and_time_is_of_this_run_where_it_was_written_again(log):
    log.write_text("error: the first\n")
    os.utime(log, ns=(0, 0))
    before = stamp(log)
    log.write_text("error: a second\n")
    os.utime(log, ns=(0, 0))
    assert last_words(log, before) == "error: a second"


def test_what_slurm_refuses_is_said_in_its_words(log):
    assert last_words(log, None, Report(REFUSAL, [str(log)])) == (
        "error: SLURM refused the job (invalid partition specified: nosuch; Batch job submission failed: "
        "Invalid partition name specified); correct site.yaml, the SBATCH_ variables or slurm/config.yaml"
    )


def test_a_job_without_a_message_has_the_status_of_slurm_and_a_log_that_exists(log, tmp_path):
    log.write_text("step 10\n")
    (tmp_path / "7.log").touch()
    ended = Report("SLURM-job '7' failed, SLURM status is: 'TIMEOUT'. Detailed failure reason unavailable")
    said = last_words(log, None, ended._replace(logs=[str(log), str(tmp_path / "7.log")]))
    assert said == (
        f"error: SLURM ended it with the status TIMEOUT, without a message of its own; look into {tmp_path / '7.log'}"
    )


@pytest.mark.parametrize("report", [Report(), Report("killed", ["logs/none.log"])])
def test_no_folder_is_named_that_does_not_exist(log, report):
    assert last_words(log, None, report).endswith("; look into .snakemake/log")
    assert last_words(None, None, report).endswith("; look into .snakemake/log")


def test_the_last_report_on_each_job_is_kept():
    logger, reports = logging.Logger("run"), Reports()
    logger.addHandler(reports)
    for message in ("first try", "second try"):
        event = {"event": LogEvent.JOB_ERROR, "jobid": 3, "rule_msg": message, "log": ["a.log"]}
        logger.error("Error in rule train", extra=event)
    logger.error("something else")
    assert reports.of == {3: Report("second try", ["a.log"])}
