"""`me-augment run`: a recipe of our own commands, carried out step by step."""

from __future__ import annotations

from pathlib import Path

import click

from me_augment.cli.saying import say, say_dry
from me_augment.words import count


@click.command()
@click.argument("pipeline", type=click.Path(path_type=Path))
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Value of a variable; repeatable.")
@click.option("--dry-run", is_flag=True, help="Check the pipeline and print its commands; write nothing.")
def command(pipeline: Path, settings: tuple[str, ...], dry_run: bool) -> None:
    """Carry out the commands that PIPELINE, a YAML file, names.

    Everything is checked before the first of them begins. Given again, the same command passes over what is finished
    and goes on where it stopped; a step whose output was deleted is done again.

    \b
    Examples:
      me-augment run pipelines/demo.yaml
      me-augment run pipelines/casme2-x5.yaml --set corpus=/data/CASME2 --set work=work/casme2
    """
    from me_augment.cli import group
    from me_augment.lock import only_one
    from me_augment.pipeline.calls import calls_of
    from me_augment.pipeline.file import read_pipeline
    from me_augment.pipeline.records import Records
    from me_augment.pipeline.run import carry_out, require_agreement
    from me_augment.pipeline.variables import resolve, typed

    recipe = read_pipeline(pipeline)
    values = resolve(recipe.variables, settings, str(pipeline))
    folder = Path(typed(recipe.folder, values, f"{pipeline}: folder"))
    calls = calls_of(recipe, values, group, pipeline)
    title = {"pipeline": pipeline.name, "description": recipe.description, "variables": values}
    records = Records(folder, title)
    require_agreement(calls, records, pipeline)
    if dry_run:
        for call in calls:
            say(call.line)
        say_dry(f"carry out {count(len(calls), 'step')}", err=True)  # the lines above are a script
        return
    folder.mkdir(parents=True, exist_ok=True)
    with only_one(folder):
        records = Records(folder, title)  # as the process that held the folder until now left it
        require_agreement(calls, records, pipeline)
        carry_out(calls, records, say)
    say(f"{len(calls)} steps are finished; {records.file} tells of them.")
