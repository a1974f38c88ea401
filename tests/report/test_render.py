"""The page as a file: whole, escaped, bounded, the same each time."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from hostile import WORDS, hostile_manifest

from me_augment.errors import UsageError
from me_augment.manifest import Manifest
from me_augment.report.players import Drawn
from me_augment.report.render import render, require_replaceable, script_data, write_report

NONE = Drawn((), (), cut=False)


class Reader(HTMLParser):
    """Elements, texts, scripts and styles of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.texts, self.raw = [], [], [], []
        self._inside = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self._inside.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        while self._inside and self._inside.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tag, attrs = self._inside[-1] if self._inside else ("", {})
        if tag in ("script", "style"):
            self.raw.append((tag, attrs.get("type"), data))
        else:
            self.texts.append(data)


@pytest.fixture(scope="module")
def page(run, drawn):
    return render(run, drawn)


@pytest.fixture(scope="module")
def hostile(tiny_manifest, tmp_path_factory):
    manifest = hostile_manifest(tiny_manifest, tmp_path_factory.mktemp("hostile") / "m")
    return render(manifest, NONE)


def test_it_tells_what_there_is_to_tell(page, run):
    text = " ".join(" ".join(Reader(page).texts).split())
    assert "6 synthetic clips made by the generator warp, version 2, from 6 real clips of 3 people" in text
    assert "This page shows faces." in text
    for clip in run.clips:
        if not clip.is_synthetic:
            assert clip.licence in text
    for words in (
        *("correlation", "Folds and leakage", "config.yaml", "me-augment reproduce run CLIP_ID", "numpy"),
        "me-augment synthesize run/inputs/manifest --out run-again --generator warp",
        f"{run.folder.parent.name}/run: report",
        "In the folder that holds run ;",
        "nine of ten from",
    ):
        assert words in text
    assert "per_driver: 1" in text


def test_a_manifest_has_a_report_too(tiny_manifest):
    text = " ".join(" ".join(Reader(render(tiny_manifest, NONE)).texts).split())
    assert "6 real clips of 3 people. Nothing in it is synthetic." in text
    assert "No face is shown in this page." in text
    assert "How it was made" not in text


def test_the_policy_names_exactly_what_runs(page):
    found = Reader(page)
    policy = dict(re.findall(r"([a-z-]+) ([^;]+)", next(v for k, v in found.attributes if v and "default-src" in v)))
    assert policy["default-src"] == "'none'"
    assert policy["img-src"] == "data:"
    for tag in ("style", "script"):
        (text,) = [data for kind, of, data in found.raw if kind == tag and of is None]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy[f"{tag}-src"] == f"'sha256-{digest}'"
    assert not [key for key, _ in found.attributes if key == "style" or key.startswith("on")]


def test_nothing_outside_the_page_is_named(page):
    found = Reader(page)
    for key, value in found.attributes:
        if key in ("src", "href"):
            assert value.startswith(("#", "data:"))
    script = next(data for tag, of, data in found.raw if tag == "script" and of is None)
    for word in ("innerHTML", "insertAdjacent", "document.write", "eval(", "fetch(", "XMLHttp", "http:", "https:"):
        assert word not in script


def test_names_stay_names(hostile):
    found = Reader(hostile)
    text = " ".join(found.texts)
    for word in WORDS:
        assert word in text
    assert "img" not in found.tags
    assert found.tags.count("script") == 3
    assert not [key for key, _ in found.attributes if key.startswith("on")]
    assert "49" not in re.findall(r"\d+", " ".join(found.texts))


def test_data_cannot_leave_its_script_element():
    value = {"a": "</script><!-- & \u2028\u2029", "b": ["é", "\u202e"]}
    text = script_data(value)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == value


def test_the_same_run_gives_the_same_bytes_and_few(run, page, tmp_path):
    told = []
    written = write_report(run, tmp_path / "r.html", 3, told.append)
    assert (written.players, written.missing, told) == (3, (), [3, 3, 3])
    assert (tmp_path / "r.html").read_text() == page
    assert written.bytes == (tmp_path / "r.html").stat().st_size < 2_000_000


def test_what_the_rows_and_the_script_take_leaves_room(monkeypatch, run, tmp_path):
    monkeypatch.setattr("me_augment.report.render.PLAYER_BYTES", 150_000)
    written = write_report(run, tmp_path / "r.html", 3)
    assert written.players <= 1
    assert "as many as the size of this page allows" in (tmp_path / "r.html").read_text()


def test_only_a_report_is_replaced(run, tmp_path):
    out = tmp_path / "r.html"
    require_replaceable(out)
    out.write_text("<html>mine</html>")
    with pytest.raises(UsageError, match="is not a report"):
        write_report(run, out, 0)
    assert out.read_text() == "<html>mine</html>"
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(UsageError, match="is not a report"):
        require_replaceable(tmp_path / "folder.html")
    out.unlink()
    write_report(run, out, 0)
    write_report(run, out, 0)


def test_a_run_with_a_report_is_still_whole(small_run, tmp_path):
    import shutil

    from me_augment.synthesis.verify import verify

    shutil.copytree(small_run, tmp_path / "run")
    write_report(Manifest.open(tmp_path / "run"), tmp_path / "run" / "report.html", 0)
    assert verify(tmp_path / "run").problems == ()
