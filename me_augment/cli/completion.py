"""`me-augment completion`: the shell script that completes commands, options, choices and paths."""

from __future__ import annotations

import click

from me_augment.cli.choice import Choice


@click.command()
@click.argument("shell", type=Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that lets SHELL complete our commands, their options, choices and paths.

    \b
    Examples:
      me-augment completion bash >> ~/.bashrc
      me-augment completion zsh >> ~/.zshrc
      me-augment completion fish > ~/.config/fish/completions/me-augment.fish
    """
    from click.shell_completion import get_completion_class

    from me_augment.cli import group

    found = get_completion_class(shell)
    assert found is not None
    # The script as it is: its line breaks and tabs are meant.
    click.echo(found(group, {}, "me-augment", "_ME_AUGMENT_COMPLETE").source())
