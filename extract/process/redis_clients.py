"""Makes all Redis clients, and explains in a sentence why a connection failed."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from extract.config.schema import Config

_SECONDS = 5.0


def connect(config: Config, *, socket_timeout: float = _SECONDS) -> redis.Redis:
    """Return a client for `redis.url`, encrypted as `redis.tls_verify` says. It connects on first use.

    A command is repeated once, since the server may have closed an idle connection, and then fails at once: by
    default redis-py repeats it for several seconds, during which a page would wait.
    """
    client: redis.Redis = redis.Redis.from_url(
        config.redis_url,
        socket_timeout=socket_timeout,
        socket_connect_timeout=_SECONDS,
        retry=Retry(NoBackoff(), 1),
        **_tls(config),
    )
    return client


def connect_socket(path: Path) -> redis.Redis:
    """Return a client for the embedded server with this socket."""
    return redis.Redis(unix_socket_path=str(path), retry=Retry(NoBackoff(), 1))


def _tls(config: Config) -> dict[str, Any]:
    """https://redis.readthedocs.io/en/stable/examples/ssl_connection_examples.html"""
    verify = config.redis.tls_verify
    if urlsplit(config.redis_url).scheme != "rediss" or verify == "on":
        return {}
    if verify == "off":
        return {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
    return {"ssl_ca_certs": verify}


def is_encrypted_unverified(config: Config) -> bool:
    """Return True if the connection is encrypted, but the server's certificate is not checked."""
    return urlsplit(config.redis_url).scheme == "rediss" and config.redis.tls_verify == "off"


def why(error: redis.RedisError) -> str:
    """Return in one line why Redis cannot be used and what to do about it, without the password."""
    causes = list(_chain(error))
    for kind, sentence in _CAUSES:
        if any(isinstance(cause, kind) for cause in causes):
            return sentence
    return f"it does not answer ({type(error).__name__}: {error}); check redis.url (REDIS_URL)"


_CAUSES: tuple[tuple[type[BaseException], str], ...] = (
    (
        ssl.SSLCertVerificationError,
        "its certificate is not trusted; set REDIS_TLS_VERIFY to the file of the certificate authority, or to off "
        "where the provider signs its own certificates (Heroku does)",
    ),
    (
        ssl.SSLError,
        "it does not speak TLS on this port; check whether REDIS_URL must begin with redis:// or rediss://",
    ),
    (
        redis.AuthenticationError,
        "it does not accept the user name or password in REDIS_URL; copy the address again from your provider",
    ),
    (socket.gaierror, "the host name in REDIS_URL is not known; check its spelling and this machine's DNS"),
    (
        ConnectionRefusedError,
        "nothing listens at the address in REDIS_URL; start Redis, or check host and port",
    ),
    (FileNotFoundError, "its socket is not there; start Redis (make run starts the embedded one)"),
    (PermissionError, "this user may not open its socket; run all processes as the same user"),
    (
        redis.BusyLoadingError,
        "it is starting and still reads its data; wait a moment",
    ),
    (
        redis.TimeoutError,
        f"it did not answer within {_SECONDS:.0f} seconds; check host, port and firewall of REDIS_URL",
    ),
)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception and its causes."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
