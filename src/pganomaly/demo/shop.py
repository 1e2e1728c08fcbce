"""
A small online shop on a real PostgreSQL: its tables, its data, and the people and programs that use it.

in    a server on which we may create a database and roles
out   a database, and some 250 statements a second of 50 shapes by four roles
not   no knowledge of who watches, or of what else is done to the server
"""

from importlib.resources import files
from typing import Self

from psycopg.sql import SQL, Identifier

from pganomaly import pg
from pganomaly.demo.traffic import Crowd, Traffic

CROWDS = (
    Crowd("web", 3, {
        "open_front_page": 5, "look_at_product": 18, "search": 5, "fill_cart": 3, "change_mind": 1, "log_in": 2,
        "look_at_orders": 10, "check_out": 2,
    }),
    Crowd("api", 2, {
        "copy_catalogue": 2, "compare_prices": 4, "track_order": 4, "open_app": 3, "wish": 2, "move": 1,
        "write_review": 1,
    }),
    Crowd("worker", 1, {"send_mail": 3, "ship": 2, "refill": 1, "tidy": 1}),
    Crowd("report", 1, {"report": 2}),
)  # fmt: skip
"""An ordinary afternoon, in visits a second."""


class Shop:
    """
    The shop. build() makes it, open() lets people in, close() sends them home; the server stays its owner's matter.

    server    any database of the server, as a role that may create databases and roles
    conninfo  the shop's own database, as the same role
    """

    def __init__(self, server: pg.Conninfo, *, dbname: str = "shop", seed: int = 7) -> None:
        self._server = server
        self._seed = seed
        self.conninfo = server.with_dbname(dbname)
        self._traffic = Traffic(self.conninfo, CROWDS, seed=seed)

    @property
    def pid(self) -> int | None:
        """The process of its visitors, None while it is closed."""
        return self._traffic.pid

    def build(self) -> Self:
        """Create the database with everything in it: the same for the same seed, up to the age of things."""
        with pg.connect(self._server, application_name="shop-owner") as conn:
            conn.execute(SQL("CREATE DATABASE {}").format(Identifier(self.conninfo.dbname or "")))
        with pg.connect(self.conninfo, application_name="shop-owner") as conn:
            conn.execute(_sql("schema.sql"))
            conn.execute("SELECT setseed(%s)", [self._seed % 1000 / 1000])
            conn.execute(_sql("data.sql"))
            conn.execute(_sql("finish.sql"))
            conn.execute("VACUUM ANALYZE")
        return self

    def open(self) -> Self:
        """Let people in; return when they are connected."""
        self._traffic.start()
        return self

    def close(self) -> None:
        """Send everybody home; a second time does nothing."""
        self._traffic.stop()

    def __enter__(self) -> Self:
        """Build it and open it."""
        return self.build().open()

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def _sql(name: str) -> bytes:
    return (files("pganomaly.demo") / name).read_bytes()
