"""The errors a user can cause; the command line prints their text as one sentence and exits with their code."""


class MeAugmentError(Exception):
    """The work failed: a file is unreadable, a face is not found, a disk is full. Exit code 1."""

    exit_code = 1


class UsageError(MeAugmentError):
    """The request itself is wrong: a folder of the wrong kind, an option that contradicts another. Exit code 2."""

    exit_code = 2
