"""Carries webhook deliveries to an address on this machine: a thread that gathers a while, posts, and tries again."""

import time
from ipaddress import ip_address
from threading import Event, Thread
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from sandbox.webhooks.events import Delivery, Subscription

ATTEMPTS = 8
_PATIENCE_SECONDS = 5.0


def loopback_address(text: str) -> str:
    """`text`, if it is an http address of this machine; the sandbox tells nobody else. Raises ValueError."""
    parts = urlsplit(text)
    if parts.scheme != "http" or not ip_address(parts.hostname or "").is_loopback:
        raise ValueError(
            f"{text} is not an http address on the loopback interface, such as http://127.0.0.1:5000/…"
        )
    return text


class Courier(Thread):
    """Shakes hands once, then posts what happened every `gather_seconds`."""

    def __init__(self, subscription: Subscription, address: str, gather_seconds: float = 1.0) -> None:
        super().__init__(name="webhooks", daemon=True)
        self._subscription = subscription
        self._address = address
        self._gather_seconds = gather_seconds
        self._opener = build_opener(ProxyHandler({}))
        self._ended = Event()

    def run(self) -> None:
        while not self._post(self._subscription.handshake()):
            if self._ended.wait(self._gather_seconds):
                return
        later: list[tuple[float, Delivery]] = []
        while not self._ended.wait(self._gather_seconds):
            now = time.monotonic()
            ripe = [delivery for due, delivery in later if due <= now] + self._subscription.take()
            later = [(due, delivery) for due, delivery in later if due > now]
            for delivery in ripe:
                attempt = delivery.event["attempt_number"]
                if not self._post(delivery) and attempt < ATTEMPTS:
                    later.append((now + 2.0**attempt, self._subscription.again(delivery)))

    def end(self) -> None:
        self._ended.set()

    def _post(self, delivery: Delivery) -> bool:
        request = Request(self._address, delivery.body, dict(delivery.headers), method="POST")
        try:
            with self._opener.open(request, timeout=_PATIENCE_SECONDS) as answer:
                return bool(200 <= answer.status < 300)
        except (URLError, OSError):
            return False
