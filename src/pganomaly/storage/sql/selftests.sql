-- name: put_selftest
-- What a self-test measured.
INSERT INTO monitoring.selftests (instance_id, statements, alarms, tested_at, since, upto, days, seconds, result)
VALUES (%(instance_id)s::smallint, %(statements)s::integer, %(alarms)s::integer, %(tested_at)s::timestamptz,
        %(since)s::timestamptz, %(upto)s::timestamptz, %(days)s::double precision, %(seconds)s::double precision,
        %(result)s::jsonb)
ON CONFLICT (instance_id, tested_at) DO NOTHING;

-- name: forget_selftests
-- Only the last ones are kept.
DELETE FROM monitoring.selftests
 WHERE instance_id = %(instance_id)s::smallint
   AND tested_at < (SELECT min(tested_at)
                      FROM (SELECT tested_at FROM monitoring.selftests WHERE instance_id = %(instance_id)s::smallint
                             ORDER BY tested_at DESC LIMIT %(keep)s::integer) kept);

-- name: selftests
-- The last self-tests, newest first.
SELECT tested_at, seconds, result
  FROM monitoring.selftests
 WHERE instance_id = %(instance_id)s::smallint
 ORDER BY tested_at DESC
 LIMIT %(most)s::integer;

-- name: put_refusal
-- A model that was kept out.
INSERT INTO monitoring.model_refusals (instance_id, refused_at, model_version, why)
VALUES (%(instance_id)s::smallint, %(refused_at)s::timestamptz, %(model_version)s::text, %(why)s::jsonb)
ON CONFLICT (instance_id, refused_at) DO NOTHING;

-- name: forget_refusals
-- Only the last ones are kept.
DELETE FROM monitoring.model_refusals
 WHERE instance_id = %(instance_id)s::smallint
   AND refused_at < (SELECT min(refused_at)
                       FROM (SELECT refused_at FROM monitoring.model_refusals
                              WHERE instance_id = %(instance_id)s::smallint
                              ORDER BY refused_at DESC LIMIT %(keep)s::integer) kept);

-- name: refusals
-- The last models that were kept out, newest first.
SELECT refused_at, model_version, why
  FROM monitoring.model_refusals
 WHERE instance_id = %(instance_id)s::smallint
 ORDER BY refused_at DESC
 LIMIT %(most)s::integer;
