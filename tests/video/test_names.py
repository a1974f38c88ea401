"""Frame numbers and sequences by file name."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from me_augment.errors import UsageError
from me_augment.video import VideoError
from me_augment.video.names import parse_name, sequence_of

FOLDER = Path("sub01")
# A prefix may hold digits (EP01_12-), but its last character touches the number and so is none.
PREFIXES = st.from_regex(r"([A-Za-z0-9_ é-]{0,12}[A-Za-z_ é-])?", fullmatch=True)
TAILS = st.sampled_from(["", "_left", "(a)", " copy"])
SUFFIXES = st.sampled_from([".jpg", ".JPG", ".jpeg", ".png", ".Bmp"])


@given(PREFIXES, st.integers(0, 10**9), st.integers(0, 12), TAILS, SUFFIXES)
def test_any_name_comes_apart_into_what_it_was_made_of(
    prefix: str, number: int, width: int, tail: str, suffix: str
) -> None:
    name = f"{prefix}{number:0{width}d}{tail}{suffix}"
    found = parse_name(name)
    assert found is not None
    assert (found.name, found.prefix, found.number, found.tail) == (name, prefix, number, tail)
    assert found.pattern == f"{prefix}{{n}}{tail}{suffix.lower()}"


@given(PREFIXES, st.sets(st.integers(0, 99_999), min_size=1, max_size=30), st.randoms())
def test_sequence_is_sorted_by_value_whatever_the_padding(prefix: str, numbers: set[int], random) -> None:
    names = [f"{prefix}{number:0{random.randint(1, 7)}d}.jpg" for number in numbers]
    random.shuffle(names)
    pattern, frames = sequence_of([*names, "Thumbs.db"], None, FOLDER)
    assert pattern == f"{prefix}{{n}}.jpg"
    assert [frame.number for frame in frames] == sorted(numbers)
    assert {frame.name for frame in frames} == set(names)


@pytest.mark.parametrize(
    ("name", "prefix", "number"),
    [
        ("006_01234.jpg", "006_", 1234),
        ("EP01_12-58.jpg", "EP01_12-", 58),
        ("reg_img46.jpg", "reg_img", 46),
        ("007.png", "", 7),
    ],
)
def test_names_of_known_corpora(name: str, prefix: str, number: int) -> None:
    found = parse_name(name)
    assert found is not None
    assert (found.prefix, found.number) == (prefix, number)


@pytest.mark.parametrize("name", ["Thumbs.db", "notes1.txt", "cover.jpg", "._img1.jpg", "img1", "img².jpg"])
def test_other_files_are_no_frames(name: str) -> None:
    assert parse_name(name) is None


def test_several_prefixes_need_a_pattern() -> None:
    names = ["img1.jpg", "img2.jpg", "reg_img1.jpg"]
    with pytest.raises(VideoError, match=r"img\{n\}\.jpg, reg_img\{n\}\.jpg"):
        sequence_of(names, None, FOLDER)
    assert [frame.name for frame in sequence_of(names, "img{n}.JPG", FOLDER)[1]] == ["img1.jpg", "img2.jpg"]
    assert [frame.name for frame in sequence_of(names, "reg_img{n}.*", FOLDER)[1]] == ["reg_img1.jpg"]


@pytest.mark.parametrize("pattern", ["", "img%d.jpg", "other{n}.jpg", "img{n}.png", "."])
def test_pattern_that_fits_nothing_names_those_that_would(pattern: str) -> None:
    with pytest.raises(UsageError, match=r"give one of its patterns: img\{n\}\.jpg"):
        sequence_of(["img1.jpg"], pattern, FOLDER)


@pytest.mark.parametrize("twin", ["img001.jpg", "img1.png", "img1.jpeg"])
def test_one_number_twice_is_refused(twin: str) -> None:
    with pytest.raises(VideoError) as caught:
        sequence_of(["img1.jpg", twin, "img2.jpg"], None, FOLDER)
    assert "img1.jpg" in str(caught.value)
    assert twin in str(caught.value)


def test_image_type_chooses_between_twins() -> None:
    names = ["img1.jpg", "img1.png", "img2.jpg"]
    assert [frame.name for frame in sequence_of(names, "img{n}.png", FOLDER)[1]] == ["img1.png"]


def test_mixed_types_of_one_sequence_keep_a_pattern_that_reopens_it() -> None:
    names = ["img1.jpg", "img2.png"]
    pattern, frames = sequence_of(names, None, FOLDER)
    assert pattern == "img{n}.*"
    assert sequence_of(names, pattern, FOLDER) == (pattern, frames)


def test_many_choices_are_cut_short() -> None:
    with pytest.raises(VideoError, match="and 14 more"):
        sequence_of([f"p{chr(97 + index)}_1.jpg" for index in range(20)], None, FOLDER)
