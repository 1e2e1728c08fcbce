-- The same shop for the same seed (setseed was called on this connection): sizes such that a scan of orders is felt, and
-- loading is not.
INSERT INTO categories
SELECT i, 'category ' || i FROM generate_series(1, 40) AS i;

INSERT INTO products
SELECT i, 1 + floor(random() * 40), (ARRAY['red', 'blue', 'green', 'plain', 'striped'])[1 + floor(random() * 5)::int]
       || ' ' || (ARRAY['mug', 'lamp', 'chair', 'rug', 'kettle', 'clock', 'shelf'])[1 + floor(random() * 7)::int] || ' ' || i,
       repeat('a fine thing to own ', 6), 500 + floor(random() * 20000), floor(1000 * random() ^ 3)
  FROM generate_series(1, 2000) AS i;

INSERT INTO stock
SELECT i, 5000 + floor(random() * 5000), 0 FROM generate_series(1, 2000) AS i;

INSERT INTO customers
SELECT i, 'customer' || i || '@example.org', 'customer ' || i, i || ' Long Street', now() - random() * interval '900 days'
  FROM generate_series(1, 5000) AS i;

INSERT INTO sessions
SELECT md5(i::text), i, now() - random() * interval '30 minutes' FROM generate_series(1, 5000) AS i;

INSERT INTO cart_items
SELECT DISTINCT ON (1, 2) 1 + floor(random() * 5000)::int, 1 + floor(2000 * random() ^ 2)::int, 1 + floor(random() * 3)::int
  FROM generate_series(1, 10000) AS i;

INSERT INTO wishes (customer_id, product_id)
SELECT DISTINCT 1 + floor(random() * 5000)::int, 1 + floor(2000 * random() ^ 2)::int FROM generate_series(1, 10000) AS i;

INSERT INTO reviews (product_id, customer_id, stars, body, written_at)
SELECT 1 + floor(2000 * random()), 1 + floor(random() * 5000), 1 + floor(5 * random() ^ 0.5),
       repeat('liked it, would buy it again ', 4), now() - random() * interval '400 days'
  FROM generate_series(1, 20000) AS i;

INSERT INTO coupons
SELECT 'SAVE' || i, 5 + i % 20, now() + interval '90 days' FROM generate_series(1, 100) AS i;

INSERT INTO orders (order_id, customer_id, placed_at, status, total_cents)
SELECT i, 1 + floor(random() * 5000), now() - (60001 - i) * interval '2 minutes',
       CASE WHEN i > 59500 THEN 'paid' ELSE 'shipped' END, 1000 + floor(random() * 40000)
  FROM generate_series(1, 60000) AS i;

INSERT INTO order_items
SELECT o, 1 + floor(2000 * random() ^ 2), 1 + floor(random() * 3), 500 + floor(random() * 20000)
  FROM generate_series(1, 60000) AS o, generate_series(1, 2);

INSERT INTO payments (order_id, amount_cents, paid_at)
SELECT order_id, total_cents, placed_at FROM orders;

INSERT INTO jobs (kind, order_id)
SELECT 'mail', 59800 + i FROM generate_series(1, 200) AS i;

INSERT INTO api_keys
SELECT 'key-' || i, 'partner ' || i FROM generate_series(1, 20) AS i;

SELECT setval(pg_get_serial_sequence('orders', 'order_id'), 60000);
