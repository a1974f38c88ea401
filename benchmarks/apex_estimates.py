"""How many labelled apexes `ingest --apex` would find: by flow with and without landmarks, and as the middle.

python benchmarks/apex_estimates.py demo-out/manifest
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from me_augment import Manifest
from me_augment.generation.apex import estimated_apexes


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    manifest = Manifest.open(parser.parse_args().manifest)
    labelled = [clip for clip in manifest.clips if clip.apex_index is not None]
    for method, landmarks in (("flow", True), ("flow", False), ("middle", True)):
        blank = [replace(clip, apex_index=None, landmarks=clip.landmarks if landmarks else None) for clip in labelled]
        found = estimated_apexes(replace(manifest, clips=blank), method).clips
        off = [abs((one.apex_index or 0) - (two.apex_index or 0)) for one, two in zip(found, labelled, strict=True)]
        name = method if landmarks else f"{method}, no landmarks"
        print(f"{name:20} {off.count(0)} of {len(off)}, at worst {max(off)} frames off")


if __name__ == "__main__":
    main()
