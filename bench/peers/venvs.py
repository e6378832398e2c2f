"""Other readers of Notion, each in a virtual environment of its own under bench/.peers, run on pages given to them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FOLDER = HERE / ".peers"
PATIENCE = 900  # seconds


@dataclass(frozen=True, slots=True)
class Peer:
    label: str
    package: str
    runner: str
    without_null_icons: bool = False

    @property
    def python(self) -> Path:
        return FOLDER / self.package / "bin" / "python"


PEERS = (
    Peer("llama-index-readers-notion", "llama-index-readers-notion", "llama_index.py"),
    Peer("notion2md", "notion2md", "notion2md.py"),
    Peer("notion2md, icons mended", "notion2md", "notion2md.py", without_null_icons=True),
)


def install(peer: Peer) -> str:
    """Make the environment unless it is there. What went wrong, in a line; nothing if it can be used."""
    done = FOLDER / peer.package / "installed"
    if done.exists():
        return ""
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(FOLDER / peer.package)],
        [str(peer.python), "-m", "pip", "install", "-q", "--disable-pip-version-check", peer.package],
    ):
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"cannot be installed: {type(error).__name__}"
        if ended.returncode:
            return f"cannot be installed: {_last_line(ended.stderr)}"
    done.touch()
    return ""


def run(peer: Peer, job: dict[str, Any]) -> dict[str, Any] | str:
    """The runner's answer (version, seconds, texts by page, failures), or what went wrong."""
    given = json.dumps({**job, "without_null_icons": peer.without_null_icons})
    command = [str(peer.python), str(HERE / peer.runner)]
    try:
        ended = subprocess.run(command, input=given, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return f"not done after {PATIENCE} s"
    if ended.returncode:
        return f"stopped: {_last_line(ended.stderr)}"
    answer: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return answer


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:160] if lines else "no reason given"
