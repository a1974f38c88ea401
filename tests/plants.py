"""Leaks for every format of export, each put into the very file that a loader of that format reads."""

import csv
import io
import json
import tarfile
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq


class Planted:
    """An export, a fold of it, and a synthetic clip that has the person held out for driver or face.

    `into_…` put the clip into the fold's training and give how the audit has to name the place.
    """

    def __init__(self, folder, wanted=lambda row: True):
        self.folder = Path(folder)
        rows = pq.read_table(self.folder / "clips.parquet").to_pylist()
        folds = json.loads((self.folder / "export.json").read_text())["folds"]
        persons = {name: {fold.get("person_id"), *fold.get("persons", ())} for name, fold in folds.items()}
        self.row, self.fold = next(
            (row, name)
            for row in rows
            for name in persons
            if row["is_synthetic"]
            and wanted(row)
            and persons[name] & {row["driver_person_id"], row["target_person_id"]}
        )
        self.name = self.row["name"]

    def link(self, source, place):
        """Put one more name of a file into the export."""
        target = self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.hardlink_to(source)
        return place

    def append(self, place, line):
        """Add a line to a list; gives its place as it is told."""
        path = self.folder / place
        lines = path.read_text().splitlines()
        path.unlink()  # lists may be hard links to one another
        path.write_text("".join(f"{text}\n" for text in [*lines, line]))
        return f"{place}, line {len(lines) + 1}"

    def into_tree(self):
        """norm-uv-os: a picture in u_train."""
        source = next((self.folder / "norm_u_v_os").rglob(self.name))
        place = f"{self.fold}/u_train/{self.row['label_index']}/{self.name}"
        self.link(source, f"norm_u_v_os/{place}")
        return place

    def into_sheet(self):
        """frames: a row of the fold's workbook."""
        (path,) = (self.folder / "folds" / self.fold).glob("*.xlsx")
        (whole,) = self.folder.glob("*.xlsx")
        subject, clip = self.row["sheet_subject"].removeprefix("sub"), self.row["sheet_clip"]
        rows = openpyxl.load_workbook(whole).worksheets[0].values
        (row,) = [row for row in rows if row[:2] == (subject, clip)]
        book = openpyxl.load_workbook(path)
        book.worksheets[0].append(row)
        book.save(path)
        return f"{path.relative_to(self.folder)}, row {book.worksheets[0].max_row}"

    def into_megc(self):
        """frames: a line of the fold's list of MEGC2019."""
        lines = (self.folder / "combined_3class_gt.csv").read_text().splitlines()
        (line,) = [line for line in lines if f",{self.row['sheet_clip']}," in line and self._number(line)]
        return self.append(f"folds/{self.fold}/combined_3class_gt.csv", line)

    def _number(self, line):
        digits = [int("".join(filter(str.isdecimal, text))) for text in (line.split(",")[1], self.row["sheet_subject"])]
        return digits[0] == digits[1]

    def into_folders(self, name=None):
        """frames of SMIC: a folder of the fold's tree, which is its label."""
        place = f"folds/{self.fold}/{Path(self.name).with_name(name) if name else self.name}"
        for file in (self.folder / self.name).iterdir():
            self.link(file, f"{place}/{file.name}")
        return place

    def into_folders_renamed(self):
        """The same under a name that no table knows."""
        return self.into_folders("s999_ne_99")

    def into_columns(self):
        """arrays: one more fold among those that a row may train."""
        path = self.folder / "meta.csv"
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            if row["clip_id"] == self.row["clip_id"]:
                row["allowed_folds"] += f";{self.fold}"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return f"meta.csv, {self.row['clip_id']}, fold {self.fold}"

    def into_shards(self):
        """webdataset: a shard that the fold's list must not name."""
        shard = next(path for path in sorted((self.folder / "shards").iterdir()) if self._holds(path))
        self.append(f"{self.fold}_train.txt", f"shards/{shard.name}")
        return f"{self.fold}_train.txt: {shard.name}, {self.name}"

    def _holds(self, shard):
        with tarfile.open(shard) as members:
            return any(name.startswith(f"{self.name}.") for name in members.getnames())

    def into_shard(self):
        """webdataset: a sample in a shard that the fold trains on."""
        shards = (self.folder / f"{self.fold}_train.txt").read_text().split()
        shard = next(shard for shard in shards if "synthetic" in shard)
        with tarfile.open(self.folder / shard, "a") as members:
            member = tarfile.TarInfo(f"{self.name}.cls")
            member.size = 1
            members.addfile(member, io.BytesIO(b"0"))
        return f"{self.fold}_train.txt: {Path(shard).name}, {self.name}"

    def into_split(self):
        """videofolder: a file in the folder of the split."""
        return self.link(self.folder / "all/train" / self.name, f"{self.fold}/train/{self.name}")

    def into_split_renamed(self):
        """The same under a name that no table knows: its bytes tell."""
        return self.link(self.folder / "all/train" / self.name, f"{self.fold}/train/new.mkv")

    def into_split_as_another_kind(self):
        """The same as a .mov, which `datasets` reads too."""
        return self.link(self.folder / "all/train" / self.name, f"{self.fold}/train/new.mov")

    def into_names(self):
        """videofolder: a line of the list of names."""
        return self.append(f"{self.fold}_train.txt", self.name)

    def into_list(self):
        """kinetics: a line of the list of mmaction2."""
        return self.append(f"{self.fold}_train.txt", self._line())

    def into_slowfast(self):
        """kinetics: a line of the list of PySlowFast."""
        return self.append(f"slowfast/{self.fold}/train.csv", self._line())

    def _line(self):
        lines = (self.folder / "all.txt").read_text().splitlines()
        return next(line for line in lines if line.startswith(f"{self.name} "))


NO_CLASS = {"wanted": lambda row: row["emotion"] == "others"}
"""Clips that the list of MEGC2019 has no class for stand in the sheets alone."""
MATRIX = [
    ("norm-uv-os", {"variant": "htnet"}, {}, Planted.into_tree),
    ("norm-uv-os", {"variant": "ststnet"}, {}, Planted.into_tree),
    ("frames", {"shape": "casme2"}, NO_CLASS, Planted.into_sheet),
    (
        "frames",
        {"shape": "casme2", "tree": "cropped"},
        {"wanted": lambda row: row["emotion"] != "others"},
        Planted.into_megc,
    ),
    ("frames", {"shape": "samm"}, {}, Planted.into_sheet),
    (
        "frames",
        {"shape": "samm", "images": "png"},
        {"wanted": lambda row: row["emotion"] == "disgust"},
        Planted.into_megc,
    ),
    ("frames", {"shape": "smic"}, {}, Planted.into_folders),
    ("frames", {"shape": "smic", "tree": "cropped"}, {}, Planted.into_megc),
    ("frames", {"shape": "smic", "tree": "raw"}, {}, Planted.into_folders_renamed),
    ("arrays", {}, {}, Planted.into_columns),
    ("webdataset", {"store": "video"}, {}, Planted.into_shards),
    ("webdataset", {"store": "frames"}, {}, Planted.into_shard),
    ("videofolder", {}, {}, Planted.into_split),
    ("videofolder", {"size": 16}, {}, Planted.into_split_renamed),
    ("videofolder", {"size": 24}, {}, Planted.into_split_as_another_kind),
    ("videofolder", {"size": 32}, {}, Planted.into_names),
    ("kinetics", {"store": "frames"}, {}, Planted.into_list),
    ("kinetics", {"store": "video"}, {}, Planted.into_slowfast),
]
