CREATE TABLE branches (id int PRIMARY KEY, name text NOT NULL, town text NOT NULL, opens int NOT NULL DEFAULT 8);
INSERT INTO branches SELECT i, 'branch ' || i, 'town ' || i % 17 FROM generate_series(1, 40) i;

CREATE TABLE mechanics (id int PRIMARY KEY, branch_id int NOT NULL, name text NOT NULL, grade int NOT NULL, busy_until timestamptz);
INSERT INTO mechanics SELECT i, i % 40 + 1, 'mechanic ' || md5(i::text), i % 4, now() FROM generate_series(1, 400) i;

CREATE TABLE models (id int PRIMARY KEY, maker text NOT NULL, model text NOT NULL, year int NOT NULL);
INSERT INTO models SELECT i, 'maker ' || i % 45, 'model ' || i, 1990 + i % 35 FROM generate_series(1, 1500) i;

CREATE TABLE owners (id serial PRIMARY KEY, name text NOT NULL, email text NOT NULL, phone text, town text, loyalty int NOT NULL DEFAULT 0, seen_at timestamptz);
INSERT INTO owners (name, email, phone, town, loyalty)
SELECT 'owner ' || md5(i::text), md5(i::text) || '@mail.example', '+' || i * 7919, 'town ' || i % 300, i % 90 FROM generate_series(1, 50000) i;
CREATE UNIQUE INDEX owners_email ON owners (email);

CREATE TABLE vehicles (id serial PRIMARY KEY, owner_id int NOT NULL, model_id int NOT NULL, plate text NOT NULL, km int NOT NULL, inspected_on date, remarks text);
INSERT INTO vehicles (owner_id, model_id, plate, km, inspected_on, remarks)
SELECT (random() ^ 1.3 * 49999)::int + 1, i % 1500 + 1, upper(substr(md5(i::text), 1, 8)), i * 37 % 240000, date '2024-01-01' + i % 900, repeat('x', i % 60) FROM generate_series(1, 80000) i;
CREATE INDEX vehicles_owner ON vehicles (owner_id);
CREATE UNIQUE INDEX vehicles_plate ON vehicles (plate, id);
CREATE INDEX vehicles_inspected ON vehicles (inspected_on);

CREATE TABLE bookings (id serial PRIMARY KEY, vehicle_id int NOT NULL, branch_id int NOT NULL, day date NOT NULL, slot int NOT NULL, status text NOT NULL, wish text, changed_at timestamptz NOT NULL DEFAULT now());
INSERT INTO bookings (vehicle_id, branch_id, day, slot, status, wish)
SELECT (random() ^ 1.5 * 79999)::int + 1, i % 40 + 1, date '2025-01-01' + i / 250, i % 18, (ARRAY['done','done','done','done','done','cancelled','open'])[i % 7 + 1], md5(i::text) FROM generate_series(1, 120000) i;
CREATE INDEX bookings_vehicle ON bookings (vehicle_id);
CREATE INDEX bookings_branch_day ON bookings (branch_id, day);
CREATE INDEX bookings_status ON bookings (status, changed_at);

CREATE TABLE work_orders (id serial PRIMARY KEY, booking_id int NOT NULL, mechanic_id int NOT NULL, state text NOT NULL, minutes int NOT NULL DEFAULT 0, opened_at timestamptz NOT NULL DEFAULT now(), closed_at timestamptz);
INSERT INTO work_orders (booking_id, mechanic_id, state, minutes, opened_at)
SELECT i * 5 / 6 + 1, i % 400 + 1, CASE WHEN i > 138000 THEN 'open' ELSE 'closed' END, i * 13 % 300, now() - (140000 - i) * interval '3 min' FROM generate_series(1, 140000) i;
CREATE INDEX work_orders_booking ON work_orders (booking_id);
CREATE INDEX work_orders_mechanic ON work_orders (mechanic_id, opened_at);
CREATE INDEX work_orders_open ON work_orders (state) WHERE state <> 'closed';

CREATE TABLE order_lines (id serial PRIMARY KEY, order_id int NOT NULL, part_id int NOT NULL, quantity int NOT NULL, price numeric(10,2) NOT NULL);
INSERT INTO order_lines (order_id, part_id, quantity, price)
SELECT i / 2 + 1, (random() ^ 2 * 17999)::int + 1, i % 4 + 1, (i % 900) + 0.5 FROM generate_series(1, 280000) i;
CREATE INDEX order_lines_order ON order_lines (order_id);
CREATE INDEX order_lines_part ON order_lines (part_id);

CREATE TABLE parts (id int PRIMARY KEY, number text NOT NULL, title text NOT NULL, supplier_id int NOT NULL, price numeric(10,2) NOT NULL, weight int);
INSERT INTO parts SELECT i, 'P-' || md5(i::text), 'part ' || (ARRAY['brake','filter','belt','lamp','hose','pump','seal','valve'])[i % 8 + 1] || ' ' || md5((i * 3)::text), i % 300 + 1, i % 700 + 0.9, i % 90 FROM generate_series(1, 18000) i;
CREATE INDEX parts_number ON parts (number);
CREATE INDEX parts_supplier ON parts (supplier_id);

CREATE TABLE stock (branch_id int, part_id int, amount int NOT NULL, reserved int NOT NULL DEFAULT 0, counted_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (branch_id, part_id));
INSERT INTO stock SELECT b, p, 100 + (b * p) % 60 FROM generate_series(1, 40) b, generate_series(1, 2200) p;
CREATE INDEX stock_part ON stock (part_id);

CREATE TABLE suppliers (id int PRIMARY KEY, name text NOT NULL, rating int NOT NULL);
INSERT INTO suppliers SELECT i, 'supplier ' || i, i % 10 FROM generate_series(1, 300) i;

CREATE TABLE purchases (id serial PRIMARY KEY, supplier_id int NOT NULL, part_id int NOT NULL, amount int NOT NULL, state text NOT NULL, ordered_at timestamptz NOT NULL DEFAULT now());
INSERT INTO purchases (supplier_id, part_id, amount, state, ordered_at)
SELECT i % 300 + 1, i * 7 % 18000 + 1, i % 40 + 1, CASE WHEN i % 30 = 0 THEN 'sent' ELSE 'arrived' END, now() - i * interval '9 min' FROM generate_series(1, 60000) i;
CREATE INDEX purchases_supplier ON purchases (supplier_id, ordered_at);

CREATE TABLE invoices (id serial PRIMARY KEY, order_id int NOT NULL, owner_id int NOT NULL, total numeric(10,2) NOT NULL, state text NOT NULL, issued_at timestamptz NOT NULL DEFAULT now());
INSERT INTO invoices (order_id, owner_id, total, state, issued_at)
SELECT i, (random() ^ 1.3 * 49999)::int + 1, i % 1900 + 10, (ARRAY['paid','paid','paid','paid','paid','paid','paid','due'])[i % 8 + 1], now() - (130000 - i) * interval '3 min' FROM generate_series(1, 130000) i;
CREATE INDEX invoices_owner ON invoices (owner_id);
CREATE INDEX invoices_issued ON invoices (issued_at);
CREATE INDEX invoices_order ON invoices (order_id);

CREATE TABLE payments (id serial PRIMARY KEY, invoice_id int NOT NULL, amount numeric(10,2) NOT NULL, method text NOT NULL, paid_at timestamptz NOT NULL DEFAULT now());
INSERT INTO payments (invoice_id, amount, method, paid_at)
SELECT i, i % 1900 + 10, (ARRAY['card','cash','transfer'])[i % 3 + 1], now() - (110000 - i) * interval '4 min' FROM generate_series(1, 110000) i;
CREATE INDEX payments_invoice ON payments (invoice_id);
CREATE INDEX payments_paid ON payments (paid_at);

CREATE TABLE reminders (id serial PRIMARY KEY, owner_id int NOT NULL, vehicle_id int NOT NULL, kind text NOT NULL, due_on date NOT NULL, sent boolean NOT NULL DEFAULT false, body text);
INSERT INTO reminders (owner_id, vehicle_id, kind, due_on, sent, body)
SELECT i % 50000 + 1, i % 80000 + 1, (ARRAY['tyres','inspection','service'])[i % 3 + 1], date '2026-01-01' + i % 400, i % 3 > 0, repeat(md5(i::text), 2) FROM generate_series(1, 60000) i;
CREATE INDEX reminders_due ON reminders (due_on) WHERE NOT sent;
CREATE INDEX reminders_owner ON reminders (owner_id);

CREATE TABLE sessions (token text PRIMARY KEY, owner_id int NOT NULL, seen_at timestamptz NOT NULL DEFAULT now(), data text);
INSERT INTO sessions SELECT 's' || i, i * 3 % 50000 + 1, now() - i * interval '1 s', md5(i::text) FROM generate_series(1, 8000) i;
CREATE INDEX sessions_seen ON sessions (seen_at);

CREATE TABLE trail (id bigserial PRIMARY KEY, who text NOT NULL, what text NOT NULL, about int, at timestamptz NOT NULL DEFAULT now());
INSERT INTO trail (who, what, about, at) SELECT 'm' || i % 400, md5(i::text), i, now() - (60000 - i) * interval '20 ms' FROM generate_series(1, 60000) i;
CREATE INDEX trail_at ON trail (at);

CREATE TABLE notes (id serial PRIMARY KEY, vehicle_id int NOT NULL, body text NOT NULL, written_at timestamptz NOT NULL DEFAULT now());
INSERT INTO notes (vehicle_id, body) SELECT i * 7 % 80000 + 1, repeat(md5(i::text), 1 + i % 8) FROM generate_series(1, 50000) i;
CREATE INDEX notes_vehicle ON notes (vehicle_id);

CREATE TABLE daily (branch_id int, day date, orders int, minutes int, PRIMARY KEY (branch_id, day));

CREATE FUNCTION settle(p_invoice int) RETURNS numeric LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE v_total numeric;
BEGIN
  UPDATE invoices SET state = 'paid' WHERE id = p_invoice RETURNING total INTO v_total;
  INSERT INTO payments (invoice_id, amount, method) VALUES (p_invoice, coalesce(v_total, 1), 'card');
  INSERT INTO trail (who, what, about) VALUES ('settle', 'invoice settled', p_invoice);
  RETURN v_total;
END $$;

CREATE FUNCTION workload_of(p_branch int) RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
  RETURN (SELECT count(*) FROM work_orders w JOIN mechanics m ON m.id = w.mechanic_id
           WHERE w.state = 'open' AND m.branch_id = p_branch);
END $$;
