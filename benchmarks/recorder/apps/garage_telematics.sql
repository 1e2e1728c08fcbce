CREATE TABLE devices (id int PRIMARY KEY, vehicle_id int NOT NULL, firmware text NOT NULL, seen_at timestamptz NOT NULL DEFAULT now(), battery int NOT NULL DEFAULT 100) WITH (fillfactor = 80);
INSERT INTO devices SELECT i, i * 9, 'v' || i % 7, now(), 100 FROM generate_series(1, 8000) i;

CREATE TABLE readings (id bigserial PRIMARY KEY, device_id int NOT NULL, at timestamptz NOT NULL DEFAULT now(), km int, fuel real, payload text);
INSERT INTO readings (device_id, at, km, fuel, payload)
SELECT i % 8000 + 1, now() - (160000 - i) * interval '20 ms', i, i % 70, md5(i::text) FROM generate_series(1, 160000) i;
CREATE INDEX readings_device ON readings (device_id, at);
CREATE INDEX readings_at ON readings (at);

CREATE TABLE trouble_codes (id serial PRIMARY KEY, device_id int NOT NULL, code text NOT NULL, raised_at timestamptz NOT NULL DEFAULT now(), cleared boolean NOT NULL DEFAULT false);
INSERT INTO trouble_codes (device_id, code, raised_at, cleared)
SELECT (random() ^ 2 * 7999)::int + 1, 'C' || i % 300, now() - i * interval '1 min', i % 9 > 0 FROM generate_series(1, 50000) i;
CREATE INDEX trouble_codes_device ON trouble_codes (device_id);

CREATE TABLE trips (id serial PRIMARY KEY, device_id int NOT NULL, started_at timestamptz NOT NULL, km real NOT NULL, score int);
INSERT INTO trips (device_id, started_at, km, score)
SELECT i * 3 % 8000 + 1, now() - i * interval '1 min', i % 90, i % 100 FROM generate_series(1, 60000) i;
CREATE INDEX trips_device ON trips (device_id, started_at);
