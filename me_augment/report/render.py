"""The report: one HTML file that needs nothing else, with everything that comes from data escaped."""

from __future__ import annotations

import base64
import colorsys
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from me_augment.errors import MeAugmentError, UsageError
from me_augment.evaluation.gates import figure_of, lowest
from me_augment.manifest import Manifest
from me_augment.manifest.showing import Hidden
from me_augment.manifest.store import write_text
from me_augment.pace import spoken
from me_augment.report.chosen import choose
from me_augment.report.clip_table import clip_table
from me_augment.report.gather import Facts, gather
from me_augment.report.lab_book import LabBook, duration, open_lab_book
from me_augment.report.look import AMPLIFICATION
from me_augment.report.players import COLUMNS, SIDE, Drawn, Player, Screen, draw_players
from me_augment.report.quality import MEANINGS, by_emotion, distributions
from me_augment.versions import installed

PLAYER_BYTES = 20_000_000
"""The pictures of all players, as the page has them, take no more than this."""
_MARK = '<meta name="generator" content="me-augment report">'
_MOST_UNUSABLE = 200
_TITLES = {
    "emotion": "Emotions, as the corpora write them",
    "megc3": "Classes of MEGC 2019",
    "casme2-5": "Classes of CASME II",
    "samm-5": "Classes of SAMM",
    "objective": "Objective classes",
    "action unit": "Action units",
}
_FILTERS = {
    "is_synthetic": "Kind",
    "emotion": "Emotion",
    "status": "Status",
    "person_id": "Face",
    "driver_person_id": "Driver",
}
_COLUMNS = {
    "name": "Clip",
    "is_synthetic": "Kind",
    "emotion": "Emotion",
    "au_verbatim": "AUs",
    "person_id": "Face",
    "driver_person_id": "Driver",
    "status": "Status",
    "strength": "Strength",
    "quality_correlation": "Correlation",
    "quality_gain": "Gain",
    "quality_nrmse": "Error",
}


@dataclass(frozen=True)
class Written:
    """What a report came to: players in it, names and reasons of clips that could not be shown, bytes."""

    players: int
    missing: tuple[tuple[str, str], ...]
    bytes: int


def require_replaceable(out: Path) -> None:
    """Make the folder that a report is to lie in.

    Raises:
        UsageError: it cannot be made, the name is none that browsers open, or something else lies there.
    """
    if out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--out is {out}, but a report is a web page: give a name ending in .html.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out.parent} cannot be made ({error.strerror}): name another file with --out.") from error
    if not out.exists():
        return
    head = b""
    if out.is_file():
        with out.open("rb") as file:
            head = file.read(4096)
    if _MARK.encode() not in head:
        raise UsageError(f"{out} exists and is not a report: name another file with --out.")


def write_report(
    manifest: Manifest, out: Path, players: int = 24, progress: Callable[[int], None] = lambda _: None
) -> Written:
    """Write the report of a manifest or run that was opened from its folder; an earlier report is replaced.

    The same manifest gives the same bytes.

    Args:
        manifest: the rows.
        out: file.
        players: clips to show, at most; pictures take `PLAYER_BYTES` at most.
        progress: told how many clips there are to draw, once for each that was.

    Raises:
        UsageError: something else is there.
        MeAugmentError: it cannot be written.
    """
    require_replaceable(out)
    hidden = Hidden(manifest.clips)
    chosen = choose(manifest, hidden, players)
    drawn = draw_players(manifest, chosen, hidden, PLAYER_BYTES, lambda: progress(len(chosen)))
    # The name of a folder may be bytes that are no text.
    data = render(manifest, drawn).encode("utf-8", "replace")
    try:
        write_text(out, data.decode())
    except OSError as error:
        raise MeAugmentError(f"cannot write {out}: {error.strerror or error}.") from error
    return Written(len(drawn.players), drawn.missing, len(data))


def render(manifest: Manifest, drawn: Drawn) -> str:
    """The page as text."""
    assert manifest.folder is not None
    facts, book = gather(manifest), open_lab_book(manifest.folder)
    made = manifest.clip_table.filter(manifest.clip_table.column("is_synthetic"))
    table = clip_table(manifest.clip_table, [player.clip.clip_id for player in drawn.players])
    gates = book.settings.gates if book is not None and book.settings.spotting is None else None
    environment = _environment()
    style, script = (_source(environment, name) for name in ("style.css", "script.js"))
    return environment.get_template("report.html").render(
        name=manifest.corpus if book is None else book.title,
        version=installed("me-augment"),
        style=Markup(style),
        style_hash=_hash(style),
        script=Markup(script),
        script_hash=_hash(script),
        facts=facts,
        book=book,
        key_figures=_key_figures(facts, book),
        titles=_TITLES,
        lengths=_lengths(facts),
        distributions=distributions(made, gates),
        groups=by_emotion(made.filter(pc.not_equal(made.column("expression"), "neutral"))),
        drawn=drawn,
        shown_of=facts.made.clips + facts.rejected if facts.is_synthetic else facts.before.clips,
        wheel=_wheel(),
        table=table,
        filters=_FILTERS.items(),
        columns=_COLUMNS.items(),
        most_unusable=_MOST_UNUSABLE,
        duration=duration,
        about={
            "side": SIDE,
            "tiles": COLUMNS,
            "meanings": {f"quality_{name}": meaning for name, meaning in MEANINGS.items()},
            "reproduce": None if book is None else book.reproduce,
            "gates": [
                {"figure": f"quality_{figure_of(gate)}", "limit": limit, "lowest": lowest(gate)}
                for gate, limit in (vars(gates) if gates is not None else {}).items()
                if limit is not None
            ],
        },
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("me_augment.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "whole": lambda value: f"{value:,}",
        "figure": lambda value: "–" if value is None else f"{value:.3g}",
        "fixed": lambda value: "–" if value is None else f"{value:.3f}" if abs(value) < 1000 else f"{value:.3g}",
        "spoken": spoken,
        "data": script_data,
        "film": _film,
        "groupby_first": _grouped,
    }
    environment.globals |= {"polyline": _polyline, "amplification": AMPLIFICATION}
    return environment


def script_data(value: object) -> Markup:
    """JSON that may stand inside a script element: nothing in it can end the element or begin another."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _film(screens: Sequence[Screen]) -> Markup:
    return script_data([{"strips": screen.strips, "at": screen.at} for screen in screens])


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(sha256(text.encode()).digest()).decode("ascii")


def _grouped(players: Iterable[Player], name: str) -> list[tuple[Any, list[Player]]]:
    """Groups in the order in which each is met first."""
    order = list(dict.fromkeys(getattr(player, name) for player in players))
    together = sorted(players, key=lambda player: order.index(getattr(player, name)))
    return [(key, list(group)) for key, group in groupby(together, attrgetter(name))]


def _polyline(phases: Sequence[float], values: Sequence[float], top: float) -> str:
    """Points of a curve in a drawing 120 wide and 46 high; phases from 0 to 2, values from 0 to `top`."""
    return " ".join(f"{60 * x:.1f},{44 - 42 * y / top:.1f}" for x, y in zip(phases, values, strict=True))


def _wheel() -> Markup:
    """The colours of flow as 12 sectors of the unit circle."""
    sectors = []
    for number in range(12):
        low, high = (math.radians(30 * number + edge) for edge in (-15.5, 15.5))
        red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(number / 12, 0.9, 1))
        ends = f"{math.cos(low):.3f} {math.sin(low):.3f}A1 1 0 0 1 {math.cos(high):.3f} {math.sin(high):.3f}"
        sectors.append(f'<path fill="#{red:02x}{green:02x}{blue:02x}" d="M0 0L{ends}z"></path>')
    return Markup("".join(sectors) + '<circle r="0.3" fill="#fff"></circle>')


def _key_figures(facts: Facts, book: LabBook | None) -> list[tuple[str, str]]:
    if not facts.is_synthetic:
        found = [("clips", facts.before.clips), ("people", facts.before.people)]
        found += [("recordings", facts.before.recordings), ("could not be used", facts.unread)]
        return [(label, f"{value:,}") for label, value in found]
    found = [("made", facts.made.clips), ("rejected", facts.rejected), ("failed", facts.failed)]
    found += [("real clips", facts.before.clips), ("people", facts.before.people)]
    more = [] if book is None else [("seed", str(book.settings.seed))]
    return [(label, f"{value:,}") for label, value in found] + more


def _lengths(facts: Facts) -> list[tuple[str, Any, int]]:
    spans = {**facts.before.lengths, **facts.made.lengths}
    return [(corpus, span, span.clips) for corpus, span in spans.items()]
