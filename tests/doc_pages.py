"""The pages of the documentation, and what is fenced in them."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = {
    str(page.relative_to(ROOT)): page
    for page in sorted(
        [
            *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
            *(ROOT / "docs").glob("*.md"),
            ROOT / "manifests/README.md",
            ROOT / "pipelines/README.md",
        ]
    )
}
_FENCE = re.compile(r"^```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text and the line of the page that it begins on."""

    language: str
    text: str
    line: int


def blocks(page):
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [Block(found[1], found[2], text.count("\n", 0, found.start()) + 2) for found in _FENCE.finditer(text)]


def prose(page):
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def commands(page):
    """Command lines of `sh` blocks that call me-augment, continued lines joined."""
    lines = "".join(block.text for block in blocks(page) if block.language == "sh").replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip().startswith("me-augment ")]


def anchors(page):
    """What the headings of a page can be linked to by."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(prose(page))}
