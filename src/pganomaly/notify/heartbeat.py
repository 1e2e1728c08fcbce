"""Lets others notice that we are dead: an address that is asked for as long as ticks are good."""

from http import HTTPStatus
from typing import Any

import structlog
import urllib3
from pydantic import SecretStr

from pganomaly.clock import Clock
from pganomaly.notify.http import MOST_BYTES, http_pool

log: Any = structlog.get_logger()


class Heartbeat:
    """Asks for *url* (a secret: whoever knows it can fake our life) at most once each *interval_s*."""

    def __init__(self, url: SecretStr, *, interval_s: float, clock: Clock) -> None:
        self._url = url
        self._interval_s = interval_s
        self._clock = clock
        self._last_s: float | None = None
        self._http = http_pool(connect_s=3.0, read_s=5.0)

    def beat(self) -> bool:
        """Say that a tick was good; return whether anybody was told. Failures are logged and never raised."""
        now_s = self._clock.monotonic_s()
        if self._last_s is not None and now_s - self._last_s < self._interval_s:
            return False
        self._last_s = now_s
        try:
            response = self._http.request("GET", self._url.get_secret_value(), redirect=False, preload_content=False)
            response.read(MOST_BYTES)
            response.release_conn()
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            # The error's own text holds the address.
            log.warning("heartbeat.failed", reason=type(error).__name__)
            return False
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            log.warning("heartbeat.failed", reason=f"HTTP {response.status}")
            return False
        return True
