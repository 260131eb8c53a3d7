import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stages.new_dataset.content import ContentError
from stages.new_dataset.files import STANDARD, write_idx
from stages.new_dataset.source import has_secrets, read
from stages.params.dataset import WebSource


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for number, (role, name) in enumerate(STANDARD.items()):
        shape = (5, 4, 3) if role.endswith("images") else (5,)
        write_idx(folder / name, np.full(shape, number, np.uint8))
    return folder


@pytest.fixture
def url(files: Path) -> Iterator[str]:
    """A web server on loopback with the files, raw."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(files))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_web_folder_is_read_without_gz_too(url: str, tmp_path: Path) -> None:
    found = read(url, tmp_path / "copies", None)

    assert found.source == WebSource(kind="web", url=url)
    assert found.test is not None
    assert found.test.images.tolist() == np.full((5, 4, 3), 2).tolist()
    assert sorted(path.name for path in (tmp_path / "copies").iterdir()) == sorted(
        STANDARD.values()
    )


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("https://a.org/b", False),
        ("https://me:word@a.org/b", True),
        ("https://a.org/b?token=x", True),
    ],
)
def test_a_url_with_a_secret_is_noticed(url: str, secret: bool) -> None:
    assert has_secrets(WebSource(kind="web", url=url)) == secret


def test_pictures_may_be_divided_into_train_and_test(tmp_path: Path) -> None:
    for kind, level in (("train", 10), ("test", 20)):
        for name in ("a", "b"):
            (tmp_path / "pictures" / kind / name).mkdir(parents=True)
            picture = Image.new("L", (3, 4), level)
            picture.save(tmp_path / "pictures" / kind / name / "one.png")

    found = read(str(tmp_path / "pictures"), tmp_path, None)

    assert found.classes == ("a", "b")
    assert found.test is not None
    assert (found.train.images.max(), found.test.images.min()) == (10, 20)
    (tmp_path / "pictures" / "test" / "b").rename(tmp_path / "pictures" / "test" / "c")
    with pytest.raises(ContentError, match="expected the same classes in train and test"):
        read(str(tmp_path / "pictures"), tmp_path, None)
