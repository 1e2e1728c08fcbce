-- name: role
-- Run as a superuser or as the administrator of your cloud. The role sees every statement, and no table of yours.
DO $do$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {literal}) THEN
    CREATE ROLE {role} LOGIN CONNECTION LIMIT 10;
  END IF;
END $do$;

-- name: monitor
-- Everybody's statements and activity, settings, sizes: to be read, not changed.
GRANT pg_monitor TO {role};

-- name: reach
-- The extension may lie in a schema of its own.
DO $do$ DECLARE place name; BEGIN
  SELECT n.nspname INTO place
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
   WHERE e.extname = 'pg_stat_statements' AND NOT pg_catalog.has_schema_privilege({literal}, n.oid, 'USAGE');
  IF FOUND THEN EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', place, {literal}); END IF;
END $do$;

-- name: store
-- Results go into the schema "monitoring" of this database, which the role creates and owns.
DO $do$ BEGIN
  EXECUTE format('GRANT CREATE, CONNECT ON DATABASE %I TO %I', current_database(), {literal});
END $do$;

-- name: plans
-- RISK: the role may then read every row of every table. EXPLAIN needs that, PostgreSQL knows nothing finer.
-- Leave it out unless you want plans as evidence. PostgreSQL 14 and later.
GRANT pg_read_all_data TO {role};
