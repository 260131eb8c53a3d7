"""Run a command that ends with whoever started it: ``guard.py DESCRIPTOR COMMAND...``.

The descriptor is the reading end of a pipe whose other end the starter holds. When the starter
dies, even by SIGKILL, the pipe ends, and so does this process group: DVC alone would leave the
stage that it runs as an orphan. The locks that the starter handed on are handed on again.

It imports nothing but the standard library, since it starts with every stage.
"""

import os
import signal
import subprocess
import sys
import threading


def main(descriptor: str, *command: str) -> int:
    """Run the command and give its exit code, or 128 + the signal that ended it."""
    # A signal to the group is the command's to answer. Unlike "ignore", a handler is not handed on.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    threading.Thread(target=_end_with_starter, args=(int(descriptor),), daemon=True).start()
    code = subprocess.run(command, check=False, close_fds=False).returncode
    return code if code >= 0 else 128 - code


def _end_with_starter(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
