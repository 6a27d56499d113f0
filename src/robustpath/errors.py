"""Errors that are the user's to mend: one sentence, no traceback."""


class UserError(Exception):
    """Says in one sentence what is wrong, where, and how to mend it."""
