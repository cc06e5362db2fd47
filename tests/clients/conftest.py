"""The real command in a process of its own, with a user's folders of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from braid.certificate import CertificateHeader, Policy, issue
from braid.encoding import decode, encode
from braid.node import Kind, Origin, SealClaim
from braid.signing import SecretKey
from braid.transcript import Layout, StoredNode, write_transcript
from braid.tree import SignatureTree
from braid.weave import Draft, weave
from braid_clients.demo_provider import scripted_provider

PATIENCE = 300  # seconds; turns a deadlock into a failure
TIME = "2026-11-20T12:00:00.000Z"


@dataclass(frozen=True, slots=True)
class Home:
    """A user: folders, and the command as they call it."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config" / "braid"

    @property
    def data(self) -> Path:
        return self.folder / "data" / "braid"

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
        folders = {
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_DATA_HOME": str(self.folder / "data"),
        }
        return {**kept, **folders, "PYTHONWARNINGS": "error", **more}

    def command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "braid_clients.cli", *map(str, arguments)]

    def braid(
        self, *arguments: str | Path, stdin: bytes = b"", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run the command to its end; no traceback may ever show."""
        ran = subprocess.run(
            self.command(*arguments),
            input=stdin,
            capture_output=True,
            cwd=self.folder,
            env=self.environment(**environment),
            timeout=PATIENCE,
            check=False,
        )
        out, err = ran.stdout.decode(), ran.stderr.decode()
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(ran.args, ran.returncode, out, err)


@pytest.fixture(scope="module", autouse=True)
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run what reads the files of its user as one who has none; gives their config folder."""
    folder = tmp_path_factory.mktemp("nobody")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        yield folder / "config" / "braid"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


Spawn = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def spawn(home: Home) -> Iterator[Spawn]:
    """Start the command and let it run; what still runs at the end of the test is killed."""
    with contextlib.ExitStack() as stack:

        def start(
            *arguments: str | Path, stdin: int = subprocess.DEVNULL, **environment: str
        ) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                home.command(*arguments),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=home.folder,
                env=home.environment(**environment),
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


@pytest.fixture
def provider() -> Iterator[str]:
    """The base URL of a scripted provider."""
    with scripted_provider() as url:
        yield url


@dataclass(frozen=True, slots=True)
class Made:
    """A transcript made by hand, and the public key of the root that certified it."""

    braid: str
    root: str
    nodes: tuple[StoredNode, ...]
    json: bytes
    lines: bytes


class Weaver:
    """Makes small braids without a server; every key and salt follows from a number."""

    def __init__(self, number: int = 1, root: int = 200) -> None:
        self.key = SecretKey(bytes([number]) * 32)
        self.root = SecretKey(bytes([root]) * 32)
        self.braid = encode(self.key.key)
        self.nodes: list[StoredNode] = []

    def add(
        self,
        kind: Kind,
        origin: Origin,
        content: bytes,
        prev: tuple[int, ...] | None = None,
        attrs: bytes = b"{}",
        media: str = "text/plain",
        seal: SealClaim | None = None,
        about: tuple[int, ...] = (),
    ) -> int:
        last = len(self.nodes) - 1
        names = (last,) if prev is None and self.nodes else prev or ()
        before = tuple(self.nodes[index].s for index in names)
        told = tuple(self.nodes[index].s for index in about)
        draft = Draft(kind, origin, media, content, attrs, before, about=told, seal=seal)
        salt = (last + 1).to_bytes(32, "big")
        self.nodes.append(weave(self.key, draft, seq=last + 1, time=TIME, salt=salt))
        return last + 1

    def seal(self, prev: tuple[int, ...] | None = None) -> None:
        tree = SignatureTree(decode(node.s, "s", 64) for node in self.nodes)
        self.add(
            Kind.SEAL, Origin.PROXY, b"", prev, seal=SealClaim(tree.count, encode(tree.head()))
        )

    def made(self) -> Made:
        header = CertificateHeader(
            root=encode(self.root.key),
            braid=self.braid,
            issuer="tests",
            policy=Policy.REQUIRED,
            nonce=encode(bytes(16)),
            not_before="2026-01-01T00:00:00.000Z",
            not_after="2027-01-01T00:00:00.000Z",
        )
        certificate = issue(self.root, self.key, header)
        both = [
            b"".join(write_transcript(self.braid, certificate, self.nodes, (), layout))
            for layout in (Layout.JSON, Layout.LINES)
        ]
        return Made(self.braid, encode(self.root.key), tuple(self.nodes), both[0], both[1])


@pytest.fixture
def weaver() -> Callable[..., Weaver]:
    return Weaver


@pytest.fixture
def made() -> Made:
    """A sealed braid of a question, an answer nobody recorded as a call, and the seal."""
    weaver = Weaver()
    weaver.add(Kind.PROMPT, Origin.CLIENT, b"What is the weather in Oslo?")
    weaver.add(Kind.TEXT, Origin.CLIENT, b"Seven degrees and rain.")
    weaver.seal()
    return weaver.made()
