"""`me-augment merge`: several manifests → one."""

from __future__ import annotations

from pathlib import Path

import click

from me_augment.cli.joining import joining_options


@click.command()
@click.argument("manifests", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the new manifest.")
@joining_options
@click.option("--overwrite", is_flag=True, help="Replace the manifest that is in --out.")
def command(
    manifests: tuple[Path, ...], out: Path, megc2019: Path | None, person_map: Path | None, overwrite: bool
) -> None:
    """Make one manifest of MANIFESTS (or runs); their frames stay where they are.

    A clip that several have is kept once.

    \b
    Example:
      me-augment merge work/casme2 work/samm --megc2019 combined_3class_gt.csv --out work/both
    """
    from me_augment.cli.joining import Joining, say_written
    from me_augment.manifest import Manifest
    from me_augment.manifest.store import require_free
    from me_augment.manifest.validate import require_sound

    require_free(out, overwrite=overwrite)
    joining = Joining.read(megc2019, person_map)
    manifest = require_sound(joining.join([Manifest.open(folder) for folder in manifests]))
    manifest.write(out, overwrite=overwrite)
    say_written(manifest, out)
