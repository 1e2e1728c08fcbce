-- The three big tables are read by COPY, which takes no parameters: what to read is said by settings of the transaction.
-- So every text is the same each time, and pg_stat_statements (of a store that is watched itself) keeps one entry each.

-- name: range
-- What the following reads are about: an instance, and moments from (included) to upto (included).
SELECT set_config('pganomaly.instance', %(instance_id)s::text, true),
       set_config('pganomaly.since', coalesce(%(since)s::timestamptz::text, '-infinity'), true),
       set_config('pganomaly.upto', coalesce(%(upto)s::timestamptz::text, 'infinity'), true),
       set_config('work_mem', '64MB', true);

-- name: raw_rows
-- Raw rows of a range of moments, as they are stored.
SELECT {columns}
  FROM monitoring.pgss_snapshots_raw r
 WHERE r.instance_id = (SELECT current_setting('pganomaly.instance')::smallint)
   AND r.snapshot_ts BETWEEN (SELECT current_setting('pganomaly.since')::timestamptz)
                         AND (SELECT current_setting('pganomaly.upto')::timestamptz)
   AND r.uncalled IS NOT FALSE
 ORDER BY r.snapshot_ts;

-- name: photo_rows
-- Every entry as it stood at a moment.
SELECT {columns}
  FROM monitoring.pgss_snapshot((SELECT current_setting('pganomaly.upto')::timestamptz),
                                (SELECT current_setting('pganomaly.instance')::integer)) r;

-- name: reference_rows
-- For every entry the newest row at or before a moment in which a call was counted, or that was its first: what the next
-- delta counts from. A whole snapshot carries copies of these rows, so nothing before it is looked at.
SELECT {columns}
  FROM monitoring.pgss_snapshots_raw r
 WHERE r.instance_id = (SELECT current_setting('pganomaly.instance')::smallint)
   AND r.uncalled IS NOT TRUE
   AND r.gone IS NOT TRUE
   AND r.snapshot_ts BETWEEN (SELECT current_setting('pganomaly.since')::timestamptz)
                         AND (SELECT current_setting('pganomaly.upto')::timestamptz)
   AND ((r.dbid, r.userid, r.queryid, r.toplevel, r.snapshot_ts) IN (
        SELECT k.dbid, k.userid, k.queryid, k.toplevel, max(k.snapshot_ts)
          FROM monitoring.pgss_snapshots_raw k
         WHERE k.instance_id = (SELECT current_setting('pganomaly.instance')::smallint)
           AND k.uncalled IS NOT TRUE
           AND k.snapshot_ts BETWEEN (SELECT current_setting('pganomaly.since')::timestamptz)
                                 AND (SELECT current_setting('pganomaly.upto')::timestamptz)
         GROUP BY k.dbid, k.userid, k.queryid, k.toplevel)) IS TRUE;

-- name: delta_rows
-- The deltas of a range of windows.
SELECT {columns}
  FROM monitoring.pgss_deltas r
 WHERE r.instance_id = (SELECT current_setting('pganomaly.instance')::smallint)
   AND r.window_end BETWEEN (SELECT current_setting('pganomaly.since')::timestamptz)
                        AND (SELECT current_setting('pganomaly.upto')::timestamptz)
 ORDER BY r.window_end;

-- name: whole_before
-- The last whole snapshot at or before a moment.
SELECT max(snapshot_ts)
  FROM monitoring.snapshots
 WHERE instance_id = %(instance_id)s::smallint AND whole AND snapshot_ts <= %(upto)s::timestamptz;

-- name: trainable
-- Windows of full quality whose features are stored.
SELECT snapshot_ts, statements
  FROM monitoring.snapshots
 WHERE instance_id = %(instance_id)s::smallint AND snapshot_ts > %(since)s::timestamptz
   AND features_at IS NOT NULL AND quality = 'ok' AND statements > 0;

-- name: by_hash
-- Statistics may lag behind: a nested loop over thousands of texts is never worth its risk here.
SELECT set_config('enable_nestloop', 'off', true);

-- name: sample_rows
-- What a model may learn from in one window: business statements whose deltas are beyond doubt.
SELECT {columns}
  FROM monitoring.features_with_lex r
  LEFT JOIN monitoring.queries q USING (instance_id, dbid, userid, queryid, toplevel)
 WHERE r.instance_id = (SELECT current_setting('pganomaly.instance')::smallint)
   AND r.window_end BETWEEN (SELECT current_setting('pganomaly.since')::timestamptz)
                        AND (SELECT current_setting('pganomaly.upto')::timestamptz)
   AND NOT r.doubtful
   AND q.is_system IS NOT TRUE
   AND q.is_own IS NOT TRUE;
