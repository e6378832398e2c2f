"""Posts webhook deliveries to an address on this machine, and tries again where that fails."""

import time
from ipaddress import ip_address
from threading import Event, Thread
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from sandbox.webhooks.events import Delivery, Subscription

ATTEMPTS = 8
_TIMEOUT_SECONDS = 5.0


def loopback_address(text: str) -> str:
    """Return `text` if it is an http address on this machine; the sandbox posts nowhere else. Raises ValueError."""
    parts = urlsplit(text)
    if parts.scheme != "http" or not ip_address(parts.hostname or "").is_loopback:
        raise ValueError(
            f"{text} is not an http address on the loopback interface, such as http://127.0.0.1:5000/…"
        )
    return text


class WebhookSender(Thread):
    """Posts the verification token until it is accepted, then every `gather_seconds` what has changed.

    A delivery that fails is repeated after 2, 4, 8 … seconds, ATTEMPTS times in all.
    """

    def __init__(self, subscription: Subscription, address: str, gather_seconds: float = 1.0) -> None:
        super().__init__(name="webhooks", daemon=True)
        self._subscription = subscription
        self._address = address
        self._gather_seconds = gather_seconds
        self._opener = build_opener(ProxyHandler({}))
        self._stopped = Event()

    def run(self) -> None:
        """Post until `end` is called."""
        while not self._post(self._subscription.handshake()):
            if self._stopped.wait(self._gather_seconds):
                return
        later: list[tuple[float, Delivery]] = []
        while not self._stopped.wait(self._gather_seconds):
            now = time.monotonic()
            due_now = [delivery for due, delivery in later if due <= now] + self._subscription.take()
            later = [(due, delivery) for due, delivery in later if due > now]
            for delivery in due_now:
                attempt = delivery.event["attempt_number"]
                if not self._post(delivery) and attempt < ATTEMPTS:
                    later.append((now + 2.0**attempt, self._subscription.again(delivery)))

    def end(self) -> None:
        """Stop after the present request."""
        self._stopped.set()

    def _post(self, delivery: Delivery) -> bool:
        request = Request(self._address, delivery.body, dict(delivery.headers), method="POST")
        try:
            with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                return bool(200 <= answer.status < 300)
        except (URLError, OSError):
            return False
