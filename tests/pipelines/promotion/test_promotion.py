import subprocess
import sys

from tests.helpers import ROOT


def test_importing_the_package_leaves_logging_as_it_was() -> None:
    program = """
import io, logging
stream = io.StringIO()
logging.basicConfig(stream=stream, format="%(message)s")
handlers = list(logging._handlerList)
from pipelines.promotion import versions
logging.warning("still here")
print(stream.getvalue().strip(), logging._handlerList[:len(handlers)] == handlers)
"""

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )

    assert done.stdout == "still here True\n"
