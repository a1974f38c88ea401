"""The corpora that can be read: what is said once about each, and the name of the module that reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from me_augment.errors import UsageError
from me_augment.words import meant

if TYPE_CHECKING:  # listing the corpora must not cost the import of pyarrow
    from me_augment.corpora.labelled import Layout
    from me_augment.manifest import Manifest

Progress = Callable[[int, int], None]
"""Called with recordings done and recordings in all."""


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """What holds for every row of a corpus.

    Attributes:
        name: key of the registry and root key of the manifest.
        title: the corpus as its authors write it.
        expects: what ROOT has to be, a noun phrase for error messages.
        licence: terms of the frames.
        module: module whose `READERS` has the corpus' `Reader` under its name.
        people: first part of every person id, where corpora share their people (SAMM and its long videos); else `name`.
        holds: what lies below a folder of its recordings, for error messages.
        nominal_fps: rate the authors state for recordings whose files carry none (numerator, denominator).
    """

    name: str
    title: str
    expects: str
    licence: str
    module: str
    people: str = ""
    holds: str = "subject folders"
    nominal_fps: tuple[int, int] | None = None


@dataclass(frozen=True)
class Ingested:
    """What a reader hands back.

    Attributes:
        manifest: the rows, not yet written; its provenance says what was read (`labels`, `frames`).
        warnings: what a person should know about the corpus as a whole, one sentence each.
    """

    manifest: Manifest
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reader:
    """What a module of a corpus offers.

    Attributes:
        read: `read(root, *, progress, **options)`, root being absolute; raises UsageError where root does not hold the
            corpus. Its keyword arguments are the options that the corpus has.
        layout: how the corpus is recognised; None for folders that look like nothing in particular.
    """

    read: Callable[..., Ingested]
    layout: Layout | None = None


_CAS = (
    "release agreement (Institute of Psychology, Chinese Academy of Sciences): signed, academic use only, no "
    "redistribution; ask before a face is printed."
)
_SAMM = (
    "release agreement (Manchester Metropolitan University): signed, no redistribution; only some faces are cleared "
    "for figures."
)
_SMIC = "release agreement (University of Oulu): signed, no redistribution."


def _smic(view: str, fps: int) -> tuple[Corpus, Corpus]:
    camera = {"hs": "high-speed", "vis": "visual", "nir": "near-infrared"}[view]
    name = view.upper()
    return (
        Corpus(
            name=f"smic-{view}",
            title=f"SMIC-{name}",
            expects=f"a folder that holds SMIC_all_raw or SMIC_all_cropped with {name} ({camera} camera) in it",
            licence=f"SMIC {_SMIC}",
            module="me_augment.corpora.smic",
            people="smic",
            holds=f"{name} and its subject folders",
            nominal_fps=(fps, 1),
        ),
        Corpus(
            name=f"smic-e-{view}",
            title=f"SMIC-E {name} (long)",
            expects=f"a folder that holds the long {name} clips of the SMIC-E pack, and its annotation workbook",
            licence=f"SMIC {_SMIC}",
            module="me_augment.corpora.smic_e",
            people="smic",
            nominal_fps=(fps, 1),
        ),
    )


CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            name="casme",
            title="CASME",
            expects="a folder that holds CASME_raw_selected or Cropped, and the label file CASME-coded-….xls",
            licence=f"CASME {_CAS}",
            module="me_augment.corpora.casme",
            nominal_fps=(60, 1),
        ),
        Corpus(
            name="casme2",
            title="CASME II",
            expects="a folder that holds CASME2_RAW_selected, CASME2-RAW or Cropped, and the label file "
            "CASME2-coding-….xlsx",
            licence=f"CASME II {_CAS}",
            module="me_augment.corpora.casme2",
            nominal_fps=(200, 1),
        ),
        Corpus(
            name="casme-sq",
            title="CAS(ME)^2",
            expects="a folder that holds rawpic, rawvideo, longVideoFaceCropped, selectedpic or cropped, and the label "
            "file CAS(ME)^2code_final.xlsx",
            licence=f"CAS(ME)^2 {_CAS}",
            module="me_augment.corpora.casme_sq",
            nominal_fps=(30, 1),
        ),
        Corpus(
            name="casme3-a",
            title="CAS(ME)^3 part A",
            expects="a folder that holds part_A or Part_A_ME_clip, and the label file "
            "cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx or CAS(ME)3_part_A_v2.xls",
            licence=f"CAS(ME)^3 {_CAS}",
            module="me_augment.corpora.casme3_a",
            people="casme3",
            nominal_fps=(30, 1),
        ),
        Corpus(
            name="casme3-b",
            title="CAS(ME)^3 part B",
            expects="a folder that holds the recordings of part B (part_B/spNo.1/…), nothing labelled",
            licence=f"CAS(ME)^3 {_CAS}",
            module="me_augment.corpora.casme3_b",
            nominal_fps=(30, 1),
        ),
        Corpus(
            name="casme3-c",
            title="CAS(ME)^3 part C",
            expects="a folder that holds the recordings of part C (part_C/01/color/…), and the label file "
            "CAS(ME)3_part_C_ME.xlsx",
            licence=f"CAS(ME)^3 {_CAS}",
            module="me_augment.corpora.casme3_c",
            people="casme3",
            nominal_fps=(30, 1),
        ),
        Corpus(
            name="samm",
            title="SAMM",
            expects="a folder that holds SAMM (or SAMM_CROP) with subject folders, and the label file "
            "SAMM_Micro_FACS_Codes_v2.xlsx",
            licence=f"SAMM {_SAMM}",
            module="me_augment.corpora.samm",
            nominal_fps=(200, 1),
        ),
        Corpus(
            name="samm-lv",
            title="SAMM Long Videos",
            expects="a folder that holds SAMM_longvideos, and the label file SAMM_LongVideos_V2_Release.xlsx",
            licence=f"SAMM Long Videos {_SAMM}",
            module="me_augment.corpora.samm_lv",
            people="samm",
            holds="video folders",
            nominal_fps=(200, 1),
        ),
        *_smic("hs", 100),
        *_smic("vis", 25),
        *_smic("nir", 25),
        Corpus(
            name="mmew",
            title="MMEW",
            expects="a folder that holds Micro_Expression, and the label file MMEW_Micro_Exp.xlsx",
            licence="MMEW release agreement (Shandong University): signed, academic use only, no redistribution.",
            module="me_augment.corpora.mmew",
            holds="emotion or subject folders",
            nominal_fps=(90, 1),
        ),
        Corpus(
            name="4dme",
            title="4DME",
            expects="a folder that holds gray_micro (or gray_micro_crop), and the label file "
            "4DME_Labelling_Micro_release v1.xlsx",
            licence=f"4DME {_SMIC}",
            module="me_augment.corpora.fourdme",
            nominal_fps=(60, 1),
        ),
        Corpus(
            name="dfme",
            title="DFME",
            expects="a folder that holds DFME_train, test_data_A or test_data_B, and the label files "
            "training_full_with_AU.xlsx, testA_full_with_AU.xlsx, testB_full_with_AU.xlsx",
            licence="DFME release agreement (University of Science and Technology of China): non-commercial, no "
            "passing on; some subjects must never be shown.",
            module="me_augment.corpora.dfme",
            holds="clip folders",
        ),
        Corpus(
            name="meview",
            title="MEVIEW",
            expects="a folder MEVIEW that holds clip folders or videos (sub01_01, sub01_01.mp4), and a csv of your "
            "own, MEVIEW….csv or named with --sheet, with the columns clip, onset, apex, offset, au, emotion",
            licence="MEVIEW: research use, see the terms of its download page; the faces are those of television.",
            module="me_augment.corpora.meview",
            holds="clip folders",
        ),
        Corpus(
            name="generic",
            title="A corpus of your own",
            expects="a folder of recordings, with --sheet your label table (.csv, .xlsx, .xls) and with --columns a "
            "YAML file that says what its columns are",
            licence="Corpus supplied by the user, who knows its terms and the consent given.",
            module="me_augment.corpora.generic",
        ),
        Corpus(
            name="faces",
            title="Face images",
            expects="a folder of .jpg, .png or .bmp pictures of faces, or of one such folder per person; "
            "videos, and folders of frames below a person, are neutral clips; faces.csv may have file, subject, "
            "licence",
            licence="Face images supplied by the user, who knows their terms and the consent given.",
            module="me_augment.corpora.faces",
        ),
    )
}


def person_of(corpus: Corpus, subject: str) -> str:
    """The person id of a corpus' subject, as a reader gives it."""
    return f"{corpus.people or corpus.name}:{subject}"


def corpus_of(name: str) -> Corpus:
    """The corpus called `name` (any case); UsageError naming the known ones otherwise."""
    found = CORPORA.get(name.casefold())
    if found is None:
        known = ", ".join(f"{corpus.name} ({corpus.title})" for corpus in CORPORA.values())
        # Authors write CASME II and CAS(ME)^2, which are two.
        spelled = re.sub("i{2,3}", lambda digits: str(len(digits[0])), name.casefold()).replace("^2", "sq")
        raise UsageError(f"there is no corpus {name!r}: choose one of {known}.{meant(spelled, CORPORA)}")
    return found
