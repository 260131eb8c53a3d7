"""Servers on loopback that a DVC remote can be on, each with what a test does behind DVC's back."""

import getpass
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import boto3
import pytest
from botocore.exceptions import ClientError

from pipelines.dvc.objects import object_path
from tests.helpers import PATIENCE, free_port, wait_until

# Debian's place for it is in no user's PATH.
_SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
_BUCKET = "bucket"


class Storage(Protocol):
    """Where a remote's objects are."""

    url: str
    """As DVC takes it."""
    environment: Mapping[str, str]
    """By which DVC's libraries find address and credentials; as a user would set it."""

    def read(self, name: str) -> bytes | None: ...
    def write(self, name: str, content: bytes) -> None: ...
    def remove(self, name: str) -> None: ...
    def refuse(self) -> str:
        """Refuse the user from now on; give the secret that no message may have."""
        ...

    def reset(self) -> None:
        """Be empty, and accept the user."""
        ...


class Folder:
    """A folder, that of a server too."""

    def __init__(self, path: Path, url: str, environment: Mapping[str, str]) -> None:
        self.path, self.url, self.environment = path, url, environment

    def read(self, name: str) -> bytes | None:
        place = object_path(self.path, name)
        return place.read_bytes() if place.exists() else None

    def write(self, name: str, content: bytes) -> None:
        place = object_path(self.path, name)
        place.unlink(missing_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)

    def remove(self, name: str) -> None:
        object_path(self.path, name).unlink()

    def refuse(self) -> str:
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.write_text("no folder")
        return "no secret"

    def reset(self) -> None:
        self.path.unlink() if self.path.is_file() else shutil.rmtree(self.path, ignore_errors=True)


class Ssh(Folder):
    """A folder of OpenSSH's server."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        super().__init__(root / "storage", f"ssh://storage{root}/storage", environment)
        self._root = root

    def refuse(self) -> str:
        secret = (self._root / "user").read_text()
        (self._root / "authorized").write_text("")
        return secret.splitlines()[1]

    def reset(self) -> None:
        super().reset()
        shutil.copy(self._root / "user.pub", self._root / "authorized")


class S3:
    """A bucket of moto's server, which asks for keys."""

    url = f"s3://{_BUCKET}/storage"

    def __init__(self, client: Any, credentials: str, environment: Mapping[str, str]) -> None:
        self._client, self._credentials = client, credentials
        self.environment = environment
        self.reset()

    def read(self, name: str) -> bytes | None:
        try:
            return bytes(self._client.get_object(**self._place(name))["Body"].read())
        except ClientError:
            return None

    def write(self, name: str, content: bytes) -> None:
        self._client.put_object(Body=content, **self._place(name))

    def remove(self, name: str) -> None:
        self._client.delete_object(**self._place(name))

    def refuse(self) -> str:
        credentials = Path(self.environment["AWS_SHARED_CREDENTIALS_FILE"])
        secret = credentials.read_text().split()[-1][::-1]
        credentials.write_text(_profile("wrong", secret))
        return secret

    def reset(self) -> None:
        Path(self.environment["AWS_SHARED_CREDENTIALS_FILE"]).write_text(self._credentials)
        for found in self._client.list_objects_v2(Bucket=_BUCKET).get("Contents", []):
            self._client.delete_object(Bucket=_BUCKET, Key=found["Key"])

    @staticmethod
    def _place(name: str) -> dict[str, str]:
        return {"Bucket": _BUCKET, "Key": object_path(Path("storage"), name).as_posix()}


Kind = Callable[[Path], AbstractContextManager[Storage]]


@contextmanager
def folder(root: Path) -> Iterator[Storage]:
    yield Folder(root / "storage", str(root / "storage"), {})


@contextmanager
def ssh(root: Path) -> Iterator[Storage]:
    """An SSH server with the keys of one user, which the client is configured for."""
    if not _SSHD:
        pytest.skip("needs Debian's package openssh-server")
    if os.geteuid() == 0:
        # Debian's service creates it; sshd requires it when run as root.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    port = free_port()
    command: list[str | Path]
    for key in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", root / key]
        subprocess.run(command, check=True)
    shutil.copy(root / "user.pub", root / "authorized")
    (root / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {root}/host\nPidFile none\n"
        f"AuthorizedKeysFile {root}/authorized\nStrictModes no\nUsePAM no\n"
        "AuthenticationMethods publickey\nSubsystem sftp internal-sftp\n"
    )
    home = root / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "config").write_text(
        f"Host storage\n  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n"
        f"  IdentityFile {root}/user\n"
    )
    command = [_SSHD, "-D", "-e", "-f", root / "sshd_config"]
    with _serving(command, root / "sshd.log", "Server listening"):
        # An agent of whoever runs the tests has nothing to do with them.
        yield Ssh(root, {"HOME": str(home), "SSH_AUTH_SOCK": ""})


@contextmanager
def s3(root: Path) -> Iterator[Storage]:
    """A server with S3's API, a bucket, and the keys of one user, who may do all with it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    # It asks for keys from the fourth request on: not for the user, what he may do, and the keys.
    environment = os.environ | {"INITIAL_NO_AUTH_ACTION_COUNT": "3"}
    command = [sys.executable, "-m", "moto.server", "--port", str(port)]
    with _serving(command, root / "moto.log", "Running on", environment):
        anyone = {"endpoint_url": url, "region_name": "us-east-1"}
        iam = boto3.client("iam", **anyone, **_keys("none", "none"))
        iam.create_user(UserName="user")
        may = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
        iam.put_user_policy(UserName="user", PolicyName="storage", PolicyDocument=policy)
        key = iam.create_access_key(UserName="user")["AccessKey"]
        own = key["AccessKeyId"], key["SecretAccessKey"]
        client = boto3.client("s3", **anyone, **_keys(*own))
        client.create_bucket(Bucket=_BUCKET)
        yield S3(
            client,
            _profile(*own),
            {
                "AWS_SHARED_CREDENTIALS_FILE": str(root / "credentials"),
                "AWS_CONFIG_FILE": str(root / "none"),
                "AWS_ENDPOINT_URL": url,
                "AWS_DEFAULT_REGION": "us-east-1",
            },
        )


def _keys(identity: str, secret: str) -> dict[str, str]:
    return {"aws_access_key_id": identity, "aws_secret_access_key": secret}


def _profile(identity: str, secret: str) -> str:
    lines = [f"{name} = {value}" for name, value in _keys(identity, secret).items()]
    return "\n".join(["[default]", *lines, ""])


@contextmanager
def _serving(
    command: Sequence[str | Path],
    log: Path,
    ready: str,
    environment: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Run a server while the block runs, starting when its log reports that it is ready."""
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        ) as process,
    ):
        try:
            wait_until(lambda: process.poll() is not None or ready in log.read_text())
            assert process.poll() is None, log.read_text()
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)
