"""`me-augment preview`: clips to look at, as a contact sheet or slowed down as an animation."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from me_augment.cli.choice import Choice
from me_augment.cli.saying import say
from me_augment.errors import UsageError

if TYPE_CHECKING:
    from me_augment.manifest import Clip, Manifest
    from me_augment.report.panels import Panel

_SUFFIXES = (".png", ".gif", ".webp", ".mp4")
_MOST = 24  # panels on a picture; their frames are in memory together


@click.command()
@click.argument("sources", metavar="SOURCE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="New file: .png draws a contact sheet, .gif, .webp or .mp4 an animation.",
)
@click.option("--clip", "names", multiple=True, help="Name or id of a clip to show; may be repeated.")
@click.option(
    "--most",
    default=6,
    show_default=True,
    type=click.IntRange(1, _MOST),
    help="Without --clip: so many clips of a run or manifest, of emotions, drivers and faces in turn.",
)
@click.option(
    "--view",
    type=Choice(["plain", "difference", "flow"]),
    help="Of an animation: frames, their amplified change or their motion since the onset.  [default: plain]",
)
@click.option(
    "--slow",
    type=click.FloatRange(0.1, 100),
    help="Of an animation: factor on the time it takes.  [default: so that the longest clip takes some 5 s]",
)
@click.option("--size", default=180, show_default=True, type=click.IntRange(64, 512), help="Side of a face, pixels.")
@click.option("--watermark", is_flag=True, help="Write SYNTHETIC on synthetic pictures.")
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus of a manifest lies now, if it moved.")
@click.option("--overwrite", is_flag=True, help="Replace the file --out.")
def command(
    sources: tuple[Path, ...],
    out: Path,
    names: tuple[str, ...],
    most: int,
    view: str | None,
    slow: float | None,
    size: int,
    watermark: bool,
    root: Path | None,
    overwrite: bool,
) -> None:
    """Draw clips of SOURCE: a run, a manifest, a video or a folder of frames; several may be given.

    Of a run synthetic clips are shown, each beside its driver and the face it was made with. A contact sheet has
    onset, apex and offset, the change between onset and apex and the motion as colour (which way it goes as hue, red
    to the right; how far as saturation). An animation plays all clips together and rests for a moment at onset, apex
    and offset, which a bar below each names. Whoever must never be shown (the issue `never-show`) is not. The file
    says in its metadata that it is a lossy preview, and that what it shows is synthetic.

    \b
    Examples:
      me-augment preview work/run --out work/look.png
      me-augment preview work/run --clip syn-0c0ba2178dfc88ac --view flow --slow 20 --out work/a.gif
      me-augment preview clip.mkv work/CASME2/sub01/EP02_01f --out work/look.webp
    """
    _require_new(out, overwrite)
    still = out.suffix.lower() == ".png"
    if still and (view or slow):
        raise UsageError(f"{'--view' if view else '--slow'} is about animations: a contact sheet shows all views.")

    from me_augment.manifest import Manifest
    from me_augment.report.animation import MOST_FRAMES
    from me_augment.report.panels import panel_of_file, panels_of

    frames = 2 if still else MOST_FRAMES
    opened = {source: Manifest.open(source, root) for source in sources if _is_manifest(source)}
    if not opened and (names or root):
        raise UsageError(f"{'--clip' if names else '--root'} is about a run or a manifest: no SOURCE is one.")
    chosen = _chosen(opened, names, most)
    count = len(sources) - len(opened) + sum(map(len, chosen.values()))
    if count > _MOST:
        raise UsageError(f"{count} clips are asked for: one picture holds {_MOST}.")
    panels: list[Panel] = []
    for source in sources:
        if source in opened:
            panels += panels_of(opened[source], chosen[source], size, frames)
        else:
            panels.append(panel_of_file(source, size, frames))
    shown = _draw(out, panels, view or "plain", slow, watermark)
    say(f"{len(panels)} {'clip' if len(panels) == 1 else 'clips'}{shown}, to look at and not to measure → {out}")


def _is_manifest(source: Path) -> bool:
    return any((source / name).is_file() for name in ("manifest.json", "plan.parquet"))


def _chosen(opened: dict[Path, Manifest], names: Sequence[str], most: int) -> dict[Path, list[Clip]]:
    """The clips to be shown of each manifest."""
    from me_augment.report.overview import examples

    if not names:
        chosen = {source: examples(manifest, most) for source, manifest in opened.items()}
        if empty := [str(source) for source, clips in chosen.items() if not clips]:
            raise UsageError(f"{empty[0]} has no clip whose frames are known and may be shown: nothing to draw.")
        return chosen
    wanted = set(names)
    chosen = {
        source: [clip for clip in manifest.clips if not wanted.isdisjoint((clip.clip_id, clip.name))]
        for source, manifest in opened.items()
    }
    found = {word for clips in chosen.values() for clip in clips for word in (clip.clip_id, clip.name)}
    for name in names:
        if name not in found:
            known = [word for m in opened.values() for clip in m.clips for word in (clip.clip_id, clip.name)]
            close = get_close_matches(name, known, n=3)
            like = f" Did you mean {' or '.join(repr(word) for word in close)}?" if close else ""
            raise UsageError(f"there is no clip {name!r}: clips.parquet lists them (`name`, `clip_id`).{like}")
    return chosen


def _require_new(out: Path, overwrite: bool) -> None:
    if out.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"--out is {out}: give a name ending in {', '.join(_SUFFIXES)}.")
    if out.is_dir() or (out.exists() and not overwrite):
        raise UsageError(f"{out} exists: name another --out, or pass --overwrite to replace a file.")


def _draw(out: Path, panels: Sequence[Panel], view: str, slow: float | None, watermark: bool) -> str:
    """Write the picture; returns what there is to say of it."""
    from me_augment.report.animation import animation, pace, rate_of, slowness
    from me_augment.report.contact_sheet import comment_of, write_contact_sheet
    from me_augment.video import write_preview

    if out.suffix.lower() == ".png":
        write_contact_sheet(out, panels, watermark=watermark)
        return ""
    factor = slowness(panels, slow)
    write_preview(out, animation(panels, view, factor, watermark), rate_of(panels, factor), comment_of(panels))
    return f", {pace(panels, factor)}"
