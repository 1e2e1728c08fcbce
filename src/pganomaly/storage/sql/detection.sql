-- name: put_scores
-- Anomalous windows of statements, as one document: no driver has to quote thousands of figures. Scoring the same window
-- again replaces the verdict.
INSERT INTO monitoring.anomaly_scores
       (instance_id, model_version, window_start, window_end, dbid, userid, queryid, toplevel, anomaly_score, surprise,
        detector, features)
SELECT %(instance_id)s::smallint, %(model_version)s::text, n.window_start, n.window_end, n.dbid, n.userid, n.queryid,
       n.toplevel, n.anomaly_score, n.surprise, n.detector, n.features
  FROM jsonb_to_recordset(%(findings)s::jsonb)
       AS n (window_start timestamptz, window_end timestamptz, dbid oid, userid oid, queryid bigint, toplevel boolean,
             anomaly_score double precision, surprise double precision, detector text, features jsonb)
    ON CONFLICT (instance_id, model_version, window_end, dbid, userid, queryid, toplevel) DO UPDATE
   SET anomaly_score = excluded.anomaly_score, surprise = excluded.surprise, detector = excluded.detector,
       features = excluded.features, scored_at = excluded.scored_at;

-- name: put_incident
-- An incident as it stands. What people did to it (state, author) is theirs: only its end changes the state.
INSERT INTO monitoring.incidents AS i
       (instance_id, incident_id, dbid, userid, queryid, toplevel, kind, onset, opened_at, told, peak, impact, reasons,
        last_odd_at, windows_odd, calm_windows, closed_at, drift_announced, query, causes, state)
VALUES (%(instance_id)s::smallint, %(incident_id)s::text, %(dbid)s::bigint::oid, %(userid)s::bigint::oid,
        %(queryid)s::bigint, %(toplevel)s::boolean, %(kind)s::text, %(onset)s::timestamptz,
        %(opened_at)s::timestamptz, %(told)s::boolean, %(peak)s::double precision, %(impact)s::double precision,
        %(reasons)s::jsonb, %(last_odd_at)s::timestamptz, %(windows_odd)s::integer, %(calm_windows)s::integer,
        %(closed_at)s::timestamptz, %(drift_announced)s::boolean, %(query)s::text, %(causes)s::jsonb,
        CASE WHEN %(closed_at)s::timestamptz IS NULL THEN 'open' ELSE 'resolved' END)
    ON CONFLICT (instance_id, incident_id) DO UPDATE
   SET told = excluded.told OR i.told, peak = excluded.peak, impact = excluded.impact, reasons = excluded.reasons,
       last_odd_at = excluded.last_odd_at, windows_odd = excluded.windows_odd, calm_windows = excluded.calm_windows,
       closed_at = excluded.closed_at, drift_announced = excluded.drift_announced,
       query = coalesce(excluded.query, i.query), causes = excluded.causes, updated_at = now(),
       state = CASE WHEN excluded.closed_at IS NULL OR i.state = 'accepted' THEN i.state ELSE 'resolved' END;

-- name: put_members
-- Statements belong to an incident.
INSERT INTO monitoring.incident_members
       (instance_id, incident_id, dbid, userid, queryid, toplevel, joined_at)
SELECT %(instance_id)s::smallint, %(incident_id)s::text, n.dbid, n.userid, n.queryid, n.toplevel, n.joined_at
  FROM unnest(%(dbid)s::bigint[]::oid[], %(userid)s::bigint[]::oid[], %(queryid)s::bigint[], %(toplevel)s::boolean[],
              %(joined_at)s::timestamptz[]) AS n (dbid, userid, queryid, toplevel, joined_at)
    ON CONFLICT DO NOTHING;

-- name: put_event
-- A step in the life of an incident, and who took it.
INSERT INTO monitoring.incident_events (instance_id, incident_id, at, kind, author, details)
VALUES (%(instance_id)s::smallint, %(incident_id)s::text, %(at)s::timestamptz, %(kind)s::text, %(author)s::text,
        %(details)s::jsonb)
    ON CONFLICT DO NOTHING;

-- name: incidents
-- Incidents that were open at any time since a moment, newest first; only open ones without a moment.
SELECT incident_id, dbid, userid, queryid, toplevel, kind, onset, opened_at, told, peak, impact, reasons,
       last_odd_at, windows_odd, calm_windows, closed_at, drift_announced, query, causes,
       ARRAY(SELECT jsonb_build_array(m.dbid::bigint, m.userid::bigint, m.queryid::text, m.toplevel,
                                      (extract(epoch FROM m.joined_at) * 1000000)::bigint::text)
               FROM monitoring.incident_members AS m
              WHERE m.instance_id = incidents.instance_id AND m.incident_id = incidents.incident_id) AS members
  FROM monitoring.incidents
 WHERE instance_id = %(instance_id)s::smallint
   AND (closed_at IS NULL OR closed_at >= %(since)s::timestamptz)
 ORDER BY opened_at DESC, incident_id;

-- name: state
-- How far detection is. No end means: everything again, and nothing that ended before updated_at is told.
SELECT last_window_end, bad_runs_streak, updated_at,
       CASE WHEN last_window_end IS NULL THEN updated_at ELSE told_after END AS told_after
  FROM monitoring.detector_state
 WHERE id = %(instance_id)s::smallint;

-- name: put_state
-- Move watermark and streak, unless somebody has reset them since they were read.
UPDATE monitoring.detector_state
   SET told_after = CASE WHEN last_window_end IS NULL THEN updated_at ELSE told_after END,
       last_window_end = %(last_window_end)s::timestamptz, bad_runs_streak = %(streak)s::integer,
       updated_at = clock_timestamp()
 WHERE id = %(instance_id)s::smallint
   AND updated_at = coalesce(%(seen_at)s::timestamptz, updated_at)
RETURNING last_window_end, bad_runs_streak, updated_at, told_after;

-- name: reset_state
-- Score everything again; nothing that has ended by now is told.
UPDATE monitoring.detector_state
   SET last_window_end = NULL, bad_runs_streak = 0, updated_at = clock_timestamp()
 WHERE id = %(instance_id)s::smallint;

-- name: put_checkpoint
-- What the engine remembers after a window; one per instance.
INSERT INTO monitoring.checkpoints (instance_id, window_end, saved_at, payload)
VALUES (%(instance_id)s::smallint, %(window_end)s::timestamptz, clock_timestamp(), %(payload)s::bytea)
    ON CONFLICT (instance_id) DO UPDATE
   SET window_end = excluded.window_end, saved_at = excluded.saved_at, payload = excluded.payload;

-- name: checkpoint
-- What the engine remembered last.
SELECT window_end, saved_at, payload
  FROM monitoring.checkpoints
 WHERE instance_id = %(instance_id)s::smallint;

-- name: drop_checkpoint
-- Forget what the engine remembered.
DELETE FROM monitoring.checkpoints
 WHERE instance_id = %(instance_id)s::smallint;
