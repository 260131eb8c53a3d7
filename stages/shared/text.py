"""Make text from outside safe to show: in a terminal, on a page, in a table and in a log."""

import re

# Control characters; characters that are invisible or change the direction of text; halves of a
# surrogate pair, which stand for the bytes of a file name that is not UTF-8.
_HIDDEN = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\xad\\u061c\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff"
    "\\ufff9-\\ufffb\\ud800-\\udfff\\U000e0000-\\U000e007f]"
)
_LONGEST = 500
_ADDRESS = re.compile(r"""(?P<scheme>\w+://)(?P<user>[^\s/?#"']*@)?(?P<rest>[^\s?#"']*)[^\s"']*""")


def printable(text: object) -> str:
    r"""Return ``str(text)``, with each character that a terminal would obey or hide as an escape.

    A newline becomes ``\n``, an escape ``\x1b`` and a right-to-left override ``\u202e``, so that
    the result is one line in which every character is visible.
    """
    return _HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), str(text))


def excerpt(text: str) -> str:
    """Return the beginning of ``text``, as ``printable`` does, to quote in a message."""
    return printable(text[:_LONGEST]) + ("..." if len(text) > _LONGEST else "")


def printable_lines(text: object) -> str:
    """Return ``str(text)`` as ``printable`` does, but keep its line breaks."""
    return "\n".join(map(printable, str(text).split("\n")))


def without_secrets(text: str) -> str:
    """Return ``text`` without the user name, password, query and fragment of every URL in it."""
    return _ADDRESS.sub(_public, text)


def _public(found: re.Match[str]) -> str:
    hidden = "***@" if found["user"] else ""
    end = "?***" if len(found[0]) > found.end("rest") - found.start() else ""
    return f"{found['scheme']}{hidden}{found['rest']}{end}"
