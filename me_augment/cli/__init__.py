"""The command line: a group whose commands are imported when they are called, and errors as one sentence."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any

import click

import me_augment
from me_augment.cli.lazy import LazyGroup
from me_augment.cli.saying import say, take_any_sign
from me_augment.errors import MeAugmentError

# Command → what it does. The module me_augment.cli.<command> holds a click command called `command`.
_COMMANDS = {
    "animate": "Make one face perform one driving clip.",
    "audit": "Prove a training set free of leaks, or name them.",
    "au-basis": "Estimate the motion of action units from a manifest.",
    "checkpoint": "Look at a learned generator's weights, or convert them.",
    "completion": "Print what completes these commands in a shell.",
    "corpora": "List the corpora that can be read.",
    "demo": "Run everything once on a small invented corpus.",
    "doctor": "Check the installation and say how to mend it.",
    "evaluate": "Measure how good clips are, and what they are worth.",
    "export": "Write a manifest or run in a recogniser's format.",
    "extend": "Plan more clips for a run and make them.",
    "flow": "Write the optical flow of clips as arrays.",
    "ingest": "Turn corpus folders into a manifest.",
    "inspect": "Count what is in a manifest or run.",
    "merge": "Make one manifest of several.",
    "preview": "Draw clips and their drivers, still or moving.",
    "report": "Write a page to look at of a manifest or run.",
    "reproduce": "Make one clip of a run again and compare.",
    "resume": "Go on with a run.",
    "run": "Carry out a recipe of these commands.",
    "status": "Say how far a run is.",
    "synthesize": "Make labelled clips on other faces.",
    "train": "Train the learned generator on a manifest.",
    "validate": "Check a manifest's or run's rows.",
    "verify": "Check a run's files against what was written.",
}


@click.group(
    cls=LazyGroup,
    modules="me_augment.cli.",
    about=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(me_augment.__version__, prog_name="me-augment")
def group() -> None:
    """Enlarge a micro-expression corpus: labelled micro-expressions on other faces, without leakage.

    \b
    Exit codes:
      0    done
      1    the work failed, what was checked is not sound, or the reader of the output went away
      2    wrong use: a mistyped option, a folder of the wrong kind
      130  interrupted; the same command goes on with the work

    \b
    Examples:
      me-augment demo
      me-augment ingest casme2 /data/CASME2 --out work/manifest
      me-augment synthesize work/manifest --out work/run
      me-augment completion bash >> ~/.bashrc
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; errors that a user can cause become one sentence on stderr and an exit code."""
    take_any_sign(sys.stdout, sys.stderr)
    if threading.current_thread() is threading.main_thread():
        # A job that is told to end cleans up as after Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        result = group.main(args=arguments, prog_name="me-augment", standalone_mode=False) or 0
        sys.stdout.flush()  # a reader that went away is met here and not at the interpreter's end
        return result
    except MeAugmentError as error:
        say(f"Error: {_one_line(str(error))}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # as click ends where it is met earlier: without a word
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        say(f"Error: {error.filename or 'the system'}: {error.strerror or error}.", err=True)
        sys.exit(1)
    except MemoryError as error:
        reason = f" ({_one_line(str(error))})" if str(error) else ""
        say(f"Error: too little memory{reason}: end other programs, or give smaller pictures.", err=True)
        sys.exit(1)
    except RecursionError:
        say("Error: a file that was read is nested too deeply to be one of ours: make it again.", err=True)
        sys.exit(1)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()  # a group without a command: its help, all of it ours
        sys.exit(error.exit_code)
    except click.ClickException as error:
        if isinstance(error, click.UsageError) and error.ctx is not None:
            click.echo(f"{error.ctx.get_usage()}\nTry '{error.ctx.command_path} --help' for help.\n", err=True)
        say(f"Error: {_one_line(error.format_message())}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted. A run goes on where it stopped when the same command is given again.", err=True)
        sys.exit(130)


def _one_line(text: str) -> str:
    return " ".join(text.split())
