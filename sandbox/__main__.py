"""python -m sandbox: serves a practice workspace on this machine, and keeps it in a file."""

import argparse
import os
import signal
import sys
from threading import Thread
from types import FrameType
from typing import Any
from wsgiref.types import WSGIApplication

from flask import Flask, Response
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler, make_server

from sandbox.api.endpoint import DroppedConnection
from sandbox.app import create_app
from sandbox.seed import seed_company
from sandbox.webhooks.events import Subscription
from sandbox.webhooks.sender import WebhookSender, loopback_address
from sandbox.world.limits import RateLimit
from sandbox.world.persistence import Store
from sandbox.world.world import World

_REQUESTS_KEPT = 10_000


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code."""
    options = _parser().parse_args(arguments)
    world = World()
    world.keep_requests = _REQUESTS_KEPT
    store = Store(options.state, world)
    if not store.load():
        seed_company(world)
    _configure(world, options)
    store.save()
    webhook_sender = _webhook_sender(world, options)
    server = make_server(
        "127.0.0.1", options.port, _saving(create_app(world), store), threaded=True, request_handler=_Handler
    )
    assert isinstance(server, ThreadedWSGIServer)
    server.daemon_threads = True

    def stop(_signal: int, _frame: FrameType | None) -> None:
        # shutdown() waits for the serving loop, which is this very thread.
        Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"Practice workspace on http://127.0.0.1:{server.server_port}", flush=True)
    if webhook_sender:
        webhook_sender.start()
    server.serve_forever()
    if webhook_sender:
        webhook_sender.end()
    server.server_close()
    store.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--state", required=True, help="file that keeps the workspace")
    parser.add_argument("--client-id", required=True)
    parser.add_argument(
        "--client-secret",
        default=os.environ.get("SANDBOX_CLIENT_SECRET"),
        required="SANDBOX_CLIENT_SECRET" not in os.environ,
        help="better in SANDBOX_CLIENT_SECRET: arguments can be read by every user of the machine",
    )
    parser.add_argument(
        "--redirect-uri", action="append", default=[], help="allow only these; any when not given"
    )
    parser.add_argument("--latency-ms", type=float, default=0, help="wait this long before each API answer")
    parser.add_argument("--requests-per-window", type=int, default=180, help="0 lifts the limit")
    parser.add_argument("--window-seconds", type=float, default=60)
    parser.add_argument("--webhook-address", type=loopback_address, help="post events here, on this machine")
    parser.add_argument(
        "--webhook-token",
        default=os.environ.get("SANDBOX_WEBHOOK_TOKEN"),
        help="sign them with this (or SANDBOX_WEBHOOK_TOKEN); a new one at each start when not given",
    )
    return parser


def _webhook_sender(world: World, options: argparse.Namespace) -> WebhookSender | None:
    if not options.webhook_address:
        return None
    return WebhookSender(Subscription(world, options.webhook_token), options.webhook_address)


def _configure(world: World, options: argparse.Namespace) -> None:
    world.client_id = options.client_id
    world.client_secret = options.client_secret
    world.redirect_uris = options.redirect_uri
    world.latency_seconds = options.latency_ms / 1000
    world.rate_limit = (
        RateLimit(options.requests_per_window, options.window_seconds)
        if options.requests_per_window
        else None
    )


def _saving(app: Flask, store: Store) -> WSGIApplication:
    @app.after_request
    def save(response: Response) -> Response:
        store.save()
        return response

    return app


class _Handler(WSGIRequestHandler):
    """Speaks HTTP/1.1 and logs nothing; a fault that drops a connection closes its socket."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return

    def run_wsgi(self) -> None:
        self.server.passthrough_errors = True
        try:
            super().run_wsgi()
        except DroppedConnection:
            self.close_connection = True

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        self.close_connection = True


if __name__ == "__main__":
    sys.exit(main())
