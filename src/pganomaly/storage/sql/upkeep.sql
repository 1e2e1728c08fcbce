-- name: relations
-- Every table of ours with its bytes, indexes and TOAST included; a partition counts for its parent.
SELECT coalesce(p.relname, c.relname)::text AS name, sum(pg_total_relation_size(c.oid))::bigint AS bytes
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'monitoring'
  LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
  LEFT JOIN pg_class p ON p.oid = i.inhparent
 WHERE c.relkind = 'r'
 GROUP BY 1
 ORDER BY 1;

-- name: needed_raw
-- From the newest whole snapshot of an instance to its newest one: these days of raw rows are never dropped.
SELECT max(snapshot_ts) FILTER (WHERE whole) AS low, max(snapshot_ts) AS high
  FROM monitoring.snapshots
 GROUP BY instance_id
HAVING bool_or(whole);

-- name: unsummarised
-- BRIN indexes of the partitions that are being written: what came since the last time is not in them yet.
SELECT i.indexrelid::bigint
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_am a ON a.oid = c.relam AND a.amname = 'brin'
  JOIN pg_class t ON t.oid = i.indrelid AND t.relkind = 'r'
  JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'monitoring'
 WHERE t.relname = ANY (%(names)s::text[]);

-- name: summarise
-- Take new pages into a BRIN index, so that a reader of one window skips them.
SELECT brin_summarize_new_values(%(index)s::bigint::oid::regclass);

-- name: forget_snapshots
-- Headers that no row refers to any more; the newest whole one of an instance and what follows it stays.
DELETE FROM monitoring.snapshots s
 WHERE s.snapshot_ts < %(before)s::timestamptz
   AND s.snapshot_ts < (SELECT max(w.snapshot_ts) FROM monitoring.snapshots w
                         WHERE w.instance_id = s.instance_id AND w.whole);

-- name: forget_incidents
-- Closed incidents that nobody asks about any more, with their members and events.
DELETE FROM monitoring.incidents WHERE closed_at < %(before)s::timestamptz;

-- name: forget_messages
-- Messages that every channel has or has given up.
DELETE FROM monitoring.outbox o
 WHERE o.created_at < %(before)s::timestamptz
   AND NOT EXISTS (SELECT FROM monitoring.deliveries d WHERE d.message_id = o.message_id AND d.state = 'pending');

-- name: forget_queries
-- Statements that have not run for long; should they run again, they are looked at again.
DELETE FROM monitoring.queries WHERE last_seen_ts < %(before)s::timestamptz;

-- name: forget_texts
-- Texts of such statements.
DELETE FROM monitoring.query_lex_features WHERE last_seen_ts < %(before)s::timestamptz;

-- name: next_hour
-- The next hour that is over and not rolled up: one of its windows is stored, a later one is too, and none before
-- waits for its deltas.
SELECT date_trunc('hour', min(s.snapshot_ts) - interval '1 microsecond') AS hour
  FROM monitoring.snapshots s
  JOIN monitoring.instances i USING (instance_id)
 WHERE s.instance_id = %(instance_id)s::smallint
   AND s.window_start IS NOT NULL
   AND s.snapshot_ts > coalesce(i.rolled_up_to, '-infinity')
HAVING max(s.snapshot_ts) > date_trunc('hour', min(s.snapshot_ts) - interval '1 microsecond') + interval '1 hour'
   AND coalesce(min(s.snapshot_ts) FILTER (WHERE s.deltas_at IS NULL), 'infinity')
       > date_trunc('hour', min(s.snapshot_ts) - interval '1 microsecond') + interval '1 hour';

-- name: advance_hour
-- An hour is rolled up, once: no row changes where it was before.
UPDATE monitoring.instances
   SET rolled_up_to = %(upto)s::timestamptz
 WHERE instance_id = %(instance_id)s::smallint AND coalesce(rolled_up_to, '-infinity') < %(upto)s::timestamptz;

-- name: roll_up
-- The windows that end in an hour, added up per statement.
INSERT INTO monitoring.rollups
       (instance_id, hour_start, dbid, userid, queryid, toplevel, windows, length_s, calls, total_exec_time,
        exec_squares, rows, shared_blks_hit, shared_blks_read, shared_blks_dirtied, temp_blks_read, temp_blks_written,
        wal_bytes, total_plan_time, io_read_ms, ln_ms, ln_ms_squares, slowest_ms)
SELECT %(instance_id)s::smallint, %(since)s::timestamptz, d.dbid, d.userid, d.queryid, d.toplevel, count(*),
       sum(extract(epoch FROM d.window_end - d.window_start)), sum(d.calls_delta), sum(d.total_exec_time_delta),
       CASE WHEN count(d.exec_m2_delta) = count(*)
            THEN sum(d.exec_m2_delta + d.total_exec_time_delta * d.total_exec_time_delta / d.calls_delta) END,
       sum(d.rows_delta), sum(d.shared_blks_hit_delta), sum(d.shared_blks_read_delta), sum(d.shared_blks_dirtied_delta),
       sum(d.temp_blks_read_delta), sum(d.temp_blks_written_delta), sum(d.wal_bytes_delta),
       sum(d.total_plan_time_delta), sum(d.io_read_ms_delta),
       sum(ln(greatest(d.total_exec_time_delta / d.calls_delta, 1e-6))),
       sum(ln(greatest(d.total_exec_time_delta / d.calls_delta, 1e-6)) ^ 2),
       max(d.total_exec_time_delta / d.calls_delta)
  FROM monitoring.pgss_deltas d
 WHERE d.instance_id = %(instance_id)s::smallint
   AND d.window_end > %(since)s::timestamptz AND d.window_end <= %(upto)s::timestamptz
   AND d.calls_delta > 0
 GROUP BY d.dbid, d.userid, d.queryid, d.toplevel;
