-- name: put_references
-- How a server was in quiet times, instead of what was known before.
INSERT INTO monitoring.server_references (instance_id, read_at, readings)
VALUES (%(instance_id)s::smallint, %(read_at)s::timestamptz, %(readings)s::jsonb)
ON CONFLICT (instance_id) DO UPDATE SET read_at = EXCLUDED.read_at, readings = EXCLUDED.readings;

-- name: references
-- How a server was in quiet times.
SELECT r.readings FROM monitoring.server_references r WHERE r.instance_id = %(instance_id)s::smallint;
