-- name: moment
-- When the counters are read, and in which life of the server: read once, right before them.
-- On its way it makes room for the entries: PostgreSQL holds all of them for a moment, in temporary files if need be.
-- On a primary the timeline comes from the log that is being written: the control file lags behind a promotion.
SELECT
       pg_catalog.clock_timestamp() AS taken_at,
       s.system_identifier,
       CASE WHEN pg_catalog.pg_is_in_recovery() THEN c.timeline_id
            ELSE ('x' || left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8))::bit(32)::integer
       END AS timeline,
       pg_catalog.pg_is_in_recovery() AS in_recovery,
       pg_catalog.pg_postmaster_start_time() AS postmaster_start,
       i.stats_reset,
       i.dealloc,
       (SELECT e.extversion FROM pg_catalog.pg_extension e WHERE e.extname = 'pg_stat_statements') AS version,
       pg_catalog.set_config('work_mem', %(memory)s, true) AS work_mem
  FROM ({info}) AS i,
       pg_catalog.pg_control_system() AS s,
       pg_catalog.pg_control_checkpoint() AS c;

-- name: moment_without_control
-- The same where the role or the platform does not let us look into the control file or the log's position.
SELECT
       pg_catalog.clock_timestamp() AS taken_at,
       NULL::bigint AS system_identifier,
       NULL::integer AS timeline,
       pg_catalog.pg_is_in_recovery() AS in_recovery,
       pg_catalog.pg_postmaster_start_time() AS postmaster_start,
       i.stats_reset,
       i.dealloc,
       (SELECT e.extversion FROM pg_catalog.pg_extension e WHERE e.extname = 'pg_stat_statements') AS version,
       pg_catalog.set_config('work_mem', %(memory)s, true) AS work_mem
  FROM ({info}) AS i;

-- name: info
-- From extension 1.9 on: when all statistics were reset, and how often entries were thrown out since.
SELECT dealloc, stats_reset FROM {schema}.pg_stat_statements_info

-- name: info_absent
-- Before 1.9, or where the view may not be read.
SELECT NULL::bigint AS dealloc, NULL::timestamptz AS stats_reset
