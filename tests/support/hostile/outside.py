"""What surrounds a batch of hostile notebooks: canaries, listeners, a bystander."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import secrets
import selectors
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def new_canary(kind: str) -> str:
    """A word that nobody can guess, whose kind can be read off it."""
    return f"grader-hostile-{kind}-{secrets.token_hex(12)}"


def spellings(canary: str) -> set[bytes]:
    """A canary as it may stand in a file: plain, in hex, backwards, inside base64."""
    raw = canary.encode()
    found = {raw, raw.hex().encode(), raw[::-1]}
    for shift in range(3):  # the letters that do not depend on what stands around it
        code = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        found.add(code[4 if shift else 0 : -2])
    return found


@dataclass
class Outside:
    """The world around the batch, as the harness sees it."""

    folder: Path
    port: int
    bystander: subprocess.Popen[bytes]
    canaries: dict[str, str]
    heard: list[str] = field(default_factory=list)
    before: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        """The home folder of whoever grades."""
        return self.folder / "home"

    def names(self) -> dict[str, str | int]:
        """What the notebooks are told."""
        return {"CANARIES": str(self.folder), "PORT": self.port, "BYSTANDER": self.bystander.pid}

    def environment(self) -> dict[str, str]:
        """What the grader's own environment holds."""
        return {"GRADER_SECRET": self.canaries["secret"], "HOME": str(self.home)}

    def changed(self) -> list[str]:
        """Which canary files are no longer as they were planted, or new."""
        now = _digests(self.folder)
        return sorted(name for name in now.keys() | self.before.keys()
                      if now.get(name) != self.before.get(name))  # fmt: skip

    def disturbed(self) -> list[str]:
        """What happened to the bystander."""
        if self.bystander.poll() is not None:
            return [f"ended with {self.bystander.returncode}"]
        words = Path(f"/proc/{self.bystander.pid}/stat").read_text().rpartition(")")[2].split()
        found = ["is stopped"] if words[0] in "Tt" else []
        return found + (["was slowed"] if int(words[16]) > os.nice(0) else [])


@contextlib.contextmanager
def outside(folder: Path, owner: int | None, python: str) -> Iterator[Outside]:
    """Plant the canaries in ``folder``, listen, start a bystander; all ends with the block.

    They are ``owner``'s, None for our own user's; ``python`` is one that it can start.
    """
    kinds = ("secret", "secret-file", "home", "key", "picture", "sibling", "result")
    canaries = {kind: new_canary(kind) for kind in kinds}
    files: dict[str, bytes] = {
        "home/grader-hostile.txt": canaries["home"].encode(),
        "home/.ssh/grader-hostile": canaries["key"].encode(),
        "home/.local/state/grader/secret": canaries["secret-file"].encode(),
        "home/grader-hostile.png": PICTURE + canaries["picture"].encode(),
        "submissions/grader-hostile.txt": canaries["sibling"].encode(),
        "feedback/grader-hostile.txt": canaries["result"].encode(),
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    with contextlib.ExitStack() as stack:
        bystander = stack.enter_context(
            subprocess.Popen(
                [python, "-c", "import time; time.sleep(3600)", canaries["secret"]],
                env={**os.environ, "GRADER_SECRET": canaries["secret"]},
                user=owner,
            )
        )
        stack.callback(bystander.kill)
        heard: list[str] = []
        port = stack.enter_context(_listeners(folder, heard))
        if owner is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, owner, owner, follow_symlinks=False)
        found = Outside(folder, port, bystander, canaries, heard)
        found.before = _digests(folder)
        yield found


@contextlib.contextmanager
def _listeners(folder: Path, heard: list[str]) -> Iterator[int]:
    """TCP, UDP and Unix sockets; whatever reaches one is named in ``heard``. Gives the port."""
    tcp = socket.create_server(("127.0.0.1", 0))
    port = tcp.getsockname()[1]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", port))
    sockets = {"TCP": tcp, "UDP": udp}
    with contextlib.suppress(OSError):  # a machine without IPv6
        six = socket.socket(socket.AF_INET6)
        six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        six.bind(("::1", port))
        six.listen()
        sockets["TCP by IPv6"] = six
    for name, address, kind in (
        ("a Unix path", "grader-hostile.sock", socket.SOCK_STREAM),
        ("an abstract name", f"\0grader-hostile-{port}", socket.SOCK_STREAM),
        ("abstract datagrams", f"\0grader-hostile-{port}-datagrams", socket.SOCK_DGRAM),
    ):
        one = socket.socket(socket.AF_UNIX, kind)
        if address.startswith("\0"):
            one.bind(address)
        else:  # a path may be longer than an address: bind through the folder's descriptor
            descriptor = os.open(folder, os.O_PATH)
            one.bind(f"/proc/self/fd/{descriptor}/{address}")
            os.close(descriptor)
        if kind == socket.SOCK_STREAM:
            one.listen()
        sockets[name] = one
    over = threading.Event()

    def listen() -> None:
        with selectors.DefaultSelector() as selector:
            for name, one in sockets.items():
                selector.register(one, selectors.EVENT_READ, name)
            while not over.is_set():
                for key, _ in selector.select(0.2):
                    heard.append(key.data)
                    one = sockets[key.data]
                    if one.type == socket.SOCK_STREAM:
                        one.accept()[0].close()
                    else:
                        one.recv(65536)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        over.set()
        thread.join()
        for one in sockets.values():
            one.close()


def _digests(folder: Path) -> dict[str, str]:
    """Every file of ours under ``folder``: mode and content; what the grader keeps there apart."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and "grader-hostile" in name:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif "grader-hostile" in name:
            found[name] = "not a file"
    return found
