-- Everything that the shop's programs say to their database.

-- name: session_by_token
-- Who is this? Asked before every page.
SELECT s.customer_id, c.name
  FROM sessions s JOIN customers c USING (customer_id)
 WHERE s.token = %(token)s::text;

-- name: touch_session
-- Keep a visitor logged in.
UPDATE sessions SET seen_at = now() WHERE token = %(token)s::text;

-- name: start_session
-- Log in, again or for the first time.
INSERT INTO sessions (token, customer_id, seen_at) VALUES (%(token)s::text, %(customer_id)s::int, now())
    ON CONFLICT (token) DO UPDATE SET seen_at = excluded.seen_at;

-- name: customer_by_email
-- The account behind a login.
SELECT customer_id, name FROM customers WHERE email = %(email)s::text;

-- name: category_menu
-- The menu on the front page.
SELECT c.category_id, c.name, count(*) AS products
  FROM categories c JOIN products p USING (category_id)
 GROUP BY c.category_id, c.name
 ORDER BY c.name;

-- name: products_of_category
-- A page of one category, best sellers first.
SELECT product_id, name, price_cents
  FROM products
 WHERE category_id = %(category_id)s::int
 ORDER BY popularity DESC
 LIMIT 24;

-- name: search_products
-- The search box.
SELECT product_id, name, price_cents
  FROM products
 WHERE name ILIKE '%%' || %(words)s::text || '%%'
 ORDER BY popularity DESC
 LIMIT 20;

-- name: product_by_id
-- A product's page.
SELECT p.product_id, p.name, p.description, p.price_cents, c.name AS category
  FROM products p JOIN categories c USING (category_id)
 WHERE p.product_id = %(product_id)s::int;

-- name: stock_of_product
-- Can it be had?
SELECT on_hand - reserved AS available FROM stock WHERE product_id = %(product_id)s::int;

-- name: reviews_of_product
-- The latest opinions.
SELECT r.stars, r.body, r.written_at, c.name
  FROM reviews r JOIN customers c USING (customer_id)
 WHERE r.product_id = %(product_id)s::int
 ORDER BY r.written_at DESC
 LIMIT 5;

-- name: rating_of_product
-- The stars.
SELECT count(*) AS reviews, avg(stars) AS stars FROM reviews WHERE product_id = %(product_id)s::int;

-- name: related_products
-- Others looked at these as well.
SELECT other.product_id, other.name, other.price_cents
  FROM products this JOIN products other ON other.category_id = this.category_id AND other.product_id <> this.product_id
 WHERE this.product_id = %(product_id)s::int
 ORDER BY abs(other.price_cents - this.price_cents)
 LIMIT 6;

-- name: add_to_cart
-- One more of it.
INSERT INTO cart_items (customer_id, product_id, quantity) VALUES (%(customer_id)s::int, %(product_id)s::int, 1)
    ON CONFLICT (customer_id, product_id) DO UPDATE SET quantity = cart_items.quantity + 1;

-- name: drop_from_cart
-- Changed my mind.
DELETE FROM cart_items WHERE customer_id = %(customer_id)s::int AND product_id = %(product_id)s::int;

-- name: cart_of_customer
-- What is in the cart.
SELECT i.product_id, i.quantity, p.name, p.price_cents
  FROM cart_items i JOIN products p USING (product_id)
 WHERE i.customer_id = %(customer_id)s::int
 ORDER BY i.product_id;

-- name: cart_total
-- The number beside the cart.
SELECT coalesce(sum(i.quantity * p.price_cents), 0) AS cents
  FROM cart_items i JOIN products p USING (product_id)
 WHERE i.customer_id = %(customer_id)s::int;

-- name: orders_of_customer
-- The account page.
SELECT order_id, placed_at, status, total_cents
  FROM orders
 WHERE customer_id = %(customer_id)s::int
 ORDER BY placed_at DESC
 LIMIT 20;

-- name: items_of_order
-- One order, opened.
SELECT i.quantity, i.price_cents, p.name
  FROM order_items i JOIN products p USING (product_id)
 WHERE i.order_id = %(order_id)s::int;

-- name: payment_of_order
-- Was it paid?
SELECT amount_cents, paid_at FROM payments WHERE order_id = %(order_id)s::int;

-- name: coupon_by_code
-- Check-out: is there something off?
SELECT percent FROM coupons WHERE code = %(code)s::text AND valid_until > now();

-- name: reserve_stock
-- Check-out: put it aside.
UPDATE stock SET reserved = reserved + 1 WHERE product_id = %(product_id)s::int;

-- name: place_order
-- Check-out: the order.
INSERT INTO orders (customer_id, status, total_cents) VALUES (%(customer_id)s::int, 'paid', %(total_cents)s::int)
RETURNING order_id;

-- name: place_order_item
-- Check-out: its lines.
INSERT INTO order_items (order_id, product_id, quantity, price_cents)
VALUES (%(order_id)s::int, %(product_id)s::int, 1, %(price_cents)s::int);

-- name: pay_order
-- Check-out: the money.
INSERT INTO payments (order_id, amount_cents) VALUES (%(order_id)s::int, %(total_cents)s::int);

-- name: enqueue_mail
-- Check-out: the confirmation, sent by a worker.
INSERT INTO jobs (kind, order_id) VALUES ('mail', %(order_id)s::int);

-- name: empty_cart
-- Check-out: done.
DELETE FROM cart_items WHERE customer_id = %(customer_id)s::int;

-- name: partner_by_key
-- Asked before every call of the API.
SELECT partner FROM api_keys WHERE api_key = %(api_key)s::text;

-- name: page_of_products
-- A partner copies the catalogue, page by page.
SELECT product_id, name, price_cents FROM products WHERE product_id > %(after)s::int ORDER BY product_id LIMIT 50;

-- name: prices_of_products
-- A partner compares prices.
SELECT p.product_id, p.price_cents, s.on_hand - s.reserved AS available
  FROM products p JOIN stock s USING (product_id)
 WHERE p.product_id = ANY (%(product_ids)s::int[]);

-- name: status_of_order
-- The app asks where the parcel is.
SELECT o.status, max(s.shipped_at) AS shipped_at
  FROM orders o LEFT JOIN shipments s USING (order_id)
 WHERE o.order_id = %(order_id)s::int
 GROUP BY o.status;

-- name: profile_of_customer
-- The app's first screen.
SELECT c.name, c.address, c.joined_at, (SELECT count(*) FROM wishes w WHERE w.customer_id = c.customer_id) AS wishes
  FROM customers c
 WHERE c.customer_id = %(customer_id)s::int;

-- name: move_customer
-- A new address.
UPDATE customers SET address = %(address)s::text WHERE customer_id = %(customer_id)s::int;

-- name: write_review
-- A new opinion.
INSERT INTO reviews (product_id, customer_id, stars, body)
VALUES (%(product_id)s::int, %(customer_id)s::int, %(stars)s::int, %(body)s::text);

-- name: wish
-- Perhaps for my birthday.
INSERT INTO wishes (customer_id, product_id) VALUES (%(customer_id)s::int, %(product_id)s::int) ON CONFLICT DO NOTHING;

-- name: wishes_of_customer
-- The list of wishes.
SELECT p.product_id, p.name, w.wished_at
  FROM wishes w JOIN products p USING (product_id)
 WHERE w.customer_id = %(customer_id)s::int
 ORDER BY w.wished_at DESC;

-- name: claim_job
-- A worker takes the oldest job that nobody else holds.
UPDATE jobs SET state = 'claimed', claimed_at = now()
 WHERE job_id = (SELECT job_id FROM jobs WHERE state = 'ready' ORDER BY job_id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING job_id;

-- name: finish_job
-- And is done with it.
DELETE FROM jobs WHERE job_id = %(job_id)s::int;

-- name: orders_to_ship
-- The next parcel.
SELECT order_id, customer_id
  FROM orders
 WHERE status = 'paid'
 ORDER BY order_id
 LIMIT 1
   FOR UPDATE SKIP LOCKED;

-- name: ship_order
-- It leaves the house.
UPDATE orders SET status = 'shipped' WHERE order_id = %(order_id)s::int;

-- name: record_shipment
-- When it left.
INSERT INTO shipments (order_id) VALUES (%(order_id)s::int);

-- name: low_stock
-- What runs out first.
SELECT product_id FROM stock ORDER BY on_hand - reserved LIMIT 5;

-- name: restock
-- A delivery.
UPDATE stock SET on_hand = on_hand + 10 WHERE product_id = %(product_id)s::int;

-- name: forget_sessions
-- Visitors who went away.
DELETE FROM sessions WHERE seen_at < now() - interval '2 hours';

-- name: raise_popularity
-- What sells is shown first.
UPDATE products SET popularity = popularity + 1 WHERE product_id = %(product_id)s::int;

-- name: revenue_by_day
-- The morning report.
SELECT date_trunc('day', placed_at) AS day, count(*) AS orders, sum(total_cents) AS cents
  FROM orders
 GROUP BY day
 ORDER BY day;

-- name: revenue_by_category
-- What the shop lives on.
SELECT c.name, sum(i.quantity * i.price_cents) AS cents
  FROM order_items i JOIN products p USING (product_id) JOIN categories c USING (category_id)
 WHERE i.order_id > (SELECT max(order_id) - 5000 FROM orders)
 GROUP BY c.name
 ORDER BY cents DESC;

-- name: best_customers
-- Whom to thank.
SELECT c.name, count(*) AS orders, sum(o.total_cents) AS cents
  FROM orders o JOIN customers c USING (customer_id)
 GROUP BY c.customer_id, c.name
HAVING count(*) > 3
 ORDER BY cents DESC
 LIMIT 50;

-- name: stock_value
-- What lies on the shelves.
SELECT c.name, sum(s.on_hand * p.price_cents::bigint) AS cents
  FROM stock s JOIN products p USING (product_id) JOIN categories c USING (category_id)
 GROUP BY c.name;

-- name: products_without_review
-- Which to ask for.
SELECT p.product_id, p.name
  FROM products p
 WHERE NOT EXISTS (SELECT FROM reviews r WHERE r.product_id = p.product_id)
 ORDER BY p.popularity DESC
 LIMIT 20;
