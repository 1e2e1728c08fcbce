"""
What can go wrong in the shop, done to it on purpose and undone again.

in    a connection as the owner of the shop's database
out   one fault each, and the statements that it must show in
not   no knowledge of who looks for it

A statement is named by the fingerprint of its text: it is the same on every server, version and day.
"""

import re
from contextlib import suppress
from threading import Thread
from typing import Protocol

import psycopg

from pganomaly import lexical, pg
from pganomaly.demo.flows import LISTED
from pganomaly.demo.shop import CROWDS
from pganomaly.demo.traffic import Crowd, Traffic, statements
from pganomaly.messages import _

_PARAMETER = re.compile(r"%\(\w+\)s")


class Mischief(Protocol):
    """
    One fault.

    name  for machines
    says  for people: the key of its translations
    hits  fingerprints of the statements that it must show in
    """

    name: str
    says: str
    hits: tuple[str, ...]

    def inject(self, conn: pg.Connection) -> None:
        """Do it; return at once, even where it goes on."""
        ...

    def undo(self, conn: pg.Connection) -> None:
        """Undo it or end it; without effect where nothing was done."""
        ...


def fingerprint(statement: str) -> str:
    """Return the fingerprint of one of the shop's statements, by its name."""
    return lexical.describe(_PARAMETER.sub("$1", statements()[statement]).replace("%%", "%")).fingerprint


class IndexDropped:
    """Somebody tidies up and drops an index that was in use."""

    name = "index_dropped"
    says = _("somebody drops the index of orders by customer")

    def __init__(self) -> None:
        self.hits: tuple[str, ...] = (fingerprint("orders_of_customer"),)

    def inject(self, conn: pg.Connection) -> None:
        """Drop it."""
        conn.execute("DROP INDEX order_customer_id")

    def undo(self, conn: pg.Connection) -> None:
        """Create it again."""
        conn.execute("CREATE INDEX IF NOT EXISTS order_customer_id ON orders (customer_id)")


class SlowCall:
    """Somebody runs a statement that nobody ran before, and it takes its time."""

    name = "slow_call"
    says = _("somebody runs SELECT pg_sleep(5), which nobody ran before")

    def __init__(self, *, seconds: int = 5) -> None:
        self._text = f"SELECT pg_sleep({seconds})"
        self.hits: tuple[str, ...] = (lexical.describe(self._text).fingerprint,)
        self._thread: Thread | None = None

    def inject(self, conn: pg.Connection) -> None:
        """Run it on *conn*, which is busy until it ends."""
        self._thread = Thread(target=self._run, args=(conn,), daemon=True)
        self._thread.start()

    def _run(self, conn: pg.Connection) -> None:
        with suppress(psycopg.Error):
            conn.execute(self._text.encode())

    def undo(self, conn: pg.Connection) -> None:
        """Cancel it where it still runs."""
        thread, self._thread = self._thread, None
        while thread and thread.is_alive():
            # A request that comes before the statement has begun is lost: ask until it ends.
            conn.cancel_safe(timeout=1.0)
            thread.join(0.1)


class Burst:
    """Somebody releases a page that asks for each product's rating in a query of its own."""

    name = "burst"
    says = _("a new page asks for ratings one by one, twenty times as often as usual")

    TIMES = 20

    def __init__(self) -> None:
        self.hits: tuple[str, ...] = (fingerprint("rating_of_product"),)
        self._traffic: Traffic | None = None

    def inject(self, conn: pg.Connection) -> None:
        """Send the extra visitors, on connections of their own."""
        (usual,) = (crowd.per_s["look_at_product"] for crowd in CROWDS if crowd.role == "web")
        extra = Crowd("web", 4, {"look_at_ratings": usual * (self.TIMES - 1) / LISTED})
        place = pg.Conninfo(host=conn.info.host, port=conn.info.port, dbname=conn.info.dbname)
        self._traffic = Traffic(place, (extra,), seed=1).start()

    def undo(self, conn: pg.Connection) -> None:
        """Send them home."""
        traffic, self._traffic = self._traffic, None
        if traffic:
            traffic.stop()


def everything() -> tuple[Mischief, ...]:
    """Return one of each kind, in the order of the show."""
    return IndexDropped(), SlowCall(), Burst()
