"""How much memory a worker takes for large pages, and for how long: `python -m bench.memory`

Each line is a process of its own that drains so many pages from a server beside it, which sends them packed or not.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

from extract import connections
from extract.config.load import ROOT, load
from extract.membership.documents import add_document
from extract.notion.oauth import parse_grant
from extract.process import embedded_redis
from extract.rules.timing import Rank
from extract.runtime import open_runtime
from extract.store import db
from extract.store.models import Chatbot, Document, Organisation, Source
from extract.sync import drain
from extract.values import utc_now

SCENES = ("48x0.5", "12x5", "12x15", "12x60", "12x400 packed")
SECONDS = 1_800  # after which a scene is given up
PARAGRAPH = "The roaster is cleaned on Fridays, the grinder every evening; {} says who does it and when.\n\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scenes", nargs="*", default=SCENES)
    parser.add_argument("--drain", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(int(options.serve[0]), packed=options.serve[1] == "packed")
    elif options.drain:
        work(*options.drain)
    else:
        print(f"{'pages x MB':<16}{'read':>6}{'refused':>9}{'requests':>10}{'seconds':>9}{'peak MB':>9}")
        for scene in options.scenes:
            print(_line(scene), flush=True)


def _line(scene: str) -> str:
    pages, _, rest = scene.partition("x")
    size, _, packing = rest.partition(" ")
    server = _python("--serve", str(int(float(size) * 1_000_000)), packing or "plain")
    try:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory() as folder:
            worker = _python("--drain", folder, port, pages)
            found = json.loads(worker.communicate()[0].splitlines()[-1])
    finally:
        server.terminate()
        server.wait(10)
    return (
        f"{scene:<16}{found['read']:>6}{found['refused']:>9}{found['requests']:>10}"
        f"{found['seconds']:>9.1f}{found['peak']:>9.0f}"
    )


def _python(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.memory", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def work(folder: str, port: str, pages: str) -> None:
    """Read the pages until all are settled, or the time is up; print what came of it."""
    redis = embedded_redis.start(Path(folder) / "redis.sock")
    try:
        opened = db.open_database(f"sqlite:///{folder}/hilal.db")
        db.upgrade()
        environment = {
            "HILAL_INSTANCE": folder,
            "DATABASE_URL": f"sqlite:///{folder}/hilal.db",
            "REDIS_URL": f"unix://{folder}/redis.sock",
            "NOTION_CLIENT_ID": "bench",
            "NOTION_CLIENT_SECRET": "bench",
            "NOTION_API_URL": f"http://127.0.0.1:{port}",
            "REQUESTS_PER_WINDOW": "1000000",
            "LOG_LEVEL": "error",
        }
        runtime, now = open_runtime(load(environment)), utc_now()
        organisation = Organisation.create(name="Bench", created_at=now)
        chatbot = Chatbot.create(organisation=organisation, name="Bench", created_at=now)
        grant = parse_grant({"access_token": "bench", "bot_id": "bench", "workspace_id": "bench"})
        connection = connections.connect(runtime, organisation_id=organisation.id, grant=grant)
        for number in range(int(pages)):
            source = Source.create(
                chatbot=chatbot,
                connection=connection,
                kind="page",
                notion_id=_id(number),
                title=f"Page {number}",
                created_at=now,
            )
            add_document(source, _id(number), stub=None, now=now, rank=Rank.PERSON, verify_hours=24.0)
        began = time.monotonic()
        unsettled = Document.synced_at.is_null() & Document.error.is_null()
        while Document.select().where(unsettled).exists() and time.monotonic() - began < SECONDS:
            drain.drain(runtime, connection.id)
        print(
            json.dumps(
                {
                    "read": Document.select().where(Document.synced_at.is_null(False)).count(),
                    "refused": Document.select().where(Document.error.is_null(False)).count(),
                    "requests": _requests(port),
                    "seconds": time.monotonic() - began,
                    "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
                }
            )
        )
        opened.close()
    finally:
        redis.terminate()
        redis.wait(10)


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def _requests(port: str) -> int:
    with urlopen(f"http://127.0.0.1:{port}/requests") as answer:
        return int(answer.read())


def serve(size: int, *, packed: bool) -> None:
    """Answer for any page, each with a body of `size` bytes."""
    if packed:
        buffer = io.BytesIO()
        with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=6) as file:
            for piece in _body(size):
                file.write(piece)
        pieces = [buffer.getvalue()]
    else:
        pieces = list(_body(size))
    headers = {"Content-Type": "application/json", **({"Content-Encoding": "gzip"} if packed else {})}
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"pieces": pieces, "extra": headers}))
    print(server.server_address[1], flush=True)
    server.serve_forever()


def _body(size: int) -> Iterator[bytes]:
    yield b'{"object": "page_markdown", "truncated": false, "unknown_block_ids": [], "markdown": "'
    sent = number = 0
    while sent < size:
        piece = json.dumps("".join(PARAGRAPH.format(number + more) for more in range(500)))[1:-1].encode()
        number, sent = number + 500, sent + len(piece)
        yield piece
    yield b'"}'


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A worker that has read enough closes the connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pieces: list[bytes]
    extra: dict[str, str]
    asked = 0

    def do_GET(self) -> None:
        if self.path == "/requests":
            self._send([str(type(self).asked).encode()], {})
            return
        type(self).asked += 1
        if "/markdown" in self.path:
            self._send(self.pieces, self.extra)
        else:
            page = {
                "object": "page",
                "id": self.path.split("/")[3],
                "parent": {"type": "workspace", "workspace": True},
                "last_edited_time": "2026-01-01T00:00:00.000Z",
                "created_time": "2026-01-01T00:00:00.000Z",
                "in_trash": False,
                "url": "https://www.notion.so/x",
                "properties": {
                    "title": {
                        "id": "title",
                        "type": "title",
                        "title": [{"type": "text", "plain_text": "Page"}],
                    }
                },
            }
            self._send([json.dumps(page).encode()], {"Content-Type": "application/json"})

    def _send(self, pieces: list[bytes], headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in {**headers, "Transfer-Encoding": "chunked"}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for piece in pieces:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        except OSError:  # the worker has read enough
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    main()
