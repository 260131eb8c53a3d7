"""The report, opened from disk in a real browser."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from stages.report import main
from stages.reporting import cards
from stages.shared import artifacts
from tests.reports import probabilities_of, write_inputs

CHROMIUM = shutil.which("chromium")
CONTRAST = (Path(__file__).parents[1] / "fixtures" / "contrast.js").read_text()

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's package chromium is not installed"),
]

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def names() -> list[str]:
    """Of the classes."""
    return list("0123456789")


@pytest.fixture(scope="module")
def pages() -> dict[tuple[object, ...], bytes]:
    """The reports written so far, by their classes and the most errors that they show."""
    return {}


@pytest.fixture
def report(
    report_inputs: dict[str, Path],
    names: list[str],
    edit: Callable[[Path, str, Any], None],
    pages: dict[tuple[object, ...], bytes],
) -> Path:
    page = report_inputs["reports"] / "index.html"
    kind = (*names, cards.MOST_ERRORS)
    if kind not in pages:
        write_report(report_inputs, names, edit)
        pages[kind] = page.read_bytes()
    page.write_bytes(pages[kind])
    return page


def write_report(
    report_inputs: dict[str, Path], names: list[str], edit: Callable[[Path, str, Any], None]
) -> None:
    answers = artifacts.read_table(report_inputs["reports"] / "predictions.csv")
    probabilities = probabilities_of(answers, len(names))
    write_inputs(report_inputs, names, probabilities, answers["label"].to_numpy(), edit)
    main(**report_inputs)


@pytest.fixture
def opened(browser: Browser, report: Path) -> Iterator[Open]:
    """Open the report; afterwards, nothing may have gone wrong or have been asked for."""
    wrong: list[str] = []

    def opened(width: int = 1200, colours: Literal["light", "dark"] = "light") -> Page:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=colours)
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request", lambda request: None if allowed(request.url) else wrong.append(request.url)
        )
        page.goto(report.as_uri())
        return page

    def allowed(address: str) -> bool:
        return address == report.as_uri() or address.startswith("data:")

    yield opened
    assert wrong == []


def shown(page: Page) -> list[tuple[str | None, str | None]]:
    """Actual and predicted class of every card that can be seen."""
    cards = page.locator(".answer:visible").all()
    return [
        (card.get_attribute("data-actual"), card.get_attribute("data-predicted")) for card in cards
    ]


@pytest.mark.core
def test_every_error_is_shown_at_first(opened: Open, report_inputs: dict[str, Path]) -> None:
    wrong = artifacts.read_table(report_inputs["reports"] / "misclassified.csv")

    found = shown(opened())

    assert found == [
        (str(label), str(predicted))
        for label, predicted in wrong[["label", "predicted"]].to_numpy().tolist()
    ]


def test_errors_are_filtered_by_class(opened: Open) -> None:
    page = opened()
    everything = shown(page)

    page.get_by_role("combobox", name="Actual").select_option("4")

    of_four = [pair for pair in everything if pair[0] == "4"]
    assert 0 < len(of_four) < len(everything)
    assert shown(page) == of_four
    assert page.locator("output").inner_text() == f"{len(of_four)} errors"

    page.get_by_role("button", name="All errors").click()
    page.wait_for_function("document.querySelectorAll('.answer:not([hidden])').length > 40")
    assert shown(page) == everything


@pytest.fixture
def few_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are more errors than the page shows."""
    monkeypatch.setattr("stages.reporting.cards.MOST_ERRORS", 20)


@pytest.mark.usefixtures("few_shown")
def test_where_some_errors_are_not_shown_their_number_is(
    opened: Open, report_inputs: dict[str, Path]
) -> None:
    wrong = artifacts.read_table(report_inputs["reports"] / "misclassified.csv")["predicted"]
    page = opened()
    assert len(shown(page)) == 20
    assert page.locator("output").inner_text() == f"20 of {len(wrong)} errors"

    page.get_by_role("combobox", name="Predicted").select_option("1")

    fewer = len(shown(page))
    assert 0 < fewer < 20
    assert page.locator("output").inner_text() == f"{fewer} of {(wrong == 1).sum()} errors"


def test_a_cell_of_the_matrix_shows_its_images(opened: Open) -> None:
    page = opened()
    pair = shown(page)[0]
    cell = page.locator(f'.matrix button[data-actual="{pair[0]}"][data-predicted="{pair[1]}"]')

    cell.click()

    found = shown(page)
    assert found == [pair] * int(cell.inner_text())
    assert cell.get_attribute("aria-pressed") == "true"
    assert page.locator("#errors").is_visible()


def test_a_cell_on_the_diagonal_shows_right_answers(opened: Open) -> None:
    page = opened()

    page.locator('.matrix button[data-actual="7"][data-predicted="7"]').click()

    found = shown(page)
    assert found
    assert set(found) == {("7", "7")}
    count = page.locator('.matrix button[data-actual="7"][data-predicted="7"]').inner_text()
    heading = page.locator("output").inner_text()
    assert heading.endswith(f"{count} correct answers, the least confident first")


def test_the_matrix_can_be_used_with_the_keyboard(opened: Open) -> None:
    page = opened()
    cell = page.locator('.matrix button[data-actual="7"][data-predicted="7"]')

    cell.focus()
    page.keyboard.press("Enter")

    assert set(shown(page)) == {("7", "7")}


BARS = """
(rows) => rows.map((row) => {
  const { backgroundImage, backgroundSize } = getComputedStyle(row);
  const width = backgroundImage === "none" ? 0 : parseFloat(backgroundSize);
  const [name, probability] = ["dt", "dd"].map((part) => row.querySelector(part).textContent);
  return [name[0], width, parseFloat(probability)];
})
"""


def test_every_class_has_a_bar_as_wide_as_its_probability(opened: Open) -> None:
    bars = opened().locator(".answer").first.locator(".bars div").evaluate_all(BARS)

    names, widths, percentages = zip(*bars, strict=True)
    assert names == tuple("0123456789")
    assert max(widths) > 20
    assert widths == pytest.approx(percentages, abs=0.1)


GARMENTS = [
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
]


@pytest.mark.parametrize("width", [320, 700, 1200])
@pytest.mark.parametrize("names", [list("0123456789"), GARMENTS], ids=["digits", "garments"])
def test_the_name_of_a_bar_is_on_its_line(opened: Open, width: int) -> None:
    page = opened(width=width)

    heights = page.locator(".answer:visible .bars div").evaluate_all(
        "rows => rows.map((row) => row.offsetHeight)"
    )
    assert len(heights) > 400
    assert len(set(heights)) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_text_stands_out_in_either_scheme(opened: Open, colours: str) -> None:
    page = opened(colours=colours)

    # WCAG 2.2, success criterion 1.4.3.
    assert page.evaluate(CONTRAST) >= 4.5
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, background.removeprefix("rgb(").removesuffix(")").split(",")))
    assert (brightness > 600) == (colours == "light")


def test_paper_is_light_whatever_the_screen_is(opened: Open) -> None:
    page = opened(colours="dark")

    page.emulate_media(media="print")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(CONTRAST) >= 4.5


@pytest.mark.parametrize("width", [320, 360, 700])
def test_a_narrow_window_is_not_moved_sideways(opened: Open, width: int) -> None:
    page = opened(width=width)

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_script_every_error_is_there(browser: Browser, report: Path) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(report.as_uri())

    found = shown(page)
    assert len(found) > 40
    assert all(actual != predicted for actual, predicted in found)
