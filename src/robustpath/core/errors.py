"""Errors that the user can correct: one sentence, no traceback."""


class UserError(Exception):
    """Says in one sentence what is wrong, where, and how to correct it."""

    code = 1  # the exit code of the command that it ends


class Stopped(UserError):
    """A signal ended a job that goes on from where it was when it is run again; its exit code is that of a temporary
    failure (EX_TEMPFAIL of sysexits.h)."""

    code = 75
