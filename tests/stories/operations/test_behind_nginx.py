"""The web process behind nginx with TLS, by the example that we give to operators."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from extract.config.load import ROOT
from tests.certificates import self_signed
from tests.conftest import FERNET_KEY
from tests.stories.operations.test_processes import eventually, free_port

SLOW_CLIENTS = 40


@dataclass(frozen=True, slots=True)
class Site:
    """What answers: nginx at `port`, with the certificate to trust; the web process behind it at `inner`."""

    port: int
    inner: int
    certificate: Path

    def client(self) -> httpx2.Client:
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        return httpx2.Client(base_url=f"https://localhost:{self.port}", verify=trusted, timeout=30)

    def socket(self) -> ssl.SSLSocket:
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        return trusted.wrap_socket(plain, server_hostname="localhost")


def _nginx() -> str:
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None:
        if os.environ.get("REQUIRE_NGINX") == "1":
            pytest.fail("REQUIRE_NGINX=1, but there is no nginx on the PATH")
        pytest.skip("no nginx on the PATH")
    return found


def _configuration(folder: Path, *, port: int, inner: int) -> Path:
    """Our example, with the addresses and files of this test."""
    certificate, key = self_signed(folder)
    example = (ROOT / "docs" / "nginx.conf").read_text()
    for ours, here in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("chat.example.com;", "localhost;"),
        ("/etc/ssl/chat.example.com.pem", str(certificate)),
        ("/etc/ssl/chat.example.com.key", str(key)),
        ("127.0.0.1:5000", f"127.0.0.1:{inner}"),
        ("$host", "$http_host"),  # the test's port belongs to the address
    ):
        assert ours in example
        example = example.replace(ours, here)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    written = folder / "nginx.conf"
    written.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log stderr; worker_processes 1;\n"
        f"events {{ worker_connections 256; }}\nhttp {{ access_log off;\n{temporary}{example}}}\n"
    )
    return written


@pytest.fixture
def site(sqlite_url: str, redis_url: str, tmp_path: Path) -> Iterator[Site]:
    nginx, port, inner = _nginx(), free_port(), free_port()
    configuration = _configuration(tmp_path, port=port, inner=inner)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HILAL_ENVIRONMENT": "production",
        "HILAL_INSTANCE": str(tmp_path / "instance"),
        "DATABASE_URL": sqlite_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "a secret key for the tests only",
        "ENCRYPTION_KEYS": FERNET_KEY,
        "PUBLIC_URL": f"https://localhost:{port}",
        "PORT": str(inner),
        "PROXIES": "1",
        "WEB_CONCURRENCY": "1",
    }
    with ExitStack() as stack:
        log = stack.enter_context((tmp_path / "processes.log").open("ab"))
        for command in (["gunicorn", "webapp.wsgi:app"], [nginx, "-c", str(configuration)]):
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
            stack.callback(process.wait, 15)
            stack.callback(process.terminate)
        found = Site(port, inner, tmp_path / "certificate.pem")
        eventually(lambda: _answers(found))
        yield found


def _answers(site: Site) -> bool:
    try:
        with site.client() as client:
            return client.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False


def test_clients_that_send_half_a_form_hold_nobody_up(site: Site) -> None:
    """There are more of them than the web process has threads, and none ever ends its request."""
    half = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nemail=a"
    with ExitStack() as stack:
        for _ in range(SLOW_CLIENTS):
            stack.enter_context(site.socket()).sendall(half)

        with site.client() as client:
            assert client.get("/healthz").status_code == 200


def test_a_person_logs_in_over_tls_and_a_forged_address_counts_for_nothing(site: Site) -> None:
    with site.client() as client:
        page = client.get("/register")
        token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
        person = {
            "email": "ada@acme.test",
            "password": "correct horse battery",
            "name": "Ada",
            "organisation": "Acme",
        }
        answer = client.post(
            "/register", data=person | {"csrf_token": token}, headers={"Origin": str(client.base_url)}
        )
        guesses = [
            client.get(
                "/api/v1/sources", headers={"Authorization": "Bearer x", "X-Forwarded-For": f"10.0.0.{n}"}
            )
            for n in range(121)
        ]

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert "__Host-hilal" in answer.headers["Set-Cookie"]
    assert guesses[-1].status_code == 429


def test_metrics_are_not_shown_through_the_proxy(site: Site) -> None:
    with site.client() as client:
        assert client.get("/metrics").status_code == 404

    assert httpx2.get(f"http://127.0.0.1:{site.inner}/metrics").status_code == 200
