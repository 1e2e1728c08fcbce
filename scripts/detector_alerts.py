"""A door to the package: tell a system query from business."""

import sys

from pganomaly.lexical import is_system_query

__all__ = ["is_system_query"]

if __name__ == "__main__":
    print(is_system_query(sys.stdin.read()))  # noqa: T201 - answers whether the statement on standard input is one
