"""Makes the instance folder private to its user: it contains content, password hashes and sealed tokens."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OURS = ("hilal.db*", "run.lock", "logs", "logs/*", "redis", "redis/*")


def tighten(folder: Path) -> None:
    """Make `folder` 0700 and our files in it private. Files that this process creates later are private as well.

    Files of another user stay as they are.
    """
    os.umask(_OTHERS)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in (folder, *(found for pattern in _OURS for found in folder.glob(pattern))):
        with suppress(OSError):
            if is_open_to_others(path) and not path.is_symlink():
                path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)


def is_open_to_others(path: Path) -> bool:
    """Return True if other users of this machine may do anything with `path`; False where it does not exist."""
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False
