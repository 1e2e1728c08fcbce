CREATE TABLE rooms (id int PRIMARY KEY, event_id int NOT NULL, title text NOT NULL, messages int NOT NULL DEFAULT 0);
INSERT INTO rooms SELECT i, i, 'room ' || i FROM generate_series(1, 3000) i;

CREATE TABLE messages (id bigserial PRIMARY KEY, room_id int NOT NULL, person_id int NOT NULL, body text NOT NULL, at timestamptz NOT NULL DEFAULT now());
INSERT INTO messages (room_id, person_id, body, at)
SELECT (random() ^ 2 * 2999)::int + 1, i % 90000 + 1, repeat(md5(i::text), 1 + i % 4), now() - (180000 - i) * interval '30 ms' FROM generate_series(1, 180000) i;
CREATE INDEX messages_room ON messages (room_id, id);
CREATE INDEX messages_person ON messages (person_id);

CREATE TABLE members (room_id int, person_id int, read_up_to bigint NOT NULL DEFAULT 0, PRIMARY KEY (room_id, person_id)) WITH (fillfactor = 80);
INSERT INTO members SELECT i % 3000 + 1, i / 3 + 1, 0 FROM generate_series(1, 90000) i ON CONFLICT DO NOTHING;
CREATE INDEX members_person ON members (person_id);

CREATE TABLE presence (person_id int PRIMARY KEY, seen_at timestamptz NOT NULL DEFAULT now(), device text) WITH (fillfactor = 60);
INSERT INTO presence SELECT i, now(), 'phone' FROM generate_series(1, 20000) i;
CREATE INDEX presence_seen ON presence (seen_at);
