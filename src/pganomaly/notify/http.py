"""HTTP as channels use it: bounded in time and size, never redirected on its own, and nothing secret in a log."""

import logging
import re

import urllib3

MOST_BYTES = 1 << 20

_PATH = re.compile(r'(?<="[A-Z]{3} )\S+|(?<="[A-Z]{4} )\S+')


class _HidePaths(logging.Filter):
    """urllib3 logs every request at DEBUG, and what tells us apart from a stranger often stands in its path."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, without the path in it."""
        record.msg, record.args = _PATH.sub("***", record.getMessage()), ()
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
