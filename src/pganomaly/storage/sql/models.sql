-- name: retire_models
-- No model speaks for the instance.
UPDATE monitoring.models SET active = false WHERE instance_id = %(instance_id)s::smallint AND active;

-- name: put_model
-- A new training, with the next number; it speaks from now on.
INSERT INTO monitoring.models
       (instance_id, number, model_version, trained_at, n_rows, n_statements, threshold, sha256, manifest, payload,
        active)
SELECT %(instance_id)s::smallint, coalesce(max(m.number), 0) + 1, %(model_version)s::text,
       %(trained_at)s::timestamptz, %(n_rows)s::integer, %(n_statements)s::integer, %(threshold)s::double precision,
       %(sha256)s::text, %(manifest)s::jsonb, %(payload)s::bytea, true
  FROM monitoring.models m
 WHERE m.instance_id = %(instance_id)s::smallint
RETURNING number;

-- name: active_model
-- The model that speaks for an instance.
SELECT number, model_version, trained_at, n_rows, n_statements, threshold, sha256, manifest, payload
  FROM monitoring.models
 WHERE instance_id = %(instance_id)s::smallint AND active;

-- name: next_number
-- The number that the next training gets.
SELECT coalesce(max(number), 0) + 1 FROM monitoring.models WHERE instance_id = %(instance_id)s::smallint;

-- name: forget_models
-- Only the last trainings are kept, and the active one.
DELETE FROM monitoring.models
 WHERE instance_id = %(instance_id)s::smallint AND NOT active
   AND number <= (SELECT max(number) FROM monitoring.models WHERE instance_id = %(instance_id)s::smallint)
                 - %(keep)s::integer;

-- name: model_number
-- Which training speaks for an instance: asked for at every tick, so that a model trained elsewhere is noticed.
SELECT number FROM monitoring.models WHERE instance_id = %(instance_id)s::smallint AND active;

-- name: models
-- Every model that is kept, newest first, without its bytes.
SELECT number, active, model_version, trained_at, n_rows, n_statements, threshold, manifest,
       octet_length(payload) AS size_bytes
  FROM monitoring.models
 WHERE instance_id = %(instance_id)s::smallint
 ORDER BY number DESC;

-- name: activate_model
-- A kept model speaks from now on.
UPDATE monitoring.models SET active = true
 WHERE instance_id = %(instance_id)s::smallint AND number = %(number)s::integer;
