"""The configuration as one frozen object: every section, key and default. `config.example.toml` explains the keys."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
NOTION = "https://api.notion.com"


@dataclass(frozen=True, slots=True)
class Web:
    """The web process: its address, environment, secret and limits."""

    environment: Literal["development", "production"] = "development"
    secret_key: str = ""
    public_url: str = ""
    port: int = 5000
    processes: int = 0
    open_registration: bool = False
    proxies: int = 0
    metrics_token: str = ""
    api_requests_per_minute: int = 120


@dataclass(frozen=True, slots=True)
class VaultKeys:
    """The Fernet keys that seal tokens: the first seals, all open."""

    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Database:
    """The database; without a URL it is SQLite in the instance folder."""

    url: str = ""


@dataclass(frozen=True, slots=True)
class Redis:
    """Redis; without a URL it is the embedded server."""

    url: str = ""
    tls_verify: str = "on"


@dataclass(frozen=True, slots=True)
class Notion:
    """The integration at Notion, the request budget of a workspace, and limits of requests."""

    client_id: str = ""
    client_secret: str = ""
    api_url: str = NOTION
    webhook_token: str = ""
    requests_per_window: int = 180
    most_requests_per_window: int = 0
    window_seconds: int = 60
    people_share: float = 0.15
    parallel_requests: int = 12
    timeout_seconds: float = 70.0
    largest_answer_mb: int = 16

    @property
    def largest_answer_bytes(self) -> int:
        """The largest answer that is read, in bytes."""
        return self.largest_answer_mb << 20


@dataclass(frozen=True, slots=True)
class Watch:
    """How often Notion is polled and checked, and how long drains may take."""

    poll_seconds: float = 60.0
    poll_seconds_with_webhooks: float = 600.0
    parallel_polls: int = 8
    verify_hours: float = 24.0
    verify_share: float = 0.1
    reread_days: float = 7.0
    slice_seconds: float = 20.0
    lease_seconds: float = 30.0
    stuck_seconds: float = 180.0


@dataclass(frozen=True, slots=True)
class Reading:
    """The size and overlap of passages, in characters."""

    chunk_characters: int = 1200
    chunk_overlap: int = 0


@dataclass(frozen=True, slots=True)
class Log:
    """The level and format of log lines."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of the installation, relative to the project."""

    instance: str = "instance"


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration. Secrets are in here: never log or print it."""

    web: Web = field(default_factory=Web)
    vault: VaultKeys = field(default_factory=VaultKeys)
    database: Database = field(default_factory=Database)
    redis: Redis = field(default_factory=Redis)
    notion: Notion = field(default_factory=Notion)
    watch: Watch = field(default_factory=Watch)
    reading: Reading = field(default_factory=Reading)
    log: Log = field(default_factory=Log)
    paths: Paths = field(default_factory=Paths)

    @property
    def instance(self) -> Path:
        """The folder in which this installation stores its files."""
        return (ROOT / self.paths.instance).resolve()

    @property
    def production(self) -> bool:
        """True in production, where secrets and HTTPS are required."""
        return self.web.environment == "production"

    @property
    def web_processes(self) -> int:
        """The number of web processes: as configured, else 2 in production and 1 in development."""
        return self.web.processes or (2 if self.production else 1)

    @property
    def redis_socket(self) -> Path:
        """Where the embedded Redis listens; elsewhere if the path would exceed a socket's 108 bytes."""
        path = self.instance / "redis" / "redis.sock"
        if len(os.fsencode(path)) < 100:
            return path
        name = sha256(os.fsencode(path)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"hilal-{os.getuid()}-{name}" / "redis.sock"

    @property
    def redis_url(self) -> str:
        """The URL of Redis: as configured, else the socket of the embedded server."""
        return self.redis.url or f"unix://{self.redis_socket}"

    @property
    def database_url(self) -> str:
        """The URL of the database: as configured, else SQLite in the instance folder."""
        return self.database.url or f"sqlite:///{self.instance / 'hilal.db'}"

    @property
    def public_url(self) -> str:
        """The URL at which people reach the product, without a slash at its end."""
        return self.web.public_url.rstrip("/") or f"http://127.0.0.1:{self.web.port}"

    @property
    def redirect_uri(self) -> str:
        """The URL to which Notion sends people back after their consent."""
        return f"{self.public_url}/notion/callback"
