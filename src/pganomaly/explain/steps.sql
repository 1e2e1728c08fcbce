-- What people are given to paste. look_*: read-only, confirms one cause, by the cause's name. mend_*: what would mend
-- it; shown as comments, never run by us. "from N": for that major and later ones. Names and numbers are filled in,
-- quoted; braces stand for nothing else.

-- name: look_missing_index
-- No index serves the statement: the missing one is not listed, the table is read from end to end (seq_scan grows).
SELECT t.relid::regclass AS "table", t.seq_scan, t.seq_tup_read, i.indexrelid::regclass AS "index", i.idx_scan,
       x.indisvalid AS valid, pg_get_indexdef(x.indexrelid) AS definition
  FROM pg_stat_user_tables t
  LEFT JOIN pg_stat_user_indexes i ON i.relid = t.relid
  LEFT JOIN pg_index x ON x.indexrelid = i.indexrelid
 WHERE t.relid IN ({tables})
 ORDER BY 1, 4;

-- name: look_missing_index_named
-- The same, and whether the index that we missed is there.
SELECT name, to_regclass(name) IS NOT NULL AS "exists",
       (SELECT x.indisvalid FROM pg_index x WHERE x.indexrelid = to_regclass(name)) AS valid
  FROM unnest(ARRAY[{indexes}]) AS wanted (name);

-- name: look_plan_change
-- Statistics and settings that the planner decides by: old ones, or ones that are not the default.
SELECT s.relid::regclass AS "table", s.n_live_tup, s.n_mod_since_analyze, s.last_analyze, s.last_autoanalyze,
       s.seq_scan, s.idx_scan
  FROM pg_stat_user_tables s
 WHERE s.relid IN ({tables});

SELECT name, setting, boot_val AS "default", source
  FROM pg_settings
 WHERE setting IS DISTINCT FROM boot_val
   AND name ~ '^(enable_|jit|geqo|plan_cache)|_cost$|collapse_limit$|^(work_mem|default_statistics_target)$';

SELECT d.datname AS "database", r.rolname AS "role", s.setconfig
  FROM pg_db_role_setting s
  LEFT JOIN pg_database d ON d.oid = s.setdatabase
  LEFT JOIN pg_roles r ON r.oid = s.setrole;

-- name: look_lock_wait
-- Who waits for whom now, the longest wait first.
SELECT w.pid AS waiting, clock_timestamp() - w.query_start AS "for", w.wait_event AS lock,
       b.pid AS blocked_by, b.usename, b.application_name, b.state, clock_timestamp() - b.xact_start AS transaction_age,
       left(b.query, 100) AS its_query
  FROM pg_stat_activity w
 CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS blocker (pid)
  JOIN pg_stat_activity b ON b.pid = blocker.pid
 WHERE w.wait_event_type = 'Lock'
 ORDER BY 2 DESC;

-- name: look_commit_wait
-- Who waits for the write-ahead log or for a standby, and what a commit waits for by the settings.
SELECT wait_event_type, wait_event, count(*) AS sessions
  FROM pg_stat_activity
 WHERE state = 'active' AND lower(wait_event) ~ '^(wal|syncrep)'
 GROUP BY 1, 2 ORDER BY 3 DESC;

SELECT application_name, state, sync_state, write_lag, flush_lag FROM pg_stat_replication;

SELECT name, setting, source
  FROM pg_settings
 WHERE name IN ('synchronous_commit', 'synchronous_standby_names', 'wal_sync_method', 'commit_delay', 'fsync');

-- name: look_cold_cache
-- Blocks of its tables read from outside the cache, and since when the cache fills.
SELECT relid::regclass AS "table", heap_blks_read, heap_blks_hit, idx_blks_read, idx_blks_hit,
       round(100.0 * (heap_blks_read + coalesce(idx_blks_read, 0))
             / nullif(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0), 0), 1) AS read_percent
  FROM pg_statio_user_tables
 WHERE relid IN ({tables});

SELECT pg_postmaster_start_time() AS started, current_setting('shared_buffers') AS shared_buffers;

-- name: look_more_io
-- What the database reads from outside the cache; run it twice.
SELECT clock_timestamp() AS "at", datname AS "database", blks_read, blks_hit, blk_read_time AS read_ms
  FROM pg_stat_database
 WHERE datid = {dbid};

SELECT relid::regclass AS "table", heap_blks_read, heap_blks_hit, idx_blks_read, idx_blks_hit
  FROM pg_statio_user_tables
 WHERE relid IN ({tables});

-- name: look_more_io from 16
-- Who reads from outside the cache, and what a read takes; run it twice.
SELECT clock_timestamp() AS "at", backend_type, context, reads, read_time AS read_ms, evictions
  FROM pg_stat_io
 WHERE object = 'relation' AND reads > 0
 ORDER BY reads DESC;

SELECT relid::regclass AS "table", heap_blks_read, heap_blks_hit, idx_blks_read, idx_blks_hit
  FROM pg_statio_user_tables
 WHERE relid IN ({tables});

-- name: look_temp_spill
-- What the database writes into temporary files (run it twice), and who has which work_mem.
SELECT clock_timestamp() AS "at", temp_files, pg_size_pretty(temp_bytes) AS temp_bytes
  FROM pg_stat_database
 WHERE datid = {dbid};

SELECT setting || coalesce(unit, '') AS work_mem, source FROM pg_settings WHERE name = 'work_mem';

SELECT d.datname AS "database", r.rolname AS "role", s.setconfig
  FROM pg_db_role_setting s
  LEFT JOIN pg_database d ON d.oid = s.setdatabase
  LEFT JOIN pg_roles r ON r.oid = s.setrole
 WHERE array_to_string(s.setconfig, ' ') LIKE '%work_mem%';

-- name: look_data_growth
-- How large its tables are, and how fast they grow; run it twice.
SELECT s.relid::regclass AS "table", s.n_live_tup AS "rows", c.reltuples::bigint AS rows_when_analyzed,
       pg_size_pretty(pg_relation_size(s.relid)) AS size, s.n_tup_ins, s.n_tup_del, s.last_analyze, s.last_autoanalyze
  FROM pg_stat_user_tables s
  JOIN pg_class c ON c.oid = s.relid
 WHERE s.relid IN ({tables});

-- name: look_data_skew
-- The commonest values of each column: one far above the others is a tenant that is larger than all others.
SELECT format('%I.%I', s.schemaname, s.tablename) AS "table", s.attname AS "column", s.n_distinct,
       s.most_common_freqs[1:3] AS shares_of_the_commonest, left(s.most_common_vals::text, 80) AS the_commonest
  FROM pg_stats s
 WHERE to_regclass(format('%I.%I', s.schemaname, s.tablename)) IN ({tables})
   AND s.most_common_freqs IS NOT NULL
 ORDER BY s.most_common_freqs[1] DESC
 LIMIT 20;

-- name: look_bloat
-- Dead rows of its tables, and who keeps vacuum from removing them, the oldest first.
SELECT relid::regclass AS "table", n_live_tup, n_dead_tup,
       round(100.0 * n_dead_tup / greatest(n_live_tup + n_dead_tup, 1), 1) AS dead_percent,
       last_vacuum, last_autovacuum
  FROM pg_stat_user_tables
 WHERE relid IN ({tables});

SELECT pid::text AS holder, usename AS "role", state, age(backend_xmin) AS transactions_ago,
       clock_timestamp() - xact_start AS "for"
  FROM pg_stat_activity
 WHERE backend_xmin IS NOT NULL AND pid <> pg_backend_pid()
 UNION ALL
SELECT format('replication slot %s', slot_name), NULL, NULL, age(coalesce(xmin, catalog_xmin)), NULL
  FROM pg_replication_slots WHERE coalesce(xmin, catalog_xmin) IS NOT NULL
 UNION ALL
SELECT format('prepared transaction %s', gid), owner, NULL, age(transaction), clock_timestamp() - prepared
  FROM pg_prepared_xacts
 ORDER BY 4 DESC
 LIMIT 5;

-- name: look_call_surge
-- Who calls, and how often by now: run it twice, the difference is what was called in between.
SELECT clock_timestamp() AS "at", calls, rows, round(mean_exec_time::numeric, 3) AS ms_a_call_ever
  FROM {statements}
 WHERE queryid = {queryid} AND dbid = {dbid} AND userid = {userid};

SELECT usename, application_name, client_addr, state, count(*) AS sessions
  FROM pg_stat_activity
 WHERE datid = {dbid} AND usesysid = {userid}
 GROUP BY 1, 2, 3, 4
 ORDER BY 5 DESC
 LIMIT 10;

-- name: look_n_plus_one
-- What the same role calls most: many calls of one row, next to a statement whose rows they belong to. Run it twice.
SELECT clock_timestamp() AS "at", queryid = {queryid} AS this_one, calls,
       round(rows::numeric / greatest(calls, 1), 1) AS rows_a_call, left(query, 100) AS query
  FROM {statements}
 WHERE dbid = {dbid} AND userid = {userid}
 ORDER BY calls DESC
 LIMIT 10;

-- name: look_retry_storm
-- Transactions given up (run it twice), and what the role's sessions do now.
SELECT clock_timestamp() AS "at", xact_commit, xact_rollback, deadlocks, conflicts
  FROM pg_stat_database
 WHERE datid = {dbid};

SELECT state, wait_event_type, wait_event, count(*) AS sessions, max(clock_timestamp() - xact_start) AS longest
  FROM pg_stat_activity
 WHERE datid = {dbid} AND usesysid = {userid}
 GROUP BY 1, 2, 3
 ORDER BY 4 DESC;

-- name: look_new_query
-- What it has cost since it appeared.
SELECT calls, round(mean_exec_time::numeric, 1) AS ms_a_call, round(max_exec_time::numeric, 1) AS slowest_ms, rows,
       shared_blks_hit + shared_blks_read AS blocks, temp_blks_written
  FROM {statements}
 WHERE queryid = {queryid} AND dbid = {dbid} AND userid = {userid};

SELECT pid, application_name, client_addr, clock_timestamp() - query_start AS "for", wait_event, left(query, 100) AS query
  FROM pg_stat_activity
 WHERE datid = {dbid} AND usesysid = {userid} AND state = 'active' AND pid <> pg_backend_pid()
 ORDER BY query_start;

-- name: look_new_query from 14
-- The same, and the sessions that run this very statement.
SELECT calls, round(mean_exec_time::numeric, 1) AS ms_a_call, round(max_exec_time::numeric, 1) AS slowest_ms, rows,
       shared_blks_hit + shared_blks_read AS blocks, temp_blks_written
  FROM {statements}
 WHERE queryid = {queryid} AND dbid = {dbid} AND userid = {userid};

SELECT pid, application_name, client_addr, clock_timestamp() - query_start AS "for", wait_event, left(query, 100) AS query
  FROM pg_stat_activity
 WHERE query_id = {queryid} AND state = 'active'
 ORDER BY query_start;

-- name: look_call_drop
-- Whether the callers are there at all, what they do, and whether connections are left.
SELECT usename, application_name, client_addr, state, wait_event_type, count(*) AS sessions,
       max(clock_timestamp() - state_change) AS longest
  FROM pg_stat_activity
 WHERE datid = {dbid} AND usesysid = {userid}
 GROUP BY 1, 2, 3, 4, 5
 ORDER BY 6 DESC;

SELECT count(*) AS connections, current_setting('max_connections')::int AS at_most FROM pg_stat_activity;

-- name: look_wal_growth
-- Rows written, how many of them without touching the indexes (hot), and how often a checkpoint was forced (req).
SELECT s.relid::regclass AS "table", s.n_tup_ins, s.n_tup_upd, s.n_tup_hot_upd, s.n_tup_del,
       (SELECT count(*) FROM pg_index x WHERE x.indrelid = s.relid) AS indexes
  FROM pg_stat_user_tables s
 WHERE s.relid IN ({tables});

SELECT clock_timestamp() AS "at", checkpoints_timed, checkpoints_req, current_setting('max_wal_size') AS max_wal_size
  FROM pg_stat_bgwriter;

-- name: look_wal_growth from 14
-- The same, and what went into the log since its statistics began; run it twice.
SELECT s.relid::regclass AS "table", s.n_tup_ins, s.n_tup_upd, s.n_tup_hot_upd, s.n_tup_del,
       (SELECT count(*) FROM pg_index x WHERE x.indrelid = s.relid) AS indexes
  FROM pg_stat_user_tables s
 WHERE s.relid IN ({tables});

SELECT clock_timestamp() AS "at", wal_records, wal_fpi AS full_page_images, pg_size_pretty(wal_bytes) AS wal_bytes
  FROM pg_stat_wal;

SELECT checkpoints_timed, checkpoints_req, current_setting('max_wal_size') AS max_wal_size FROM pg_stat_bgwriter;

-- name: look_wal_growth from 17
-- The same; checkpoints have a view of their own.
SELECT s.relid::regclass AS "table", s.n_tup_ins, s.n_tup_upd, s.n_tup_hot_upd, s.n_tup_del,
       (SELECT count(*) FROM pg_index x WHERE x.indrelid = s.relid) AS indexes
  FROM pg_stat_user_tables s
 WHERE s.relid IN ({tables});

SELECT clock_timestamp() AS "at", wal_records, wal_fpi AS full_page_images, pg_size_pretty(wal_bytes) AS wal_bytes
  FROM pg_stat_wal;

SELECT num_timed, num_requested, current_setting('max_wal_size') AS max_wal_size FROM pg_stat_checkpointer;

-- name: look_host_slow
-- Whether there are free processors: where others want them, what computes for long takes several times as long a byte as
-- what is over at once. Then what everybody waits for, and whether a checkpoint writes.
SELECT round((percentile_cont(0.5) WITHIN GROUP (ORDER BY us_a_byte) FILTER (WHERE size > 100000)
              / min(us_a_byte) FILTER (WHERE size < 100000))::numeric, 1) AS times_as_long
  FROM (SELECT size, 1000000 * extract(epoch FROM clock_timestamp() - began) / size AS us_a_byte
          FROM (SELECT size, clock_timestamp() AS began, md5(repeat('x', size + 0 * n)) AS sum
                  FROM (VALUES (30000), (3000000)) AS of (size), generate_series(1, 10) AS n
                OFFSET 0) AS summed
         WHERE sum <> '') AS timed;

SELECT coalesce(wait_event_type, 'no wait: running') AS waits_for, wait_event, count(*) AS sessions
  FROM pg_stat_activity
 WHERE state = 'active' AND pid <> pg_backend_pid()
 GROUP BY 1, 2
 ORDER BY 3 DESC;

SELECT clock_timestamp() AS "at", checkpoints_timed, checkpoints_req, checkpoint_write_time AS write_ms,
       checkpoint_sync_time AS sync_ms, buffers_backend
  FROM pg_stat_bgwriter;

-- name: look_host_slow from 17
-- The same; checkpoints have a view of their own.
SELECT round((percentile_cont(0.5) WITHIN GROUP (ORDER BY us_a_byte) FILTER (WHERE size > 100000)
              / min(us_a_byte) FILTER (WHERE size < 100000))::numeric, 1) AS times_as_long
  FROM (SELECT size, 1000000 * extract(epoch FROM clock_timestamp() - began) / size AS us_a_byte
          FROM (SELECT size, clock_timestamp() AS began, md5(repeat('x', size + 0 * n)) AS sum
                  FROM (VALUES (30000), (3000000)) AS of (size), generate_series(1, 10) AS n
                OFFSET 0) AS summed
         WHERE sum <> '') AS timed;

SELECT coalesce(wait_event_type, 'no wait: running') AS waits_for, wait_event, count(*) AS sessions
  FROM pg_stat_activity
 WHERE state = 'active' AND pid <> pg_backend_pid()
 GROUP BY 1, 2
 ORDER BY 3 DESC;

SELECT clock_timestamp() AS "at", num_timed, num_requested, write_time AS write_ms, sync_time AS sync_ms
  FROM pg_stat_checkpointer;

-- name: look_cpu_saturation
-- Who computes now (no wait), the longest first: more of them than the host has cores wait for a turn.
SELECT pid, usename, application_name, backend_type, clock_timestamp() - query_start AS "for", left(query, 100) AS query
  FROM pg_stat_activity
 WHERE state = 'active' AND wait_event IS NULL AND pid <> pg_backend_pid()
 ORDER BY query_start
 LIMIT 20;

-- name: look_slow_drift
-- What grows under it: rows, dead rows, size.
SELECT s.relid::regclass AS "table", s.n_live_tup AS "rows", s.n_dead_tup AS dead_rows, s.n_mod_since_analyze,
       pg_size_pretty(pg_total_relation_size(s.relid)) AS size_with_indexes,
       greatest(s.last_vacuum, s.last_autovacuum) AS vacuumed, greatest(s.last_analyze, s.last_autoanalyze) AS analyzed
  FROM pg_stat_user_tables s
 WHERE s.relid IN ({tables});

-- name: look_schedule
-- Who runs it, from where, since when.
SELECT pid, usename, application_name, client_addr, backend_start, xact_start, query_start, left(query, 100) AS query
  FROM pg_stat_activity
 WHERE datid = {dbid} AND usesysid = {userid} AND state <> 'idle' AND pid <> pg_backend_pid()
 ORDER BY xact_start;

-- name: look_unknown
-- What it has cost ever, and what the sessions of its role wait for now.
SELECT clock_timestamp() AS "at", calls, round(mean_exec_time::numeric, 3) AS ms_a_call, max_exec_time AS slowest_ms,
       rows, shared_blks_hit, shared_blks_read, temp_blks_written
  FROM {statements}
 WHERE queryid = {queryid} AND dbid = {dbid} AND userid = {userid};

SELECT pid, state, wait_event_type, wait_event, clock_timestamp() - query_start AS "for", left(query, 100) AS query
  FROM pg_stat_activity
 WHERE datid = {dbid} AND usesysid = {userid} AND state <> 'idle' AND pid <> pg_backend_pid()
 ORDER BY query_start;

-- name: mend_create_index
-- The index that was there before.
{definition};

-- name: mend_reindex
-- An invalid index is kept up to date and serves nobody.
REINDEX INDEX CONCURRENTLY {index};

-- name: mend_new_index
-- An index for what the statement looks for; the columns are those it compares with a parameter.
CREATE INDEX CONCURRENTLY ON {table} ({columns});

-- name: mend_setting
-- A setting as it was.
ALTER SYSTEM {change};
SELECT pg_reload_conf();

-- name: mend_setting_of
-- The same of a role or of a database; new sessions have it.
ALTER {whose} {change};

-- name: mend_analyze
-- New statistics for the planner.
ANALYZE {table};

-- name: mend_vacuum
-- Dead rows removed, statistics renewed.
VACUUM (ANALYZE, VERBOSE) {table};

-- name: mend_end_session
-- Ends a session; its transaction is rolled back.
SELECT pg_terminate_backend({pid});

-- name: mend_idle_limit
-- Sessions that hold a transaction open and do nothing end by themselves.
ALTER ROLE {role} SET idle_in_transaction_session_timeout = '1min';

-- name: mend_lock_limit
-- Whoever waits for a lock longer gives up, and does not hold up others meanwhile.
ALTER ROLE {role} SET lock_timeout = '5s';

-- name: mend_commit
-- The disk of the log, or the standby, must be mended. Meanwhile, where a lost second of commits is bearable:
ALTER ROLE {role} SET synchronous_commit = 'local';

-- name: mend_prewarm
-- It passes by itself as the cache fills. Faster:
CREATE EXTENSION IF NOT EXISTS pg_prewarm;
SELECT pg_prewarm({table_literal});

-- name: mend_work_mem
-- Memory for sorts and hashes that covers what a call spills, for its role; each sort of each session may take so much.
ALTER ROLE {role} SET work_mem = {work_mem};

-- name: mend_statistics
-- More about common values, so that a large tenant gets a plan of its own.
ALTER DATABASE {database} SET default_statistics_target = 1000;
ANALYZE {table};

-- name: mend_connections
-- At most so many sessions of this role at a time.
ALTER ROLE {role} CONNECTION LIMIT 20;

-- name: mend_time_limit
-- Its statements end after this time.
ALTER ROLE {role} SET statement_timeout = '30s';

-- name: mend_wal
-- Fewer full-page images: checkpoints further apart, images compressed.
ALTER SYSTEM SET max_wal_size = '4GB';
ALTER SYSTEM SET wal_compression = 'on';
SELECT pg_reload_conf();

-- name: mend_fewer_workers
-- Fewer parallel workers for each statement.
ALTER SYSTEM SET max_parallel_workers_per_gather = 0;
SELECT pg_reload_conf();
