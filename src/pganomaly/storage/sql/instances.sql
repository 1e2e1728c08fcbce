-- name: know
-- The instance called so, where it is known; its address follows the configuration.
UPDATE monitoring.instances
   SET host = %(host)s::text, port = %(port)s::integer, dbname = %(dbname)s::text,
       system_identifier = coalesce(%(system_identifier)s::bigint, system_identifier)
 WHERE name = %(name)s::text
RETURNING instance_id;

-- name: lock_instances
-- Two processes that add an instance take turns: numbers have no holes, the first is 1.
LOCK TABLE monitoring.instances IN SHARE ROW EXCLUSIVE MODE;

-- name: add_instance
-- A new instance, with the next number and a detector that has seen nothing.
WITH added AS (
    INSERT INTO monitoring.instances (instance_id, name, host, port, dbname, system_identifier)
    SELECT (coalesce(max(i.instance_id), 0) + 1)::smallint, %(name)s::text, %(host)s::text, %(port)s::integer,
           %(dbname)s::text, %(system_identifier)s::bigint
      FROM monitoring.instances i
    RETURNING instance_id
), state AS (
    INSERT INTO monitoring.detector_state (id) SELECT instance_id FROM added
        ON CONFLICT (id) DO NOTHING
)
SELECT instance_id FROM added;

-- name: instances
-- Every instance, in the order in which they came.
SELECT instance_id, name, host, port, dbname, system_identifier, first_seen_ts
  FROM monitoring.instances
 ORDER BY instance_id;
