import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pipelines.errors import PipelineError
from pipelines.system.helper import ask_for
from pipelines.system.process import TimedOutError, end, run, started
from tests.helpers import is_gone, wait_until

# Ignores what it is asked, as a library deep in a computation does; its child prints its number.
STUBBORN = (
    "import os, signal, subprocess, sys, time;"
    "signal.signal(signal.SIGINT, signal.SIG_IGN);"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
    " start_new_session={new_session});"
    "print(child.pid, flush=True); time.sleep(600)"
)
# As a daemon makes itself: its parent ends, and it has a session of its own.
DAEMON = (
    "import subprocess, sys;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
    " start_new_session=True, stdout=subprocess.DEVNULL);"
    "print(child.pid, flush=True)"
)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_lines_of_both_outputs_come_in_order(tmp_path: Path) -> None:
    lines: list[str] = []
    code = "import sys; print('out'); print('err', file=sys.stderr); print('out again')"
    assert run(python(code), tmp_path, lines.append) == 0
    assert lines == ["out", "err", "out again"]


def test_program_that_cannot_start_leaves_no_open_file(tmp_path: Path) -> None:
    before = psutil.Process().num_fds()
    with pytest.raises(FileNotFoundError):
        run(python(""), tmp_path / "absent", print)
    assert psutil.Process().num_fds() == before


def test_lines_come_while_the_program_runs(tmp_path: Path) -> None:
    answered = tmp_path / "answered"
    code = (
        "import pathlib, time; print('asked')\n"
        "while not pathlib.Path('answered').exists(): time.sleep(0.05)"
    )
    # A line that came at the end would leave the program waiting for its answer.
    assert run(python(code), tmp_path, lambda _: answered.touch(), timeout=60) == 0


def test_exit_code_is_returned(tmp_path: Path) -> None:
    assert run(python("raise SystemExit(75)"), tmp_path, print) == 75


def test_exit_code_of_a_killed_program_is_128_and_its_signal(tmp_path: Path) -> None:
    code = "import os; os.kill(os.getpid(), 15)"
    assert run(python(code), tmp_path, print) == 128 + 15


def test_program_runs_in_the_folder_with_this_environment_first(tmp_path: Path) -> None:
    lines: list[str] = []
    run(["sh", "-c", "pwd; command -v python"], tmp_path, lines.append)
    assert lines == [str(tmp_path), str(Path(sys.executable).parent / "python")]


def test_interrupted_program_may_clean_up(tmp_path: Path) -> None:
    code = (
        "import time\n"
        "try:\n print('working', flush=True); time.sleep(60)\n"
        "except KeyboardInterrupt:\n open('cleaned', 'w').close()"
    )
    with started(python(code), tmp_path) as process:
        assert process.stdout
        assert process.stdout.readline() == "working\n"
        end(process)
    assert (tmp_path / "cleaned").exists()


@pytest.mark.slow
@pytest.mark.parametrize("new_session", [False, True])
def test_timeout_ends_the_program_and_its_children(tmp_path: Path, new_session: bool) -> None:
    lines: list[str] = []
    begin = time.monotonic()
    with pytest.raises(TimedOutError):
        run(python(STUBBORN.format(new_session=new_session)), tmp_path, lines.append, timeout=5)
    # Far from the time that they would take by themselves.
    assert time.monotonic() - begin < 300
    wait_until(lambda: is_gone(int(lines[0])))


@pytest.mark.parametrize("new_session", [False, True])
def test_nothing_outlives_a_starter_that_was_killed(new_session: bool) -> None:
    stubborn = python(STUBBORN.format(new_session=new_session))
    code = (
        "from pathlib import Path; from pipelines.system.process import run;"
        f"run({stubborn!r}, Path(), lambda line: print(line, flush=True))"
    )
    root = Path(__file__).parents[3]
    with subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True, cwd=root) as starter:
        assert starter.stdout
        child = int(starter.stdout.readline())
        assert psutil.pid_exists(child)
        starter.send_signal(signal.SIGKILL)
    wait_until(lambda: is_gone(child))


def test_orphan_in_another_process_group_ends_with_the_starter(tmp_path: Path) -> None:
    waiting = (
        f"import subprocess, sys, time; subprocess.run([sys.executable, '-c', {DAEMON!r}]);"
        "time.sleep(600)"
    )
    code = (
        "from pathlib import Path; from pipelines.system.process import run;"
        f"run({python(waiting)!r}, Path({str(tmp_path)!r}), lambda line: print(line, flush=True))"
    )
    root = Path(__file__).parents[3]
    with subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True, cwd=root) as starter:
        assert starter.stdout
        orphan = int(starter.stdout.readline())
        assert not is_gone(orphan)
        starter.send_signal(signal.SIGKILL)
    wait_until(lambda: is_gone(orphan))


def test_daemon_of_a_program_ends_with_it(tmp_path: Path) -> None:
    lines: list[str] = []

    assert run(python(DAEMON), tmp_path, lines.append) == 0

    assert is_gone(int(lines[0]))


def test_descriptors_are_inherited(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "held", os.O_RDWR | os.O_CREAT)
    lines: list[str] = []
    code = f"import os; print(os.path.realpath('/proc/self/fd/{descriptor}'))"
    run(python(code), tmp_path, lines.append, locks=[descriptor])
    os.close(descriptor)
    assert lines == [str(tmp_path / "held")]


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("1", "found: 1"),
        ("[1]\\nWarning: and more", "found: Warning: and more"),
        ("[" * 100_000, r"found: \[{200}$"),
    ],
)
def test_output_of_another_form_is_reported(tmp_path: Path, printed: str, found: str) -> None:
    (tmp_path / "answering.py").write_text(f"print('{printed}')")
    with pytest.raises(PipelineError, match=f"expected answering to end with .*JSON, {found}"):
        ask_for(list[int], "answering", folder=tmp_path)


def test_output_is_parsed(tmp_path: Path) -> None:
    (tmp_path / "answering.py").write_text("print('a warning'); print([1, 2])")
    assert ask_for(list[int], "answering", folder=tmp_path) == [1, 2]
