"""What reading a text costs: scan() and describe(), per text and against one `re.sub` pass over the same texts."""

import re
import timeit
from collections.abc import Callable

from pganomaly import lexical
from pganomaly.lexical.scanner import scan

TEXTS = (
    "SELECT id, name, email FROM customers WHERE id = $1",
    "UPDATE products SET views = views + $1, updated_at = now() WHERE id = ANY ($2)",
    'INSERT INTO "cart_items" ("cart_id", "product_id", "qty") VALUES ($1, $2, $3) '
    'ON CONFLICT ("cart_id", "product_id") DO UPDATE SET "qty" = "cart_items"."qty" + $4 RETURNING "cart_items"."id"',
    "SELECT o.id, o.status, sum(i.qty * i.price) AS total FROM orders o JOIN order_items i ON i.order_id = o.id "
    "WHERE o.customer_id = $1 AND o.created_at > now() - interval $2 AND o.status IN ($3, $4, $5) "
    "GROUP BY o.id, o.status ORDER BY total DESC LIMIT $6",
    "WITH recent AS (SELECT product_id, price, lag(price) OVER (PARTITION BY product_id ORDER BY at) AS before "
    "FROM price_history WHERE at > $1) SELECT p.name, r.price FROM recent r JOIN products p ON p.id = r.product_id",
    "BEGIN",
    "SET LOCAL statement_timeout = '5s'",
)
BASELINE = re.compile(r"'[^']*'|\d+|\s+")


def seconds_a_text(work: Callable[[str], object]) -> float:
    """Return the best of several runs over all texts."""
    rounds = 200
    return min(timeit.repeat(lambda: [work(text) for text in TEXTS], number=rounds, repeat=9)) / rounds / len(TEXTS)


def main() -> None:
    """Print one line per measure."""
    base = seconds_a_text(lambda text: BASELINE.sub(" ", text))
    for name, work in {"scan": scan, "describe": lexical.describe}.items():
        spent = seconds_a_text(work)
        print(
            f"lexical.{name}: {spent * 1e6:.1f} us a text, {spent / base:.1f} times a re.sub pass ({base * 1e6:.1f} us)"
        )


if __name__ == "__main__":
    main()
