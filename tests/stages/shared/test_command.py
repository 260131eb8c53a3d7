import subprocess
import sys

SCRIPT = """
from stages.shared.command import PathOption, run
from stages.shared.errors import TemporaryError, UserError

def main(raw: PathOption) -> None:
    if raw.name == "bad":
        raise UserError("bad: expected good, found bad.")
    if raw.name == "away":
        raise TemporaryError("away: expected a server, found none.")
    print(raw)

run(main)
"""


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], check=False, capture_output=True, text=True
    )


def test_paths_are_options() -> None:
    assert command("--raw", "data/raw").stdout == "data/raw\n"


def test_a_users_mistake_is_one_line_and_exit_code_1() -> None:
    done = command("--raw", "bad")

    assert (done.returncode, done.stderr) == (1, "error: bad: expected good, found bad.\n")


def test_what_may_pass_by_itself_has_the_exit_code_for_trying_again() -> None:
    done = command("--raw", "away")

    assert (done.returncode, done.stderr) == (75, "error: away: expected a server, found none.\n")


def test_a_missing_option_is_named() -> None:
    done = command()

    assert done.returncode == 2
    assert "--raw" in done.stderr
