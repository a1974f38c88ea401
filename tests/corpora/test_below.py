"""Paths of a user's table: compared with what is there, refused where they lead elsewhere."""

import pytest

from me_augment.corpora.below import Below, NotFoundError


@pytest.fixture
def below(tmp_path):
    root = tmp_path / "root"
    for name in ("a/b/clip", "a/Twin", "a/twin", "cafe\u0301"):
        (root / name).mkdir(parents=True)
    for name in ("a/one.mp4", "a/two.mp4", "a/two.avi", "a/note.txt"):
        (root / name).write_bytes(b"")
    (tmp_path / "outside").mkdir()
    return Below(root, (".mp4", ".avi"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a/b/clip", "a/b/clip"),
        (" A\\B/./CLIP/ ", "a/b/clip"),
        ("a/one", "a/one.mp4"),
        ("A/ONE.MP4", "a/one.mp4"),
        ("a/Twin", "a/Twin"),
        ("caf\u00e9", "cafe\u0301"),
    ],
)
def test_names_are_compared_without_case_and_suffix(below, text, found):
    assert below.find(text) == below.root / found


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("../outside", "path-refused"),
        ("a/../../outside", "path-refused"),
        ("..\\outside", "path-refused"),
        ("/etc", "path-refused"),
        ("\\\\server\\share", "path-refused"),
        ("c:/x", "path-refused"),
        ("./", "path-refused"),
        ("", "path-refused"),
        ("a/TWIN", "path-ambiguous"),
        ("a/two", "path-ambiguous"),
        ("a/three", "folder-missing"),
        ("a/note.txt", "folder-missing"),
        ("a/one.mp4/x", "folder-missing"),
        ("~", "folder-missing"),
    ],
)
def test_what_is_elsewhere_or_not_there_is_named(below, text, code):
    with pytest.raises(NotFoundError) as caught:
        below.find(text)
    assert caught.value.code == code
