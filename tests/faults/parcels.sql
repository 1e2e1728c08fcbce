-- A small parcel service: sizes such that a scan of parcels is felt and loading is not. The same every time.
CREATE TABLE depots (id int PRIMARY KEY, name text NOT NULL, handled bigint NOT NULL DEFAULT 0) WITH (fillfactor = 10);
CREATE TABLE couriers (id int PRIMARY KEY, name text NOT NULL, depot_id int NOT NULL, place point, seen_at timestamptz);
CREATE TABLE clients (id int PRIMARY KEY, name text NOT NULL, plan text NOT NULL);
CREATE TABLE tariffs (zone int, kilos int, cents int NOT NULL, PRIMARY KEY (zone, kilos));
CREATE TABLE parcels (
  id bigserial PRIMARY KEY, client_id int NOT NULL, courier_id int NOT NULL, depot_id int NOT NULL, tracking text NOT NULL,
  status text NOT NULL, grams int NOT NULL, address text NOT NULL, note text, created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE TABLE scans (parcel_id bigint NOT NULL, depot_id int NOT NULL, code text NOT NULL, scanned_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE invoices (id serial PRIMARY KEY, client_id int NOT NULL, cents int NOT NULL, paid boolean NOT NULL, text text NOT NULL);
CREATE TABLE jobs (id bigserial PRIMARY KEY, kind text NOT NULL, parcel_id bigint, done boolean NOT NULL DEFAULT false);
CREATE TABLE visits (token text PRIMARY KEY, client_id int NOT NULL, seen_at timestamptz NOT NULL) WITH (fillfactor = 50);
CREATE TABLE templates (id int PRIMARY KEY, body text NOT NULL);
CREATE TABLE handovers (parcel_id bigint, courier_id int, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE stops (parcel_id bigint PRIMARY KEY, tour int NOT NULL) WITH (autovacuum_enabled = off);
CREATE TABLE archive (id int PRIMARY KEY, body text NOT NULL);

INSERT INTO depots SELECT i, 'depot ' || i FROM generate_series(1, 40) i;
INSERT INTO couriers SELECT i, 'courier ' || i, 1 + i % 40, point(i % 17, i % 23), now() FROM generate_series(1, 300) i;
INSERT INTO clients SELECT i, 'client ' || i, CASE WHEN i % 10 = 0 THEN 'large' ELSE 'small' END FROM generate_series(1, 400) i;
INSERT INTO tariffs SELECT zone, kilos, 300 + 90 * zone + 40 * kilos FROM generate_series(1, 12) zone, generate_series(1, 30) kilos;
INSERT INTO parcels (client_id, courier_id, depot_id, tracking, status, grams, address, created_at)
SELECT 1 + i * 7 % 400, 1 + i * 13 % 300, 1 + i % 40, md5(i::text),
       CASE WHEN i % 49 = 0 THEN 'out' WHEN i % 9 = 0 THEN 'depot' ELSE 'done' END, 100 + i * 37 % 9000,
       md5((i * 3)::text) || ' Street ' || i % 90, now() - i * interval '1 minute'
  FROM generate_series(1, 60000) i;
INSERT INTO scans SELECT p, 1 + p % 40, CASE n WHEN 1 THEN 'in' ELSE 'out' END, now() - p * interval '1 minute'
  FROM generate_series(1, 60000) p, generate_series(1, 2) n;
INSERT INTO invoices (client_id, cents, paid, text)
SELECT 1 + i % 400, 100 + i * 7919 % 90000, i % 8 > 0, md5(i::text) FROM generate_series(1, 2400) i;
INSERT INTO jobs (kind, parcel_id) SELECT 'label', i FROM generate_series(1, 400) i;
INSERT INTO visits SELECT md5(i::text), 1 + i % 400, now() FROM generate_series(1, 2000) i;
INSERT INTO templates SELECT i, 'left with the neighbour, number ' || i FROM generate_series(1, 20) i;
INSERT INTO stops SELECT i, CASE WHEN i > 5800 THEN 1 + i % 20 ELSE 0 END FROM generate_series(1, 6000) i;
ALTER TABLE archive ALTER COLUMN body SET STORAGE PLAIN;
INSERT INTO archive SELECT i, repeat(md5(i::text), 200) FROM generate_series(1, 5500) i;

CREATE UNIQUE INDEX parcels_tracking ON parcels (tracking);
CREATE INDEX parcels_of_client ON parcels (client_id, created_at);
CREATE INDEX parcels_out ON parcels (courier_id) WHERE status = 'out';
CREATE INDEX scans_of_parcel ON scans (parcel_id);
CREATE INDEX stops_of_tour ON stops (tour);
CREATE INDEX invoices_of_client ON invoices (client_id);
CREATE UNIQUE INDEX handovers_once ON handovers (parcel_id);
