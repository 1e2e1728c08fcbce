CREATE TABLE venues (id int PRIMARY KEY, name text NOT NULL, city text NOT NULL, capacity int NOT NULL);
INSERT INTO venues SELECT i, 'venue ' || i, 'city ' || i % 25, 500 + i * 37 % 9000 FROM generate_series(1, 120) i;

CREATE TABLE artists (id int PRIMARY KEY, name text NOT NULL, genre text NOT NULL, fans int NOT NULL, story text);
INSERT INTO artists SELECT i, 'artist ' || md5(i::text), (ARRAY['rock','folk','techno','jazz','choir','rap'])[i % 6 + 1], i * 911 % 50000, repeat(md5(i::text), 4) FROM generate_series(1, 6000) i;
CREATE INDEX artists_genre ON artists (genre, fans);

CREATE TABLE events (id int PRIMARY KEY, venue_id int NOT NULL, title text NOT NULL, starts_at timestamptz NOT NULL, state text NOT NULL, sold int NOT NULL DEFAULT 0, facts jsonb NOT NULL);
INSERT INTO events SELECT i, i % 120 + 1, 'event ' || md5(i::text), timestamptz '2026-05-01' + i * interval '1 hour', (ARRAY['on sale','on sale','sold out','past'])[i % 4 + 1], 0, jsonb_build_object('age', i % 18, 'seats', i % 2 = 0) FROM generate_series(1, 5000) i;
CREATE INDEX events_starts ON events (starts_at);
CREATE INDEX events_venue ON events (venue_id);

CREATE TABLE stages (id int PRIMARY KEY, event_id int NOT NULL, name text NOT NULL);
INSERT INTO stages SELECT i, i / 3 + 1, 'stage ' || i % 3 FROM generate_series(1, 14900) i;
CREATE INDEX stages_event ON stages (event_id);

CREATE TABLE shows (id serial PRIMARY KEY, stage_id int NOT NULL, artist_id int NOT NULL, begins_at timestamptz NOT NULL, minutes int NOT NULL);
INSERT INTO shows (stage_id, artist_id, begins_at, minutes)
SELECT i / 4 + 1, (random() ^ 1.8 * 5999)::int + 1, timestamptz '2026-05-01' + i * interval '5 min', 30 + i % 60 FROM generate_series(1, 59000) i;
CREATE INDEX shows_stage ON shows (stage_id);
CREATE INDEX shows_artist ON shows (artist_id, begins_at);

CREATE TABLE people (id serial PRIMARY KEY, mail text NOT NULL, nick text NOT NULL, country text NOT NULL, points int NOT NULL DEFAULT 0, joined_at timestamptz NOT NULL DEFAULT now());
INSERT INTO people (mail, nick, country, points) SELECT md5(i::text) || '@post.example', 'nick' || i, (ARRAY['de','fr','it','pl','es','nl'])[i % 6 + 1], i % 700 FROM generate_series(1, 90000) i;
CREATE UNIQUE INDEX people_mail ON people (mail);

CREATE TABLE categories (id int PRIMARY KEY, event_id int NOT NULL, name text NOT NULL, price int NOT NULL, left_over int NOT NULL);
INSERT INTO categories SELECT i, i / 3 + 1, (ARRAY['floor','seat','lounge'])[i % 3 + 1], 20 + i % 90, 100000 FROM generate_series(1, 14900) i;
CREATE INDEX categories_event ON categories (event_id);

CREATE TABLE orders (id serial PRIMARY KEY, person_id int NOT NULL, event_id int NOT NULL, state text NOT NULL, total int NOT NULL, made_at timestamptz NOT NULL DEFAULT now());
INSERT INTO orders (person_id, event_id, state, total, made_at)
SELECT (random() ^ 1.4 * 89999)::int + 1, (random() ^ 1.7 * 4999)::int + 1, (ARRAY['paid','paid','paid','paid','paid','paid','refunded','open'])[i % 8 + 1], 20 + i % 300, now() - (160000 - i) * interval '2 min' FROM generate_series(1, 160000) i;
CREATE INDEX orders_person ON orders (person_id, made_at);
CREATE INDEX orders_event ON orders (event_id);
CREATE INDEX orders_made ON orders (made_at);

CREATE TABLE tickets (id serial PRIMARY KEY, order_id int NOT NULL, event_id int NOT NULL, category_id int NOT NULL, code text NOT NULL, used_at timestamptz);
INSERT INTO tickets (order_id, event_id, category_id, code)
SELECT i / 2 + 1, i % 5000 + 1, i % 14900 + 1, 'T' || md5(i::text) FROM generate_series(1, 300000) i;
CREATE INDEX tickets_order ON tickets (order_id);
CREATE INDEX tickets_code ON tickets (code);
CREATE INDEX tickets_event ON tickets (event_id);

CREATE TABLE charges (id serial PRIMARY KEY, order_id int NOT NULL, provider text NOT NULL, amount int NOT NULL, answer jsonb, at timestamptz NOT NULL DEFAULT now());
INSERT INTO charges (order_id, provider, amount, answer, at)
SELECT i, (ARRAY['card','wallet','voucher','bank'])[i % 4 + 1], 20 + i % 300, jsonb_build_object('trace', md5(i::text), 'ok', true), now() - (140000 - i) * interval '2 min' FROM generate_series(1, 140000) i;
CREATE INDEX charges_order ON charges (order_id);
CREATE INDEX charges_at ON charges (at);

CREATE TABLE carts (person_id int PRIMARY KEY, things jsonb NOT NULL, changed_at timestamptz NOT NULL DEFAULT now()) WITH (fillfactor = 70);
INSERT INTO carts SELECT i * 9, jsonb_build_array(i, i + 1) FROM generate_series(1, 9000) i;
CREATE INDEX carts_changed ON carts (changed_at);

CREATE TABLE gates (id int PRIMARY KEY, event_id int NOT NULL, name text NOT NULL, passed int NOT NULL DEFAULT 0) WITH (fillfactor = 50);
INSERT INTO gates SELECT i, i % 5000 + 1, 'gate ' || i FROM generate_series(1, 900) i;

CREATE TABLE likes (person_id int, artist_id int, at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (person_id, artist_id));
INSERT INTO likes SELECT (i * 31) % 90000 + 1, i % 6000 + 1 FROM generate_series(1, 140000) i ON CONFLICT DO NOTHING;
CREATE INDEX likes_artist ON likes (artist_id);

CREATE TABLE vouchers (code text PRIMARY KEY, worth int NOT NULL, used_by int);
INSERT INTO vouchers SELECT 'V' || i, i % 50, NULL FROM generate_series(1, 20000) i;

CREATE TABLE letters (id serial PRIMARY KEY, person_id int NOT NULL, kind text NOT NULL, state text NOT NULL DEFAULT 'waiting', body text, made_at timestamptz NOT NULL DEFAULT now());
INSERT INTO letters (person_id, kind, state, body) SELECT i % 90000 + 1, 'news', CASE WHEN i > 39000 THEN 'waiting' ELSE 'sent' END, repeat(md5(i::text), 5) FROM generate_series(1, 40000) i;
CREATE INDEX letters_waiting ON letters (id) WHERE state = 'waiting';

CREATE TABLE event_totals (event_id int PRIMARY KEY, orders bigint, worth bigint, at timestamptz);

CREATE FUNCTION sell(p_person int, p_event int, p_category int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE v_order int;
BEGIN
  UPDATE categories SET left_over = left_over - 1 WHERE id = p_category;
  INSERT INTO orders (person_id, event_id, state, total) VALUES (p_person, p_event, 'open', 50) RETURNING id INTO v_order;
  INSERT INTO tickets (order_id, event_id, category_id, code) VALUES (v_order, p_event, p_category, 'T' || md5(v_order::text || 'x'));
  RETURN v_order;
END $$;

CREATE FUNCTION enter() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  UPDATE people SET points = points + 1 WHERE id = NEW.order_id % 90000 + 1;
  RETURN NEW;
END $$;
CREATE TRIGGER entered AFTER UPDATE OF used_at ON tickets FOR EACH ROW EXECUTE FUNCTION enter();
