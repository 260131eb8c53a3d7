import re

import numpy as np
import pytest

from tests.stages.reporting.pages import LINKS, PIXEL, Reader, answer, page, written_by_hand


def test_the_result_comes_first() -> None:
    text = Reader(page()).text

    for expected in (
        "Wardrobe: 99.40 % test accuracy",
        "99.40 % of 10,000 test images",
        "The 95 % interval is 99.23 % to 99.53 %.",
        "Test errors 60 of 10,000",
        "Test loss 0.0167",
        "Calibration error 1.23 %",
        "Validation accuracy 99.27 %",
        "Recipe fast",
        "Seed 7",
        "0123abcd0123abcd",
    ):
        assert expected in text
        assert text.index(expected) < text.index("Confusion matrix")


def test_the_page_tells_what_calibration_changed_and_how_many_answers_can_be_relied_on() -> None:
    text = Reader(page()).text
    assert "is 1.23 %; before its calibration on the validation images it was 3.90 %." in text
    assert "the 98.50 % whose confidence is at least 81.00 % are 99.9 % right." in text

    same = {"error_before": None, "accuracy": 0.999, "coverage": (0.0, 1.0)}
    text = Reader(page(calibration=same)).text
    assert "before its calibration" not in text
    assert "No confidence is high enough for 99.9 % right answers." in text


def test_every_class_has_its_row_under_its_own_name() -> None:
    rows = Reader(page()).rows
    heading = rows.index(["Class", "Images", "Missed", "Recall", "Precision", "F1"])

    percent = "\N{NO-BREAK SPACE}%"
    assert rows[heading + 1 :] == [
        ["Shirt", "6,000", "54", *(f"{share}{percent}" for share in ("99.10", "50.00", "75.00"))],
        [
            "T-shirt/top",
            "4,000",
            "6",
            *(f"{share}{percent}" for share in ("99.85", "100.00", "25.00")),
        ],
    ]


def test_every_picture_is_in_the_page_and_described() -> None:
    reader = Reader(page())

    assert {str(source) for source in reader.attributes("img", "src")} == {PIXEL}
    assert all(reader.attributes("img", "alt"))


def test_the_page_leads_to_the_checks_and_the_tables() -> None:
    addresses = Reader(page()).attributes("a", "href")

    assert sorted(map(str, addresses)) == sorted({*LINKS.values(), "#errors"})


def test_a_path_with_a_space_becomes_an_address() -> None:
    reader = Reader(page(links=LINKS | {"metrics": "../my reports/a#b.json"}))

    assert "../my%20reports/a%23b.json" in reader.attributes("a", "href")


def test_every_error_is_there_and_right_answers_are_hidden() -> None:
    reader = Reader(page())

    cards = [attributes for tag, attributes in reader.tags if attributes.get("class") == "answer"]
    found = [(card["data-actual"], card["data-predicted"], "hidden" in card) for card in cards]
    assert found == [("0", "1", False)] * 54 + [("1", "0", False)] * 6 + [("1", "1", True)]
    assert "Every error" in reader.text
    assert "T-shirt/top (was Shirt)" in reader.text


def test_with_too_many_errors_the_page_counts_those_shown_and_links_to_all() -> None:
    reader = Reader(page(wrong=[answer(3, 0, 1)], test={"errors": 9000}))

    assert "Every error" not in reader.text
    assert (
        "1 of 9,000 errors are shown, the most confident of each pair of actual and predicted "
        "class; misclassified.csv lists them all." in reader.text
    )
    assert reader.attributes("a", "href").count("misclassified.csv") == 2


def test_every_class_has_a_bar_as_long_as_its_probability() -> None:
    written = page(wrong=[answer(3, 0, 1)], least_sure=[])

    assert re.findall(r'<div class="(\w+)"(?: style="(.*)")?><dt>', written) == [
        ("actual", "--share:0.750"),
        ("predicted", ""),
    ]
    assert "Shirt ✓ 75.0 % T-shirt/top ✗ 0.0 %" in Reader(written).text


@pytest.mark.parametrize(
    ("label", "predicted", "marks"),
    [
        (0, 1, ["actual", "predicted"]),
        (1, 0, ["predicted", "actual"]),
        (1, 1, ["predicted and actual"]),
    ],
)
def test_the_marks_of_a_bar_are_words_for_those_who_listen(
    label: int, predicted: int, marks: list[str]
) -> None:
    reader = Reader(page(wrong=[answer(3, label, predicted)], least_sure=[]))

    assert reader.attributes("b", "aria-label") == marks
    assert set(reader.attributes("b", "role")) == {"img"}


def test_every_pair_of_classes_has_a_cell_with_a_label() -> None:
    reader = Reader(page(confusions=np.array([[5946, 0], [6, 3994]])))

    labels = reader.attributes("button", "aria-label")
    assert [label.replace("\N{NO-BREAK SPACE}", " ") for label in labels if label] == [
        "Shirt, predicted correctly: 5,946 images",
        "T-shirt/top predicted as Shirt: 6 images",
        "T-shirt/top, predicted correctly: 3,994 images",
    ]


def test_without_errors_the_page_has_a_note() -> None:
    text = Reader(page(test={"errors": 0}, wrong=[])).text

    assert "Every test image is classified correctly." in text


def test_the_checks_are_listed() -> None:
    text = Reader(page()).text

    assert "1 of 2 checks of the data are met" in text
    assert "✗ test: No blank. Observed: 1" in text


def test_own_handwriting_is_shown_with_its_answers() -> None:
    text = Reader(page()).text

    assert "1 digit on 1 picture. The network is not sure of 1 of them: its confidence" in text
    assert (
        "cut from another. Of 1 picture named after their class, 0 are read correctly (0.0 %)."
        in text
    )
    assert "Shirt wrong, not sure, 75.0 % then T-shirt/top, 20.0 %" in text
    assert "notes.txt: expected a PNG or JPEG file" in text


def test_a_mark_that_is_not_a_digit_is_called_so() -> None:
    content = written_by_hand()
    content["summary"] |= {"digits": 0, "not_sure": 0, "not_a_digit": 1}
    content["pictures"][0]["digits"][0] |= {"doubt": "not a digit", "right": None}

    text = Reader(page(handwriting=content)).text

    assert "0 digits on 1 picture. Not a digit: 1 other mark." in text
    assert "not a digit; most like Shirt, 75.0 %" in text


def test_without_pictures_the_page_explains_how_to_add_some() -> None:
    nothing = written_by_hand(pictures=[])

    nothing["summary"]["unread"].clear()

    assert "There is no picture to read." in Reader(page(handwriting=nothing)).text


def test_pictures_that_cannot_be_read_are_not_called_none() -> None:
    text = Reader(page(handwriting=written_by_hand(pictures=[]))).text

    assert "There is no picture to read." not in text
    assert "notes.txt: expected a PNG or JPEG file" in text


def test_the_lookalikes_are_named() -> None:
    text = Reader(page(lookalikes=("T-shirt/top", "Shirt"))).text

    assert "T-shirt/top, or Shirt?" in text


def test_names_are_text_and_never_markup() -> None:
    evil = '"><script>alert(1)</script>'

    written = page(title=evil, recipe=evil, classes=(evil, "b"), lookalikes=(evil, "b"))

    assert written.count("<script") == 1
    assert "alert(1)</script" not in written


def test_the_page_needs_nothing_but_itself() -> None:
    reader = Reader(page())

    assert "iframe" not in {tag for tag, _ in reader.tags}
    assert reader.attributes("script", "src") == [None]
    assert "http" not in page()
    assert "url(" not in page()
    assert reader.attributes("link", "href") == ["data:,"]


def test_the_page_suits_phones_and_dark_rooms() -> None:
    reader = Reader(page())

    assert "width=device-width, initial-scale=1" in reader.attributes("meta", "content")
    assert "prefers-color-scheme: dark" in page()


def test_every_tag_is_closed() -> None:
    assert Reader(page()).open == []


def test_the_same_arguments_give_the_same_page() -> None:
    assert page() == page()
