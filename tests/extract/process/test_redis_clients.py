"""Redis over TLS as `redis.tls_verify` says, and why a connection fails, in words that help."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import redis

from extract.config.load import Config
from extract.process.redis_clients import connect, why
from tests.certificates import self_signed


@dataclass(frozen=True, slots=True)
class TlsRedis:
    """The tests' Redis behind TLS, with a certificate that it signed itself."""

    url: str
    certificate: Path


def copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def tls_redis(redis_url: str, tmp_path: Path) -> Iterator[TlsRedis]:
    """The wheel's server is built without TLS: a socket in front of it speaks TLS."""
    public, private = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(plain: socket.socket) -> None:
        with closing(plain), socket.socket(socket.AF_UNIX) as behind, suppress(OSError):
            encrypted = context.wrap_socket(plain, server_side=True)
            behind.connect(redis_url.removeprefix("unix://"))
            back = threading.Thread(target=copy, args=(behind, encrypted), daemon=True)
            back.start()
            copy(encrypted, behind)
            back.join()
            encrypted.close()

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield TlsRedis(f"rediss://127.0.0.1:{listener.getsockname()[1]}", public)
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def configured(config: Config, url: str, verify: str = "on") -> Config:
    return replace(config, redis=replace(config.redis, url=url, tls_verify=verify))


def reason(client: redis.Redis) -> str:
    with closing(client), pytest.raises(redis.RedisError) as caught:
        client.ping()
    return why(caught.value)


def test_a_certificate_that_nobody_vouches_for_is_refused_and_named(
    config: Config, tls_redis: TlsRedis
) -> None:
    said = reason(connect(configured(config, tls_redis.url)))

    assert "certificate is not trusted" in said
    assert "REDIS_TLS_VERIFY" in said


def test_its_authority_in_a_file_makes_it_trusted(config: Config, tls_redis: TlsRedis) -> None:
    with closing(connect(configured(config, tls_redis.url, str(tls_redis.certificate)))) as client:
        assert client.ping()


def test_off_encrypts_without_checking(config: Config, tls_redis: TlsRedis) -> None:
    with closing(connect(configured(config, tls_redis.url, "off"))) as client:
        assert client.ping()


def test_a_server_without_tls_is_named(config: Config) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_plainly() -> None:
            with suppress(OSError):
                while True:
                    with listener.accept()[0] as plain:
                        plain.recv(65536)
                        plain.sendall(b"-ERR unknown command\r\n")

        threading.Thread(target=answer_plainly, daemon=True).start()
        said = reason(connect(configured(config, f"rediss://127.0.0.1:{listener.getsockname()[1]}")))
        listener.shutdown(socket.SHUT_RDWR)

    assert "redis:// or rediss://" in said


def test_a_port_where_nothing_listens_is_named(config: Config) -> None:
    assert "nothing listens" in reason(connect(configured(config, "redis://127.0.0.1:1")))


def test_a_socket_that_is_not_there_is_named(config: Config) -> None:
    assert "make run" in reason(connect(configured(config, "unix:///nowhere/redis.sock")))


def test_a_name_that_is_not_known_is_named() -> None:
    error = redis.ConnectionError("Error -2")
    error.__context__ = socket.gaierror(-2, "Name or service not known")

    assert "host name" in why(error)


def test_a_wrong_password_is_named_and_not_shown(config: Config, redis_server: redis.Redis) -> None:
    redis_server.config_set("requirepass", "the right one")
    try:
        path = redis_server.connection_pool.connection_kwargs["path"]
        said = reason(connect(configured(config, f"unix://:a-wrong-one@{path}")))
    finally:
        redis_server.config_set("requirepass", "")

    assert "password" in said
    assert "a-wrong-one" not in said
