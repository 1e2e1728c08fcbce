"""
What people and programs do in the shop: each flow is one visit, a few statements that belong together.

in    a Visit: a way to run the shop's statements, and its own chance
not   no pace: how often which flow runs is the matter of a Crowd, and no flow knows who else is there
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import md5
from random import Random
from typing import Any

CUSTOMERS, PRODUCTS, CATEGORIES, ORDERS = 5_000, 2_000, 40, 60_000
"""How many of each data.sql makes."""
LISTED = 8
"""Products on a list."""

_WORDS = ("red mug", "blue lamp", "chair", "green", "kettle 1", "striped", "shelf 10", "clock")


@dataclass(frozen=True, slots=True)
class Visit:
    """
    One visit to the shop.

    run          runs a statement by its name in statements.sql and returns its rows
    transaction  what runs within it is done as a whole
    """

    run: Callable[..., list[tuple[Any, ...]]]
    transaction: Callable[[], AbstractContextManager[object]]
    rng: Random

    def customer(self) -> int:
        """Return some customer."""
        return self.rng.randint(1, CUSTOMERS)

    def product(self) -> int:
        """Return some product; a few are wanted much more than the rest."""
        return 1 + int(PRODUCTS * self.rng.random() ** 2)

    def order(self) -> int:
        """Return some order of the last weeks."""
        return self.rng.randint(ORDERS // 2, ORDERS)

    def token(self) -> str:
        """Return the session of some visitor: data.sql makes them in the same way."""
        return _md5(self.customer())


def _md5(number: int) -> str:
    return md5(str(number).encode(), usedforsecurity=False).hexdigest()


def open_front_page(visit: Visit) -> None:
    """Look at the menu and at one category."""
    visit.run("session_by_token", token=visit.token())
    visit.run("category_menu")
    visit.run("products_of_category", category_id=visit.rng.randint(1, CATEGORIES))


def look_at_product(visit: Visit) -> None:
    """Read a product's page, with everything that is on it."""
    product = visit.product()
    visit.run("session_by_token", token=visit.token())
    for part in ("product_by_id", "stock_of_product", "rating_of_product", "reviews_of_product", "related_products"):
        visit.run(part, product_id=product)


def look_at_ratings(visit: Visit) -> None:
    """Look at a list that asks for the stars of each of its products, one by one."""
    for _ in range(LISTED):
        visit.run("rating_of_product", product_id=visit.product())


def search(visit: Visit) -> None:
    """Use the search box."""
    visit.run("search_products", words=visit.rng.choice(_WORDS))


def fill_cart(visit: Visit) -> None:
    """Put something into the cart and look at it."""
    customer = visit.customer()
    visit.run("touch_session", token=_md5(customer))
    visit.run("add_to_cart", customer_id=customer, product_id=visit.product())
    visit.run("cart_of_customer", customer_id=customer)
    visit.run("cart_total", customer_id=customer)


def change_mind(visit: Visit) -> None:
    """Take something out of the cart."""
    customer = visit.customer()
    items = visit.run("cart_of_customer", customer_id=customer)
    if items:
        visit.run("drop_from_cart", customer_id=customer, product_id=items[0][0])
    visit.run("cart_total", customer_id=customer)


def log_in(visit: Visit) -> None:
    """Come back after a while."""
    customer = visit.customer()
    visit.run("customer_by_email", email=f"customer{customer}@example.org")
    visit.run("start_session", token=_md5(customer), customer_id=customer)


def look_at_orders(visit: Visit) -> None:
    """Open the account page, and one of the orders on it."""
    orders = visit.run("orders_of_customer", customer_id=visit.customer())
    if orders:
        visit.run("items_of_order", order_id=orders[0][0])
        visit.run("payment_of_order", order_id=orders[0][0])


def check_out(visit: Visit) -> None:
    """Buy what is in the cart: one transaction."""
    customer = visit.customer()
    visit.run("coupon_by_code", code=f"SAVE{visit.rng.randint(1, 100)}")
    with visit.transaction():
        wanted = visit.run("cart_of_customer", customer_id=customer) or [(visit.product(), 1, "", 1_000)]
        total = sum(price for _, _, _, price in wanted)
        ((order,),) = visit.run("place_order", customer_id=customer, total_cents=total)
        for product, _, _, price in wanted:
            visit.run("reserve_stock", product_id=product)
            visit.run("place_order_item", order_id=order, product_id=product, price_cents=price)
        visit.run("pay_order", order_id=order, total_cents=total)
        visit.run("enqueue_mail", order_id=order)
        visit.run("empty_cart", customer_id=customer)


def copy_catalogue(visit: Visit) -> None:
    """Read a page of all products, as a partner's program does."""
    _show_key(visit)
    visit.run("page_of_products", after=visit.rng.randint(0, PRODUCTS - 50))


def compare_prices(visit: Visit) -> None:
    """Ask for the prices of ten products at once."""
    _show_key(visit)
    visit.run("prices_of_products", product_ids=[visit.product() for _ in range(10)])


def track_order(visit: Visit) -> None:
    """Ask where a parcel is."""
    _show_key(visit)
    visit.run("status_of_order", order_id=visit.order())


def open_app(visit: Visit) -> None:
    """Start the app: the profile and the wishes."""
    customer = visit.customer()
    _show_key(visit)
    visit.run("profile_of_customer", customer_id=customer)
    visit.run("wishes_of_customer", customer_id=customer)


def wish(visit: Visit) -> None:
    """Remember a product."""
    visit.run("wish", customer_id=visit.customer(), product_id=visit.product())


def move(visit: Visit) -> None:
    """Change an address."""
    visit.run("move_customer", customer_id=visit.customer(), address=f"{visit.rng.randint(1, 999)} Short Street")


def write_review(visit: Visit) -> None:
    """Say what one thinks of a product."""
    product, customer, stars = visit.product(), visit.customer(), visit.rng.randint(1, 5)
    visit.run("write_review", product_id=product, customer_id=customer, stars=stars, body="as expected " * 5)


def send_mail(visit: Visit) -> None:
    """Do the oldest job."""
    with visit.transaction():
        for (job,) in visit.run("claim_job"):
            visit.run("finish_job", job_id=job)


def ship(visit: Visit) -> None:
    """Send the oldest order that was paid."""
    with visit.transaction():
        for order, _ in visit.run("orders_to_ship"):
            visit.run("ship_order", order_id=order)
            visit.run("record_shipment", order_id=order)


def refill(visit: Visit) -> None:
    """Order what runs out."""
    for (product,) in visit.run("low_stock"):
        visit.run("restock", product_id=product)


def tidy(visit: Visit) -> None:
    """Forget old visitors, and show first what sells."""
    visit.run("forget_sessions")
    visit.run("raise_popularity", product_id=visit.product())


def report(visit: Visit) -> None:
    """Make one of the reports."""
    visit.run(
        visit.rng.choice(
            ("revenue_by_day", "revenue_by_category", "best_customers", "stock_value", "products_without_review")
        )
    )


def _show_key(visit: Visit) -> None:
    visit.run("partner_by_key", api_key=f"key-{visit.rng.randint(1, 20)}")


FLOWS: dict[str, Callable[[Visit], None]] = {
    flow.__name__: flow
    for flow in (
        open_front_page, look_at_product, look_at_ratings, search, fill_cart, change_mind, log_in, look_at_orders,
        check_out, copy_catalogue, compare_prices, track_order, open_app, wish, move, write_review,
        send_mail, ship, refill, tidy, report,
    )
}  # fmt: skip
"""Every flow by its name."""
