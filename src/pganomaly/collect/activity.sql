-- name: activity
-- Clients at work or inside a transaction. Replication, autovacuum, backups and our own sessions are left out.
-- Only who waits for a lock is asked for its blockers: that question takes locks of its own. Before PostgreSQL 14, and while
-- it waits for a whole table, such a session has no query_id: its text says what it runs.
SELECT
       pg_catalog.clock_timestamp() AS sampled_at,
       a.pid,
       a.datid::bigint AS dbid,
       a.usesysid::bigint AS userid,
       {query_id} AS query_id,
       a.state,
       a.wait_event_type,
       a.wait_event,
       extract(epoch FROM pg_catalog.clock_timestamp() - a.query_start)::float8 AS query_age_s,
       extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8 AS transaction_age_s,
       CASE WHEN a.wait_event_type = 'Lock' THEN pg_catalog.pg_blocking_pids(a.pid) ELSE ARRAY[]::integer[] END AS blocked_by,
       CASE WHEN a.wait_event_type = 'Lock' AND {query_id} IS NULL THEN pg_catalog.left(a.query, 20000) END AS text
  FROM pg_catalog.pg_stat_activity a
 WHERE a.backend_type = 'client backend'
   AND a.state IN ('active', 'idle in transaction', 'idle in transaction (aborted)', 'fastpath function call')
   AND a.pid <> pg_catalog.pg_backend_pid()
   AND a.application_name <> ALL (%(ignored)s::text[])
 ORDER BY a.query_start
 LIMIT %(most)s;
