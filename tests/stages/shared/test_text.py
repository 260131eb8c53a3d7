import pytest

from stages.shared.text import printable, without_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "7 caf\u00e9 \u6570\u5b57 \U0001f600 \u00a0%",
            "7 caf\u00e9 \u6570\u5b57 \U0001f600 \u00a0%",
        ),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("\x1b[31mred\x07\x00", r"\x1b[31mred\x07\x00"),
        ("\x9b2J\x7f", r"\x9b2J\x7f"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u2066a\u2069\u200f\u061c", r"\u2066a\u2069\u200f\u061c"),
        ("a\u2028b\u2029c\ufeff\u200b", r"a\u2028b\u2029c\ufeff\u200b"),
        ("\udcff.png", r"\udcff.png"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://host:8080/a/b", "https://host:8080/a/b"),
        ("https://ann:secret@host/a", "https://***@host/a"),
        ("https://secret@host/a", "https://***@host/a"),
        ("https://ann:p@ss:secret@host/a", "https://***@host/a"),
        ("https://host/a?token=secret", "https://host/a?***"),
        ("https://host?secret", "https://host?***"),
        ("https://host/a#secret", "https://host/a?***"),
        ("ftp://u:secret@h/a?b and ssh://u:secret@h", "ftp://***@h/a?*** and ssh://***@h"),
        ('{"url": "http://u:secret@h/?secret", "n": 1}', '{"url": "http://***@h/?***", "n": 1}'),
        ("ann@host, a?b", "ann@host, a?b"),
    ],
)
def test_no_secret_of_a_url_is_shown(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
