"""A self-test in a process of its own, as nice as can be: `python -m pganomaly.service.selftest_child < order`."""

import os
import sys

from pganomaly.clock import SystemClock
from pganomaly.errors import PganomalyError
from pganomaly.service import selftests

NICE = 15


def main() -> int:
    """Read an order and do it; whatever goes wrong is one line on standard error."""
    os.nice(NICE)
    try:
        selftests.obey(sys.stdin.buffer.read(), SystemClock())
    except PganomalyError as error:
        print(f"{error.code}: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
