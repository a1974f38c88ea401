"""The messages that the page on trouble quotes are those that the program has."""

import ast
import re

from doc_pages import PAGES, ROOT

QUOTED = re.findall(r"^> (.+)$", PAGES["docs/troubleshooting.md"].read_text(encoding="utf-8"), re.MULTILINE)


def templates():
    """Every string of the program, with … for what is filled in."""
    for file in sorted((ROOT / "me_augment").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_quoted_message_is_in_the_source():
    known = "\n".join(template.replace("\n", " ") for template in templates())
    assert len(QUOTED) >= 20
    assert [message for message in QUOTED if not _said(message, known)] == []


def _said(message, known):
    parts = [part.strip() for part in message.split("…") if part.strip(" .,:;=")]
    return re.search("[^\n]*?".join(map(re.escape, parts)), known)
