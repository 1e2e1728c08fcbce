-- name: databases
-- Names of some databases.
SELECT d.oid::bigint AS oid, d.datname::text AS name
  FROM pg_catalog.pg_database d WHERE d.oid = ANY (%(oids)s::oid[]);

-- name: roles
-- Names of some roles.
SELECT r.oid::bigint AS oid, r.rolname::text AS name
  FROM pg_catalog.pg_roles r WHERE r.oid = ANY (%(oids)s::oid[]);
