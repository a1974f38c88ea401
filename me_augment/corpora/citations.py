"""What is known of each corpus beside its layout: full name, terms, whom to ask, and the papers to cite.

Only what could be confirmed stands here; where something could not, the text says so. The agreement that was signed
decides in any case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from me_augment.corpora.registry import CORPORA


@dataclass(frozen=True)
class Entry:
    """A publication.

    Attributes:
        kind, key: of BibTeX.
        fields: name → text; BibTeX's own, in the order in which they are written.
    """

    kind: str
    key: str
    fields: Mapping[str, str]

    def bibtex(self) -> str:
        """The entry, without a newline at its end."""
        lines = (f"  {name} = {{{text}}}," for name, text in self.fields.items())
        return "\n".join((f"@{self.kind}{{{self.key},", *lines, "}"))


@dataclass(frozen=True, kw_only=True)
class About:
    """A corpus.

    Attributes:
        name: as its authors write it, with what the letters stand for where that is known.
        agreement: what has to be signed, and with whom.
        frames: whether its frames may be passed on or shown.
        derived: whether clips made from them may.
        ask: who decides, and where they are found.
        entries: to be cited; empty where none could be confirmed.
    """

    name: str
    agreement: str
    frames: str
    derived: str = "as the frames, unless the agreement allows more"
    ask: str
    entries: tuple[Entry, ...]


def _paper(kind: str, key: str, authors: Sequence[str], title: str, **fields: str) -> tuple[Entry, ...]:
    return (Entry(kind, key, {"author": " and ".join(authors), "title": f"{{{title}}}", **fields}),)


_FG_2013 = {
    "booktitle": "10th IEEE International Conference and Workshops on Automatic Face and Gesture Recognition (FG)",
    "year": "2013",
}
_TAFFC = "IEEE Transactions on Affective Computing"
_TPAMI = "IEEE Transactions on Pattern Analysis and Machine Intelligence"
_CAS_AGREEMENT = "signed, with the Institute of Psychology, Chinese Academy of Sciences; academic use only"
_CAS_FRAMES = "no; ask before a face is printed"
_CAS_ASK = "Institute of Psychology, Chinese Academy of Sciences"
_NO = "no"

METHOD = _paper(
    "inproceedings",
    "zhang2021facial",
    ("Zhang, Yi", "Zhao, Youjun", "Wen, Yuhang", "Tang, Zixuan", "Xu, Xinhua", "Liu, Mengyuan"),
    "Facial Prior Based First Order Motion Model for Micro-expression Generation",
    booktitle="Proceedings of the 29th ACM International Conference on Multimedia",
    year="2021",
    pages="4755--4759",
    doi="10.1145/3474085.3479211",
)
"""The paper whose three modules the generators follow."""

_CASME3 = About(
    name="CAS(ME)^3",
    agreement=_CAS_AGREEMENT,
    frames=_CAS_FRAMES,
    ask=f"{_CAS_ASK}, https://github.com/jingtingEmmaLi/CAS-ME-3",
    entries=_paper(
        "article",
        "li2023casme3",
        (
            *("Li, Jingting", "Dong, Zizhao", "Lu, Shaoyuan", "Wang, Su-Jing", "Yan, Wen-Jing", "Ma, Yinhuan"),
            *("Liu, Ye", "Huang, Changbing", "Fu, Xiaolan"),
        ),
        "CAS(ME)3: A Third Generation Facial Spontaneous Micro-Expression Database With Depth Information and High "
        "Ecological Validity",
        journal=_TPAMI,
        year="2023",
        volume="45",
        number="3",
        pages="2782--2800",
        doi="10.1109/TPAMI.2022.3174895",
    ),
)
_SAMM_PAPER = _paper(
    "article",
    "davison2018samm",
    ("Davison, Adrian K.", "Lansley, Cliff", "Costen, Nicholas", "Tan, Kevin", "Yap, Moi Hoon"),
    "SAMM: A Spontaneous Micro-Facial Movement Dataset",
    journal=_TAFFC,
    year="2018",
    volume="9",
    number="1",
    pages="116--129",
    doi="10.1109/TAFFC.2016.2573832",
)
_SMIC = About(
    name="SMIC (Spontaneous Micro-expression Database)",
    agreement="signed, with the University of Oulu",
    frames=_NO,
    ask="University of Oulu",
    entries=_paper(
        "inproceedings",
        "li2013smic",
        ("Li, Xiaobai", "Pfister, Tomas", "Huang, Xiaohua", "Zhao, Guoying", "Pietikäinen, Matti"),
        "A Spontaneous Micro-expression Database: Inducement, Collection and Baseline",
        **_FG_2013,
        pages="1--6",
        doi="10.1109/FG.2013.6553717",
    ),
)
_YOURS = About(
    name="supplied by the user",
    agreement="you know",
    frames="you know",
    derived="you know: the consent of those filmed decides",
    ask="whoever filmed them",
    entries=(),
)

ABOUT: dict[str, About] = {
    "casme": About(
        name="CASME (Chinese Academy of Sciences Micro-Expression)",
        agreement=_CAS_AGREEMENT,
        frames=_CAS_FRAMES,
        ask=_CAS_ASK,
        entries=_paper(
            "inproceedings",
            "yan2013casme",
            ("Yan, Wen-Jing", "Wu, Qi", "Liu, Yong-Jin", "Wang, Su-Jing", "Fu, Xiaolan"),
            "CASME Database: A Dataset of Spontaneous Micro-Expressions Collected from Neutralized Faces",
            **_FG_2013,
            pages="1--7",
            doi="10.1109/FG.2013.6553799",
        ),
    ),
    "casme2": About(
        name="CASME II",
        agreement=_CAS_AGREEMENT,
        frames="no; few faces are cleared for print",
        ask=_CAS_ASK,
        entries=_paper(
            "article",
            "yan2014casme2",
            (
                *("Yan, Wen-Jing", "Li, Xiaobai", "Wang, Su-Jing", "Zhao, Guoying", "Liu, Yong-Jin"),
                *("Chen, Yu-Hsin", "Fu, Xiaolan"),
            ),
            "CASME II: An Improved Spontaneous Micro-Expression Database and the Baseline Evaluation",
            journal="PLoS ONE",
            year="2014",
            volume="9",
            number="1",
            pages="e86041",
            doi="10.1371/journal.pone.0086041",
        ),
    ),
    "casme-sq": About(
        name="CAS(ME)^2 (Chinese Academy of Sciences Macro-Expressions and Micro-Expressions)",
        agreement=_CAS_AGREEMENT,
        frames=_CAS_FRAMES,
        ask=_CAS_ASK,
        entries=_paper(
            "article",
            "qu2018casme",
            ("Qu, Fangbing", "Wang, Su-Jing", "Yan, Wen-Jing", "Li, He", "Wu, Shuhang", "Fu, Xiaolan"),
            "CAS(ME)2: A Database for Spontaneous Macro-Expression and Micro-Expression Spotting and Recognition",
            journal=_TAFFC,
            year="2018",
            volume="9",
            number="4",
            pages="424--436",
            doi="10.1109/TAFFC.2017.2654440",
        ),
    ),
    **dict.fromkeys(("casme3-a", "casme3-b", "casme3-c"), _CASME3),
    "samm": About(
        name="SAMM",
        agreement="signed, with Manchester Metropolitan University",
        frames="no; only some faces are cleared for figures",
        ask="Manchester Metropolitan University",
        entries=_SAMM_PAPER,
    ),
    "samm-lv": About(
        name="SAMM Long Videos",
        agreement="taken to be SAMM's, which was not confirmed: signed, with Manchester Metropolitan University",
        frames="no; only some faces are cleared for figures",
        ask="Manchester Metropolitan University",
        entries=_paper(
            "inproceedings",
            "yap2020samm",
            ("Yap, Chuin Hong", "Kendrick, Connah", "Yap, Moi Hoon"),
            "SAMM Long Videos: A Spontaneous Facial Micro- and Macro-Expressions Dataset",
            booktitle="15th IEEE International Conference on Automatic Face and Gesture Recognition (FG 2020)",
            year="2020",
            pages="771--776",
        )
        + _SAMM_PAPER,
    ),
    **{name: _SMIC for name in CORPORA if name.startswith("smic-")},
    "mmew": About(
        name="MMEW (Micro- and Macro-Expression Warehouse)",
        agreement="signed, with Shandong University; academic use only",
        frames=_NO,
        ask="Shandong University",
        entries=_paper(
            "article",
            "ben2022video",
            (
                *("Ben, Xianye", "Ren, Yi", "Zhang, Junping", "Wang, Su-Jing", "Kpalma, Kidiyo", "Meng, Weixiao"),
                "Liu, Yong-Jin",
            ),
            "Video-Based Facial Micro-Expression Analysis: A Survey of Datasets, Features and Algorithms",
            journal=_TPAMI,
            year="2022",
            volume="44",
            number="9",
            pages="5826--5846",
            doi="10.1109/TPAMI.2021.3067464",
        ),
    ),
    "4dme": About(
        name="4DME (4D micro-expressions)",
        agreement="taken to be SMIC's, which was not confirmed: signed, with the University of Oulu",
        frames=_NO,
        ask="University of Oulu",
        entries=_paper(
            "article",
            "li20224dme",
            (
                *("Li, Xiaobai", "Cheng, Shiyang", "Li, Yante", "Behzad, Muzammil", "Shen, Jie"),
                *("Zafeiriou, Stefanos", "Pantic, Maja", "Zhao, Guoying"),
            ),
            "4DME: A Spontaneous 4D Micro-Expression Dataset With Multimodalities",
            journal=_TAFFC,
            year="2022",
            doi="10.1109/TAFFC.2022.3182342",
        ),
    ),
    "dfme": About(
        name="DFME",
        agreement="signed, with the University of Science and Technology of China; not commercial",
        frames="no; some people must never be shown",
        ask="University of Science and Technology of China, https://github.com/MEA-LAB-421",
        entries=_paper(
            "article",
            "zhao2024dfme",
            (
                *("Zhao, Sirui", "Tang, Huaying", "Mao, Xinglong", "Liu, Shifeng", "Zhang, Yiming", "Wang, Hao"),
                *("Xu, Tong", "Chen, Enhong"),
            ),
            "DFME: A New Benchmark for Dynamic Facial Micro-Expression Recognition",
            journal=_TAFFC,
            year="2024",
            volume="15",
            number="3",
            pages="1371--1386",
            doi="10.1109/TAFFC.2023.3341918",
        ),
    ),
    "meview": About(
        name="MEVIEW",
        agreement="not known here: see its download page; research use",
        frames="not known here; the faces are those of television",
        derived="not known here",
        ask="not known here: see its download page",
        entries=(),
    ),
    "generic": _YOURS,
    "faces": _YOURS,
}
"""Of every corpus that can be read."""


def names_of(people: str) -> list[str]:
    """The corpora whose person ids begin so (`smic`, `casme3`, `samm`); a corpus' own name too."""
    return [corpus.name for corpus in CORPORA.values() if people in (corpus.name, corpus.people)]
