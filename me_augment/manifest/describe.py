"""The manifest's columns as Markdown, from the schema itself, for `manifests/README.md`."""

from __future__ import annotations

from me_augment.manifest.columns import arrow_schema
from me_augment.manifest.rows import Clip, Recording


def schema_markdown() -> str:
    """One table per Parquet file: column, type, whether it may be empty, meaning."""
    parts = []
    for name, row_type in (("recordings.parquet", Recording), ("clips.parquet", Clip)):
        parts += [f"### {name}", "", "| column | type | may be empty | meaning |", "|---|---|---|---|"]
        for f in arrow_schema(row_type):
            empty, meaning = "yes" if f.nullable else "no", f.metadata[b"doc"].decode()
            parts.append(f"| `{f.name}` | {_readable(str(f.type))} | {empty} | {meaning} |")
        parts.append("")
    return "\n".join(parts)


def _readable(arrow_type: str) -> str:
    return arrow_type.replace("element: ", "").replace("item: ", "")
