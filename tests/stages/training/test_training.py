import subprocess
import sys


def test_importing_the_package_starts_tensorflow_by_way_of_the_model() -> None:
    program = "import stages.training, os; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"

    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={"TF_ENABLE_ONEDNN_OPTS": "0"},
    )

    assert (done.stdout, done.stderr) == ("1\n", "")
