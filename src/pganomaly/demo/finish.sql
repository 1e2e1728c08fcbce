-- What makes the loaded tables a shop: keys, indexes, rights.
ALTER TABLE reviews ADD PRIMARY KEY (review_id);
ALTER TABLE orders ADD PRIMARY KEY (order_id);
ALTER TABLE payments ADD PRIMARY KEY (payment_id);
CREATE INDEX product_category_id ON products (category_id, popularity DESC);
CREATE UNIQUE INDEX customer_email ON customers (email);
CREATE INDEX session_seen_at ON sessions (seen_at);
CREATE INDEX review_product_id ON reviews (product_id, written_at DESC);
CREATE INDEX order_customer_id ON orders (customer_id);
CREATE INDEX order_to_ship ON orders (order_id) WHERE status = 'paid';
CREATE INDEX order_item_order_id ON order_items (order_id);
CREATE INDEX payment_order_id ON payments (order_id);
CREATE INDEX job_ready ON jobs (job_id) WHERE state = 'ready';

ALTER TABLE products ADD FOREIGN KEY (category_id) REFERENCES categories;
ALTER TABLE cart_items ADD FOREIGN KEY (product_id) REFERENCES products;
ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers;
ALTER TABLE order_items ADD FOREIGN KEY (order_id) REFERENCES orders;
ALTER TABLE payments ADD FOREIGN KEY (order_id) REFERENCES orders;
ALTER TABLE shipments ADD FOREIGN KEY (order_id) REFERENCES orders;

-- Roles belong to the server: a second shop finds them there.
DO $$
DECLARE
    program text;
BEGIN
    FOREACH program IN ARRAY ARRAY['web', 'api', 'worker', 'report'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = program) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', program);
        END IF;
    END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO web, api, worker;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO report;
