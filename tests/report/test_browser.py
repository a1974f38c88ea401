"""The page in Chromium: read, clicked through, attacked; nothing is asked of any network."""

import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hostile import WORDS, hostile_manifest

from me_augment.report.render import write_report

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module")
def chromium():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (`pip install playwright`)")
    with api.sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        path = next((found for name in BROWSERS if (found := shutil.which(name))), own)
        if not Path(path).is_file():
            pytest.skip(f"no Chromium is installed: none of {', '.join(BROWSERS)}, nor playwright's own")
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """Opens a file; in the end nothing was said on the console and nothing but the file was asked for."""
    opened = []

    def open_page(file, **options):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        page = context.new_page()
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith("data:") else asked.append(request.url))
        opened.append((context, file, said, asked))
        page.goto(file.as_uri())
        return page

    yield open_page
    for context, file, said, asked in opened:
        assert said == []
        assert asked == [file.as_uri()]
        context.close()


@pytest.fixture(scope="module")
def report(run, tmp_path_factory):
    file = tmp_path_factory.mktemp("report") / "report.html"
    write_report(run, file, 2)
    return file


def pixels(element):
    return cv2.imdecode(np.frombuffer(element.screenshot(), np.uint8), cv2.IMREAD_COLOR).astype(int)


def shows(element, text):
    """Wait until it does."""
    from playwright.sync_api import expect

    expect(element).to_have_text(text)


def test_the_list_is_filtered_sorted_and_searched(visit, report):
    page = visit(report)
    page.locator("#table").scroll_into_view_if_needed()
    page.wait_for_selector("html[data-rows]")
    shows(page.locator("#count"), "1–12 of 12 clips")
    page.get_by_label("Kind").select_option(label="synthetic (6)")
    shows(page.locator("#count"), "1–6 of 6 clips")
    column = page.locator("th[data-column=quality_correlation]")
    column.get_by_role("button").click()
    place = page.locator("th[data-column]").evaluate_all(
        "all => all.findIndex(e => e.dataset.column == 'quality_correlation')"
    )
    shown = page.locator("table.clips tbody tr").evaluate_all(
        f"all => all.map(e => Number(e.children[{place}].textContent))"
    )
    assert shown == sorted(shown)
    assert len(shown) == 6
    column.get_by_role("button").click()
    assert column.get_attribute("aria-sort") == "descending"
    page.get_by_label("Search").fill("no such clip")
    shows(page.locator("#count"), "No clip is like that.")
    page.get_by_role("button", name="Clear").click()
    shows(page.locator("#count"), "1–12 of 12 clips")


def test_a_click_on_a_row_says_where_the_clip_comes_from(visit, report, run):
    page = visit(report)
    made = next(clip for clip in run.clips if clip.is_synthetic)
    driver = next(clip for clip in run.clips if clip.clip_id == made.driver_clip_id)
    page.locator("#table").scroll_into_view_if_needed()
    page.wait_for_selector("html[data-rows]")
    page.get_by_role("button", name=made.name).first.press("Enter")
    dialog = page.get_by_role("dialog")
    text = dialog.inner_text()
    for words in (made.clip_id, str(made.seed), *made.forbidden_subjects, f"me-augment reproduce run {made.clip_id}"):
        assert words in text
    assert "gate: at least 0.8" in text
    dialog.get_by_role("button", name=driver.name).click()
    assert page.locator("#origin-name").inner_text() == driver.name
    page.keyboard.press("Escape")
    assert not dialog.is_visible()


def test_a_player_plays_scrubs_and_changes_view(visit, report):
    page = visit(report)
    player = page.locator(".player").first
    player.scroll_into_view_if_needed()
    page.wait_for_selector(".player[data-drawn^='plain']")
    canvas = player.locator("canvas").last
    slider = player.get_by_label("Frame")
    at_apex = pixels(canvas)
    assert "apex" in slider.get_attribute("aria-valuetext")
    player.get_by_role("button", name="onset").click()
    page.wait_for_selector(".player[data-drawn='plain 0']")
    at_onset = pixels(canvas)
    assert np.abs(at_apex - at_onset).max() > 8
    slider.press("ArrowRight")
    page.wait_for_selector(".player[data-drawn='plain 1']")
    player.get_by_label("View").select_option("flow")
    page.wait_for_selector(".player[data-drawn='flow 1']")
    assert pixels(canvas).mean() > at_onset.mean()
    player.get_by_label("View").select_option("difference")
    player.get_by_role("button", name="onset").click()
    page.wait_for_selector(".player[data-drawn='difference 0']")
    assert abs(np.median(pixels(canvas)) - 128) < 4
    player.get_by_label("Speed").select_option("4")
    player.get_by_role("button", name="Play").click()
    page.wait_for_selector(".player[data-drawn='difference 2']")
    player.get_by_role("button", name="Pause").click()
    stopped = slider.input_value()
    page.wait_for_timeout(150)
    assert slider.input_value() == stopped


def test_controls_have_names_of_their_own(visit, report):
    page = visit(report)
    page.locator("#table").scroll_into_view_if_needed()
    page.wait_for_selector("html[data-rows]")
    nameless = """() => [...document.querySelectorAll('button, select, input, summary, a')].filter(one =>
        !(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.length))"""
    assert page.evaluate(f"({nameless})().length") == 0
    titles = page.locator(".player h4").all_inner_texts()
    articles = [page.get_by_role("article", name=title, exact=True).count() for title in titles]
    assert articles == [1] * len(titles) != []
    assert page.get_by_role("status").inner_text() == "1–12 of 12 clips"


def test_words_are_there_before_the_list_is(visit, report):
    page = visit(report, viewport={"width": 1280, "height": 300})
    assert page.locator("#count").text_content() == "Unpacking the list…"


def test_it_fits_a_phone_and_both_schemes(visit, report):
    grounds = []
    for scheme in ("light", "dark"):
        page = visit(report, viewport={"width": 390, "height": 800}, color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert page.get_by_text("scrolled sideways").first.is_visible()
        grounds.append(pixels(page.locator("h1")).max((0, 1)).mean() > 200 and pixels(page.locator("h1"))[0, 0].mean())
    assert grounds[0] > 240
    assert grounds[1] < 60


def test_rows_that_nobody_would_write_break_neither_list_nor_layout(visit, run, tmp_path):
    made = [clip for clip in run.clips if clip.is_synthetic]
    long = {"name": "n" * 900, "emotion": "e" * 900, "au_verbatim": "12+" * 300, "licence": "l" * 900}
    odd = [
        replace(made[0], clip_id="$(id) it's", name=" ", quality_gain=float("nan"), quality_head=float("inf")),
        replace(made[1], **long, person_id="casme2:" + "p" * 900),
        replace(made[2], **long, status="rejected", reason="r" * 900),
    ]
    strange = replace(run, clips=(*odd, *(clip for clip in run.clips if not clip.is_synthetic)))
    write_report(strange, tmp_path / "report.html", 1)
    page = visit(tmp_path / "report.html", viewport={"width": 390, "height": 800})
    page.locator("#table").scroll_into_view_if_needed()
    page.wait_for_selector("html[data-rows]")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="$(id) it's").press("Enter")
    command = page.get_by_role("dialog").locator("code").inner_text()
    assert shlex.split(command) == ["me-augment", "reproduce", "run", "$(id) it's", "--out", "again.mkv"]


def test_without_a_script_the_pictures_are_there(visit, report):
    page = visit(report, java_script_enabled=False)
    image = page.locator(".screens img").first
    image.scroll_into_view_if_needed()
    assert pixels(image).std() > 20
    assert not page.locator(".controls").first.is_visible()
    assert page.get_by_text("This list needs JavaScript").is_visible()


def test_on_paper_everything_is_open(visit, report):
    page = visit(report)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert not page.locator("nav").is_visible()
    assert not page.locator(".controls").first.is_visible()
    assert page.get_by_text("per_driver: 1").is_visible()
    assert page.get_by_text("is left out on paper").is_visible()
    assert not page.locator("#browser").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0


def test_hostile_names_are_shown_and_do_nothing(visit, tiny_manifest, tmp_path):
    manifest = hostile_manifest(tiny_manifest, tmp_path / "m")
    write_report(manifest, tmp_path / "report.html", 2)
    page = visit(tmp_path / "report.html")
    assert page.locator("h1").inner_text() == WORDS[1]
    page.locator("#table").scroll_into_view_if_needed()
    page.wait_for_selector("html[data-rows]")
    listed = page.locator("table.clips").inner_text()
    for clip in manifest.clips:
        assert clip.name in listed
        page.get_by_label("Search").fill(clip.clip_id)
        shows(page.locator("#count"), "1–1 of 1 clips")
        row = page.locator("table.clips tbody button")
        shows(row, clip.name)
        row.click()
        assert page.locator("#origin-name").inner_text() == clip.name
        assert clip.licence in page.get_by_role("dialog").inner_text()
        page.keyboard.press("Escape")
    assert page.evaluate("window.hacked") is None
    assert page.locator("body img[src=x], body svg[onload]").count() == 0
