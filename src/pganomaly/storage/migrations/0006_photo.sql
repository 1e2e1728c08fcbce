-- Why:    raw rows are stored for what moved only; this shows every entry as it stood at any moment.
-- Locks:  none that anybody waits for: a new function.

-- The last moment of every key is found first, so that wide rows are never sorted. "IS TRUE" keeps the planner from making
-- a join of it: with statistics that lag behind, as they do for today's partition, it would take a nested loop.
CREATE FUNCTION monitoring.pgss_snapshot(ts timestamptz, instance_id integer DEFAULT 1)
    RETURNS SETOF monitoring.pgss_snapshots_raw
    LANGUAGE sql STABLE
    SET work_mem = '64MB'
AS $$
    SELECT r.*
      FROM monitoring.pgss_snapshots_raw r
     WHERE r.instance_id = $2
       AND r.gone IS NOT TRUE
       AND r.uncalled IS NOT FALSE
       AND r.snapshot_ts <= $1
       AND r.snapshot_ts >= (SELECT max(s.snapshot_ts) FROM monitoring.snapshots s
                              WHERE s.instance_id = $2 AND s.whole AND s.snapshot_ts <= $1)
       AND ((r.dbid, r.userid, r.queryid, r.toplevel, r.snapshot_ts) IN (
            SELECT k.dbid, k.userid, k.queryid, k.toplevel, max(k.snapshot_ts)
              FROM monitoring.pgss_snapshots_raw k
             WHERE k.instance_id = $2
               AND k.uncalled IS NOT FALSE
               AND k.snapshot_ts <= $1
               AND k.snapshot_ts >= (SELECT max(s.snapshot_ts) FROM monitoring.snapshots s
                                      WHERE s.instance_id = $2 AND s.whole AND s.snapshot_ts <= $1)
             GROUP BY k.dbid, k.userid, k.queryid, k.toplevel)) IS TRUE
$$;
COMMENT ON FUNCTION monitoring.pgss_snapshot(timestamptz, integer) IS
    'Every entry of one server as it stood at that moment: its newest row at or before it.';
