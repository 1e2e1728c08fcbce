-- name: last_snapshot
-- The newest snapshot of an instance: its number, its moment, and how long the walk to the last whole one is.
SELECT snapshot_id, snapshot_ts, rows_since_whole
  FROM monitoring.snapshots
 WHERE instance_id = %(instance_id)s::smallint
 ORDER BY snapshot_ts DESC
 LIMIT 1;

-- name: add_snapshot
-- One more snapshot. No row comes of it where this moment is stored already.
INSERT INTO monitoring.snapshots
       (instance_id, snapshot_id, snapshot_ts, whole, window_start, server_clock, interval_s, system_identifier,
        timeline, in_recovery, postmaster_start, stats_reset, dealloc, entries, entries_max, hidden, stored,
        rows_since_whole, cost)
VALUES (%(instance_id)s::smallint, %(snapshot_id)s::integer, %(snapshot_ts)s::timestamptz, %(whole)s::boolean,
        %(window_start)s::timestamptz, %(server_clock)s::timestamptz, %(interval_s)s::double precision,
        %(system_identifier)s::bigint, %(timeline)s::integer, %(in_recovery)s::boolean,
        %(postmaster_start)s::timestamptz, %(stats_reset)s::timestamptz, %(dealloc)s::bigint, %(entries)s::integer,
        %(entries_max)s::integer, %(hidden)s::integer, %(stored)s::integer, %(rows_since_whole)s::bigint,
        %(cost)s::jsonb)
    ON CONFLICT (instance_id, snapshot_ts) DO NOTHING;

-- name: close_window
-- The deltas of a window are stored, in the same transaction, so never twice: no row comes where they were. What comes says
-- whether the window begins at the snapshot before; where it does not, something would be counted twice, or never.
UPDATE monitoring.snapshots
   SET length_s = %(length_s)s::double precision, quality = %(quality)s::text, statements = %(statements)s::integer,
       deltas_at = clock_timestamp(),
       features_at = CASE WHEN %(with_features)s::boolean THEN clock_timestamp() END
 WHERE instance_id = %(instance_id)s::smallint AND snapshot_ts = %(window_end)s::timestamptz AND deltas_at IS NULL
RETURNING window_start IS NOT DISTINCT FROM %(window_start)s::timestamptz AS in_place;

-- name: close_features
-- The features of a window are stored. No row changes where they were, or where its deltas still wait.
UPDATE monitoring.snapshots
   SET features_at = clock_timestamp()
 WHERE instance_id = %(instance_id)s::smallint AND snapshot_ts = %(window_end)s::timestamptz
   AND features_at IS NULL AND deltas_at IS NOT NULL;

-- name: close_detection
-- Everything up to the watermark is judged.
UPDATE monitoring.snapshots
   SET detected_at = clock_timestamp()
 WHERE instance_id = %(instance_id)s::smallint AND snapshot_ts <= %(window_end)s::timestamptz
   AND detected_at IS NULL AND window_start IS NOT NULL AND features_at IS NOT NULL;

-- name: headers
-- Snapshots in their order, from one moment on (excluded) up to another (included).
SELECT snapshot_id, snapshot_ts, whole, window_start, length_s, quality, server_clock, interval_s,
       system_identifier, timeline, in_recovery, postmaster_start, stats_reset, dealloc, entries, entries_max, hidden,
       stored, statements, rows_since_whole, deltas_at, features_at, detected_at, cost
  FROM monitoring.snapshots
 WHERE instance_id = %(instance_id)s::smallint
   AND snapshot_ts > coalesce(%(after)s::timestamptz, '-infinity')
   AND snapshot_ts <= coalesce(%(upto)s::timestamptz, 'infinity')
 ORDER BY snapshot_ts
 LIMIT coalesce(%(most)s::bigint, 9223372036854775807);

-- name: newest_headers
-- The last snapshots, newest first.
SELECT snapshot_id, snapshot_ts, whole, window_start, length_s, quality, server_clock, interval_s,
       system_identifier, timeline, in_recovery, postmaster_start, stats_reset, dealloc, entries, entries_max, hidden,
       stored, statements, rows_since_whole, deltas_at, features_at, detected_at, cost
  FROM monitoring.snapshots
 WHERE instance_id = %(instance_id)s::smallint
   AND snapshot_ts < coalesce(%(before)s::timestamptz, 'infinity')
 ORDER BY snapshot_ts DESC
 LIMIT %(most)s::bigint;

-- name: first_without_deltas
-- Where building deltas goes on.
SELECT min(snapshot_ts)
  FROM monitoring.snapshots
 WHERE instance_id = %(instance_id)s::smallint AND deltas_at IS NULL AND window_start IS NOT NULL;

-- name: first_without_features
-- Where building features goes on, and before which detection has to stop.
SELECT min(snapshot_ts)
  FROM monitoring.snapshots
 WHERE instance_id = %(instance_id)s::smallint AND features_at IS NULL AND window_start IS NOT NULL;

-- name: backlog
-- How many windows wait for each stage.
SELECT count(*) FILTER (WHERE deltas_at IS NULL) AS deltas,
       count(*) FILTER (WHERE features_at IS NULL) AS features,
       count(*) FILTER (WHERE detected_at IS NULL) AS detection
  FROM monitoring.snapshots
 WHERE instance_id = %(instance_id)s::smallint AND window_start IS NOT NULL
   AND (deltas_at IS NULL OR features_at IS NULL OR detected_at IS NULL);
