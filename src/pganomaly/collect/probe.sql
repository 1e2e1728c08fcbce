-- name: extension
-- Which version of the extension this database has, in which schema (quoted), and whether we may use it there; no row
-- where it has none. Its second view came with 1.9; asking for it first leaves no error in the server's log.
SELECT e.extversion::text AS version,
       quote_ident(n.nspname) AS schema,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE')
         AND (SELECT coalesce(bool_and(pg_catalog.has_function_privilege(p.oid, 'EXECUTE')), true)
                FROM pg_catalog.pg_proc p
               WHERE p.pronamespace = n.oid AND p.proname = 'pg_stat_statements') AS usable,
       CASE WHEN pg_catalog.has_schema_privilege(n.oid, 'USAGE') THEN coalesce(pg_catalog.has_table_privilege(
         pg_catalog.to_regclass(quote_ident(n.nspname) || '.pg_stat_statements_info'), 'SELECT'), false)
            ELSE false END AS has_info
  FROM pg_catalog.pg_extension e
  JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
 WHERE e.extname = 'pg_stat_statements';

-- name: server
-- Who we are, where we are, which cloud has left its roles here, and the settings that decide what pg_stat_statements sees (only those that may be read).
-- A setting that stands in a file although its library is not loaded is not in pg_settings: that is how we notice.
SELECT
       pg_catalog.pg_is_in_recovery() AS in_recovery,
       pg_catalog.pg_backend_pid() AS backend_pid,
       pg_catalog.current_database()::text AS database,
       current_user::text AS role,
       (SELECT r.oid::bigint FROM pg_catalog.pg_roles r WHERE r.rolname = current_user) AS role_oid,
       pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all,
       EXISTS (SELECT FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = 'pg_catalog.pg_stat_activity'::regclass AND a.attname = 'query_id') AS has_query_id,
       (SELECT coalesce(json_object_agg(s.name, s.setting), json_build_object()) FROM pg_catalog.pg_settings s
         WHERE s.name = ANY (%(settings)s::text[])) AS settings,
       ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles r
              WHERE r.rolname = ANY (%(platform_roles)s::text[])) AS platform_roles;

-- name: columns
-- Which columns the view has here. The extension's version decides that, not the server's. Reads no row.
SELECT * FROM {schema}.pg_stat_statements(false) LIMIT 0;
