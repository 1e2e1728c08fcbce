"""SQL as applications write it: one text per statement, in the words of the server's trade."""

from collections.abc import Sequence

from numpy.random import Generator

NOUNS = {
    "clinic": "patients visits doctors wards beds prescriptions drugs lab_results invoices insurers referrals",
    "freight": "parcels routes trucks drivers depots manifests scans customs_forms tariffs claims pallets handovers",
    "arcade": "players matches scores lobbies items inventories friends clans seasons rewards purchases",
    "school": "pupils teachers classes lessons marks absences rooms timetables parents homework reports exams",
    "press": "articles authors desks revisions images tags comments subscribers newsletters paywalls ads impressions",
    "sensors": "devices readings gateways alarms calibrations firmware sites channels rollups thresholds",
    "forum": "members threads posts votes badges messages reports bans mentions drafts",
    "bank": "accounts postings cards transfers mandates limits branches advisors loans rates statements disputes",
    "tickets": "events venues seats bookings holds refunds payers promoters tours coupons gates checkins",
    "telecom": "subscribers sims cells calls sms_records plans charges roaming handsets outages ports vouchers",
    "library": "books copies loans readers shelves fines reservations publishers subjects branches",
    "farm": "fields herds animals feedings harvests weather machines shifts treatments deliveries",
    "hotel": "guests rooms stays rates minibar housekeeping bills agencies reviews breakfasts keycards parkings",
}
SUFFIXES = ("", "_history", "_items", "_log", "_archive", "_queue", "_links", "_stats", "_notes", "_types", "_2")
COLUMNS = (
    "status", "created_at", "updated_at", "owner_id", "code", "amount", "kind", "region_id", "note", "starts_at",
    "ends_at", "priority", "parent_id", "external_ref", "version", "total", "currency", "is_active", "label", "city",
)  # fmt: skip
FIELDS = (
    "id", "name", "email", "title", "payload", "qty", "price", "score", "lang", "zip", "phone", "url", "rank", "weight",
    "height", "started_by", "approved_by", "channel", "source", "checksum",
)  # fmt: skip


def tables(domain: str, count: int) -> list[str]:
    """Return the names of *count* tables of a trade."""
    nouns = NOUNS[domain].split()
    names = [noun + suffix for suffix in SUFFIXES for noun in nouns]
    while len(names) < count:
        names += [f"{noun}_{len(names) // len(nouns)}" for noun in nouns]
    return names[:count]


class Writer:
    """Writes a statement of a kind on some tables; never the same text twice."""

    def __init__(self, style: str, rng: Generator) -> None:
        self._style = style
        self._rng = rng
        self._written: set[str] = set()

    def write(self, kind: str, on: Sequence[str]) -> str:
        """Return a text that has not been written before."""
        for attempt in range(10_000):
            text = self._draft(kind, on, attempt)
            if text not in self._written:
                self._written.add(text)
                return text
        raise AssertionError(kind)

    def _draft(self, kind: str, on: Sequence[str], attempt: int) -> str:
        orm = self._style == "orm" or (self._style == "mixed" and self._rng.random() < 0.5)
        some = 1 + int(self._rng.integers(1, 6)) + attempt // 50
        chosen = list(self._rng.permutation(FIELDS)[: min(some, len(FIELDS))])
        by, other = self._rng.permutation(COLUMNS)[:2]
        return getattr(self, f"_{kind}")(on, chosen, str(by), str(other), orm)  # type: ignore[no-any-return]

    @staticmethod
    def _columns(table: str, chosen: list[str], *, orm: bool) -> str:
        return ", ".join(f'"{table}"."{c}"' for c in chosen) if orm else ", ".join(chosen)

    def _point(self, on: Sequence[str], chosen: list[str], by: str, _: str, orm: bool) -> str:
        t = on[0]
        what = self._columns(t, chosen, orm=orm)
        if orm:
            return f'SELECT {what} FROM "{t}" WHERE "{t}"."{by}" = $1 LIMIT $2'
        return f"select {what} from {t} where {by} = $1"

    def _list(self, on: Sequence[str], chosen: list[str], by: str, other: str, orm: bool) -> str:
        t = on[0]
        what = self._columns(t, chosen, orm=orm)
        if orm:
            return f'SELECT {what} FROM "{t}" WHERE "{t}"."{by}" IN ($1) ORDER BY "{t}"."{other}" DESC LIMIT $2'
        return f"select {what} from {t} where {by} = any($1) and {other} > $2 order by {other} limit $3"

    def _join(self, on: Sequence[str], chosen: list[str], by: str, other: str, orm: bool) -> str:
        a, b = on[0], on[-1]
        what = self._columns(a, chosen, orm=orm) if orm else ", ".join(f"a.{c}" for c in chosen)
        if orm:
            return (
                f'SELECT {what} FROM "{a}" LEFT OUTER JOIN "{b}" ON ("{a}"."id" = "{b}"."{a}_id") '
                f'WHERE ("{b}"."{by}" = $1 AND "{a}"."{other}" >= $2) ORDER BY "{a}"."id" ASC LIMIT $3'
            )
        return f"SELECT {what} FROM {a} a JOIN {b} b ON b.{a}_id = a.id WHERE b.{by} = $1 AND a.{other} IS NOT NULL"

    def _aggregate(self, on: Sequence[str], chosen: list[str], by: str, other: str, _: bool) -> str:
        sums = ", ".join(f"sum({c})" for c in chosen)
        return f"SELECT {by}, {sums}, count(*) FROM {on[0]} WHERE {other} BETWEEN $1 AND $2 GROUP BY {by}"

    def _report(self, on: Sequence[str], chosen: list[str], by: str, other: str, _: bool) -> str:
        a, b = on[0], on[-1]
        what = ", ".join(f"avg(r.{c}) AS {c}" for c in chosen)
        return (
            f"WITH recent AS (SELECT * FROM {a} WHERE {other} > now() - $1::interval) "
            f"SELECT b.{by}, {what}, count(DISTINCT b.id) FROM recent r JOIN {b} b ON b.id = r.{by} "
            f"GROUP BY b.{by} HAVING count(*) > $2 ORDER BY 2 DESC"
        )

    def _insert(self, on: Sequence[str], chosen: list[str], by: str, _: str, orm: bool) -> str:
        t = on[0]
        values = ", ".join(f"${i + 1}" for i in range(len(chosen) + 1))
        names = [*chosen, by]
        if orm:
            quoted = ", ".join(f'"{n}"' for n in names)
            return f'INSERT INTO "{t}" ({quoted}) VALUES ({values}) RETURNING "{t}"."id"'
        return f"insert into {t} ({', '.join(names)}) values ({values})"

    def _update(self, on: Sequence[str], chosen: list[str], by: str, other: str, orm: bool) -> str:
        t = on[0]
        if orm:
            what = ", ".join(f'"{c}" = ${i + 1}' for i, c in enumerate([*chosen, other]))
            return f'UPDATE "{t}" SET {what} WHERE "{t}"."{by}" = ${len(chosen) + 2}'
        what = ", ".join(f"{c} = ${i + 1}" for i, c in enumerate([*chosen, other]))
        return f"update {t} set {what} where {by} = ${len(chosen) + 2}"

    def _delete(self, on: Sequence[str], chosen: list[str], by: str, other: str, _: bool) -> str:
        rest = " AND ".join(f"{c} = ${i + 2}" for i, c in enumerate(chosen[:2]))
        return f"DELETE FROM {on[0]} WHERE {by} = $1 AND {rest} AND {other} < now()"

    def _function(self, on: Sequence[str], chosen: list[str], by: str, other: str, _: bool) -> str:
        return f"SELECT * FROM {on[0]}_{by}_{chosen[0]}_{other}($1, $2)"

    def _job(self, on: Sequence[str], chosen: list[str], by: str, other: str, _: bool) -> str:
        a, b = on[0], on[-1]
        what = ", ".join(chosen)
        return (
            f"INSERT INTO {a}_{by} ({what}) SELECT {what} FROM {b} WHERE {other} >= $1 AND {other} < $2 "
            f"ON CONFLICT DO NOTHING"
        )

    def _adhoc(self, on: Sequence[str], chosen: list[str], by: str, other: str, _: bool) -> str:
        number = int(self._rng.integers(1_000_000))
        return f"SELECT {', '.join(chosen)} FROM {on[0]} tmp_{number} WHERE tmp_{number}.{by} = $1 AND {other} = $2"
