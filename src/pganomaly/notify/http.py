"""HTTP as channels use it: bounded in time and size, never redirected on its own, and nothing secret in a log."""

import logging
import re

import urllib3

MOST_BYTES = 1 << 20

_SECRET_PATH = re.compile(r"(/bot)[^/\s\"']+")


class _HidePaths(logging.Filter):
    """urllib3 logs the path of every request at DEBUG, and the path of a Bot API request holds the token."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, without its secrets."""
        record.msg, record.args = _SECRET_PATH.sub(r"\1***", record.getMessage()), ()
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_HidePaths())


def http_pool(*, connect_s: float, read_s: float) -> urllib3.PoolManager:
    """Return a pool that gives up in time and leaves retries to the outbox."""
    return urllib3.PoolManager(
        num_pools=2,
        retries=False,
        timeout=urllib3.Timeout(connect=connect_s, read=read_s),
        headers={"User-Agent": "pganomaly"},
    )
