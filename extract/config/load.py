"""Reads the configuration once, strictly, into one frozen object: defaults, then config.toml, then environment."""

from __future__ import annotations

import json
import os
import secrets
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from cryptography.fernet import Fernet

from extract.config.schema import NOTION, ROOT, Config, VaultKeys
from extract.errors import ConfigError

__all__ = ["ENVIRONMENT", "NOTION", "ROOT", "Config", "kept_secret", "load", "practice_file"]

ENVIRONMENT: Mapping[str, tuple[str, str]] = {
    "SECRET_KEY": ("web", "secret_key"),
    "ENCRYPTION_KEYS": ("vault", "keys"),
    "DATABASE_URL": ("database", "url"),
    "REDIS_URL": ("redis", "url"),
    "REDIS_TLS_VERIFY": ("redis", "tls_verify"),
    "NOTION_CLIENT_ID": ("notion", "client_id"),
    "NOTION_CLIENT_SECRET": ("notion", "client_secret"),
    "NOTION_API_URL": ("notion", "api_url"),
    "NOTION_WEBHOOK_TOKEN": ("notion", "webhook_token"),
    "REQUESTS_PER_WINDOW": ("notion", "requests_per_window"),
    "MOST_REQUESTS_PER_WINDOW": ("notion", "most_requests_per_window"),
    "WINDOW_SECONDS": ("notion", "window_seconds"),
    "PUBLIC_URL": ("web", "public_url"),
    "PORT": ("web", "port"),
    "PROXIES": ("web", "proxies"),
    "METRICS_TOKEN": ("web", "metrics_token"),
    "WEB_CONCURRENCY": ("web", "processes"),
    "POLL_SECONDS": ("watch", "poll_seconds"),
    "VERIFY_HOURS": ("watch", "verify_hours"),
    "VERIFY_SHARE": ("watch", "verify_share"),
    "LOG_LEVEL": ("log", "level"),
    "HILAL_ENVIRONMENT": ("web", "environment"),
    "HILAL_INSTANCE": ("paths", "instance"),
}


def load(environ: Mapping[str, str] | None = None) -> Config:
    """Read, check and complete the configuration.

    `HILAL_CONFIG` names another file than `config.toml`; each variable of `ENVIRONMENT` overrides its key.
    On a development machine missing secrets are made once and kept in the instance folder.
    Raises ConfigError with one line that names the key and where it was read.
    """
    environ = os.environ if environ is None else environ
    named = environ.get("HILAL_CONFIG")
    path = Path(named) if named else ROOT / "config.toml"
    values = _read_file(path, required=bool(named))
    for variable, (section, key) in ENVIRONMENT.items():
        if environ.get(variable):
            values.setdefault(section, {})[key] = (environ[variable], f"environment variable {variable}")
    config = _build(values)
    config = _with_practice(config)
    _check(config)
    return _with_secrets(config)


def _read_file(path: Path, *, required: bool) -> dict[str, dict[str, tuple[Any, str]]]:
    if not path.exists():
        if required:
            raise ConfigError(f"HILAL_CONFIG: there is no file {path}")
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    values: dict[str, dict[str, tuple[Any, str]]] = {}
    for section, keys in document.items():
        if not isinstance(keys, dict):
            raise ConfigError(f"{section}: unknown key in {path}")
        values[section] = {key: (value, str(path)) for key, value in keys.items()}
    return values


def _build(values: Mapping[str, Mapping[str, tuple[Any, str]]]) -> Config:
    sections = get_type_hints(Config)
    for section, keys in values.items():
        if section not in sections:
            where = next((origin for _, origin in keys.values()), "the configuration")
            raise ConfigError(f"{section}: unknown section in {where}")
    built = {name: _section(name, kind, values.get(name, {})) for name, kind in sections.items()}
    return Config(**built)


def _section(name: str, kind: type[Any], values: Mapping[str, tuple[Any, str]]) -> Any:
    hints = get_type_hints(kind)
    known = {item.name for item in fields(kind)}
    arguments = {}
    for key, (value, origin) in values.items():
        if key not in known:
            raise ConfigError(f"{name}.{key}: unknown key in {origin}")
        arguments[key] = _typed(value, hints[key], where=f"{name}.{key} in {origin}")
    return kind(**arguments)


def _typed(value: Any, kind: Any, *, where: str) -> Any:
    """Return `value` as `kind`. Text, as in the environment, is parsed; anything else must have the type already."""
    if get_origin(kind) is Literal:
        if value in get_args(kind):
            return value
        raise ConfigError(f"{where}: must be one of {', '.join(get_args(kind))}")
    if get_origin(kind) is tuple:
        items = value.split(",") if isinstance(value, str) else value
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return tuple(item.strip() for item in items if item.strip())
        raise ConfigError(f"{where}: must be a list of texts")
    if kind is bool:
        words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        value = words.get(value.lower(), value) if isinstance(value, str) else value
        if isinstance(value, bool):
            return value
        raise ConfigError(f"{where}: must be true or false")
    if kind in (int, float):
        return _number(value, kind, where=where)
    if isinstance(value, str):
        return value.strip()
    raise ConfigError(f"{where}: must be a text")


def _number(value: Any, kind: type[int] | type[float], *, where: str) -> int | float:
    word = "a whole number" if kind is int else "a number"
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ConfigError(f"{where}: must be {word}")
    try:
        number = kind(value)
    except ValueError as error:
        raise ConfigError(f"{where}: must be {word}") from error
    if isinstance(value, float) and number != value:
        raise ConfigError(f"{where}: must be {word}")
    return number


def _check(config: Config) -> None:
    positive = {
        "notion.requests_per_window": config.notion.requests_per_window,
        "notion.window_seconds": config.notion.window_seconds,
        "notion.parallel_requests": config.notion.parallel_requests,
        "notion.timeout_seconds": config.notion.timeout_seconds,
        "notion.largest_answer_mb": config.notion.largest_answer_mb,
        "watch.poll_seconds": config.watch.poll_seconds,
        "watch.poll_seconds_with_webhooks": config.watch.poll_seconds_with_webhooks,
        "watch.parallel_polls": config.watch.parallel_polls,
        "watch.verify_hours": config.watch.verify_hours,
        "watch.reread_days": config.watch.reread_days,
        "watch.slice_seconds": config.watch.slice_seconds,
        "watch.lease_seconds": config.watch.lease_seconds,
        "watch.stuck_seconds": config.watch.stuck_seconds,
        "reading.chunk_characters": config.reading.chunk_characters,
    }
    for key, value in positive.items():
        if not value > 0:
            raise ConfigError(f"{key}: must be more than 0")
    if not 0 <= config.web.proxies <= 10:
        raise ConfigError("web.proxies (PROXIES): must be from 0 to 10")
    if not 0 <= config.reading.chunk_overlap < config.reading.chunk_characters:
        raise ConfigError("reading.chunk_overlap: must be at least 0 and below reading.chunk_characters")
    if config.web.processes < 0:
        raise ConfigError("web.processes (WEB_CONCURRENCY): must be at least 1; 0 is the default")
    verify = config.redis.tls_verify
    if verify not in ("on", "off") and not Path(verify).is_file():
        raise ConfigError(
            f"redis.tls_verify (REDIS_TLS_VERIFY): must be on, off, or the path of a file with the certificates "
            f"of the authority; there is no file {verify!r}"
        )
    if not 0 <= config.notion.people_share < 1:
        raise ConfigError("notion.people_share: must be at least 0 and below 1")
    if not 0 < config.watch.verify_share <= 1:
        raise ConfigError("watch.verify_share (VERIFY_SHARE): must be above 0 and at most 1")
    if bool(config.notion.client_id) != bool(config.notion.client_secret):
        missing = "client_secret" if config.notion.client_id else "client_id"
        raise ConfigError(f"notion.{missing}: missing (NOTION_{missing.upper()}); it goes with the other one")
    if config.production:
        _check_production(config)
    for key in config.vault.keys:
        try:
            Fernet(key)
        except ValueError as error:
            raise ConfigError(
                "vault.keys (ENCRYPTION_KEYS): each must be a Fernet key, 32 url-safe base64 bytes"
            ) from error


def _check_production(config: Config) -> None:
    if len(config.web.secret_key) < 16:
        raise ConfigError(
            "web.secret_key (SECRET_KEY): missing or shorter than 16 characters; required in production"
        )
    if not config.vault.keys:
        raise ConfigError("vault.keys (ENCRYPTION_KEYS): missing; required in production")
    if not config.public_url.startswith("https://"):
        raise ConfigError("web.public_url (PUBLIC_URL): must start with https:// in production")


def practice_file(config: Config) -> Path:
    """Return the file in which `make run` stores how the other processes reach the practice workspace."""
    return config.instance / "practice.json"


def _with_practice(config: Config) -> Config:
    """Use the practice workspace, if there is one, on a development machine without credentials."""
    path = practice_file(config)
    notion = config.notion
    if config.production or notion.client_id or notion.api_url != NOTION or not path.exists():
        return config
    practice = json.loads(path.read_text(encoding="utf-8"))
    notion = replace(
        notion,
        api_url=str(practice["api_url"]),
        client_id=str(practice["client_id"]),
        client_secret=str(practice["client_secret"]),
        webhook_token=notion.webhook_token or str(practice.get("webhook_token", "")),
    )
    return replace(config, notion=notion)


def _with_secrets(config: Config) -> Config:
    web = config.web
    if not web.secret_key:
        web = replace(web, secret_key=kept_secret(config.instance / "secret_key"))
    keys = config.vault
    if not keys.keys:
        made = _kept(config.instance / "encryption_key", lambda: Fernet.generate_key().decode())
        keys = VaultKeys(keys=(made,))
    return replace(config, web=web, vault=keys)


def kept_secret(path: Path) -> str:
    """Return the random secret in `path`. It is made at the first call."""
    return _kept(path, lambda: secrets.token_urlsafe(48))


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Return the secret in `path`, made by `make` at the first call. Two processes that start together get the same."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(make())
        with suppress(FileExistsError):  # the other process was first: its secret counts
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="utf-8").strip()
