import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from stages.shared.artifacts import Array
from stages.tools.compare import main
from stages.tools.recorded import RecordError

HEADER = "index,label,predicted,label_name,predicted_name,confidence," + ",".join(
    f"p{number}" for number in range(10)
)


@pytest.fixture
def repository(
    tmp_path: Path, small_mnist: dict[str, Array], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A commit with errors on images 0 and 1, and one with errors on 1 and 2."""
    monkeypatch.chdir(tmp_path)
    labels = small_mnist["test_labels"]
    (tmp_path / "reports").mkdir()

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)

    git("init", "--initial-branch=main")
    for indices in ((0, 1), (1, 2)):
        rows = [HEADER]
        for index in indices:
            label, predicted = int(labels[index]), int(labels[index] + 1) % 10
            shares = ["1" if number == predicted else "0" for number in range(10)]
            row = [index, label, predicted, label, predicted, 1, *shares]
            rows.append(",".join(map(str, row)))
        (tmp_path / "reports" / "misclassified.csv").write_text("\n".join(rows) + "\n")
        git("add", "reports")
        git("commit", "--message", "errors")
    return tmp_path


def test_new_and_fixed_errors_are_counted_and_shown(
    repository: Path, small_params: Path, small_arrays: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = repository / "errors.html"

    main("main~1", "main", small_params, small_arrays, page)

    output = capsys.readouterr().out
    assert "new: 1\n" in output
    assert "fixed: 1\n" in output
    assert "changed: 0\n" in output
    assert (
        "as before: 1\n1 new and 1 fixed errors may well be chance (McNemar's test: p = 1)."
        in output
    )
    text = page.read_text()
    assert text.count('src="data:image/png;base64,') == 2
    assert "Test image 2" in text


@pytest.mark.usefixtures("repository")
def test_errors_on_other_images_are_refused(
    small_params: Path, small_arrays: Path, tmp_path: Path
) -> None:
    labels = np.load(small_arrays / "test_labels.npy")
    np.save(small_arrays / "test_labels.npy", (labels + 1) % 10)

    with pytest.raises(RecordError, match="main~1: expected errors on the test images in data/"):
        main("main~1", "main", small_params, small_arrays, tmp_path / "errors.html")


@pytest.mark.usefixtures("repository")
def test_as_json_it_needs_no_images(
    tmp_path: Path, small_mnist: dict[str, Array], capsys: pytest.CaptureFixture[str]
) -> None:
    main("main~1", "main", tmp_path / "none", tmp_path / "none", tmp_path / "page", as_json=True)

    first, _, third = small_mnist["test_labels"][:3].tolist()
    columns = ("index", "label", "predicted_before", "predicted_after")
    assert json.loads(capsys.readouterr().out) == {
        "new": [dict(zip(columns, (2, third, third, (third + 1) % 10), strict=True))],
        "fixed": [dict(zip(columns, (0, first, (first + 1) % 10, first), strict=True))],
        "changed": [],
        "unchanged": 1,
        "p_value": 1.0,
        "outcome": "chance",
        "summary": "1 new and 1 fixed errors may well be chance (McNemar's test: p = 1).",
    }
    assert not (tmp_path / "page").exists()
