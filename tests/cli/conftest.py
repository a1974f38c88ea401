"""Calling the command line as a user does."""

import pytest

from me_augment.cli import main


@pytest.fixture
def cli(capsys):
    """Run a command; gives (exit code, stdout, stderr)."""

    def call(*arguments):
        try:
            main([str(argument) for argument in arguments])
            code = 0
        except SystemExit as end:
            code = end.code
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call
