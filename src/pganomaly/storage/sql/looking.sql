-- For people who look: what was told of an incident, and what one statement did.

-- name: told
-- Everything that was told of one incident, in order.
SELECT message_id, kind, about, blocks
  FROM monitoring.outbox
 WHERE instance_id = %(instance_id)s::smallint AND about = %(about)s::text
 ORDER BY position;

-- name: named
-- The statements of a queryid, by whom and where they run, with their text where it is known.
SELECT q.dbid, q.userid, q.queryid, q.toplevel, q.text_state, l.query_text, q.database_name, q.role_name,
       q.first_seen_ts, q.last_seen_ts
  FROM monitoring.queries q
  LEFT JOIN monitoring.query_lex_features l USING (instance_id, dbid, userid, queryid)
 WHERE q.instance_id = %(instance_id)s::smallint AND q.queryid = %(queryid)s::bigint
 ORDER BY q.last_seen_ts DESC, q.dbid, q.userid, q.toplevel DESC;

-- name: lately
-- What one statement did in its last windows since a moment, newest first.
SELECT f.window_end, f.calls_per_sec, f.exec_time_per_call_ms, f.rows_per_call, f.blocks_per_call,
       f.shared_read_per_call, f.exec_ms_per_sec
  FROM monitoring.features_windows f
 WHERE f.instance_id = %(instance_id)s::smallint AND f.window_end > %(since)s::timestamptz
   AND f.dbid = %(dbid)s::bigint::oid AND f.userid = %(userid)s::bigint::oid
   AND f.queryid = %(queryid)s::bigint AND f.toplevel = %(toplevel)s::boolean
 ORDER BY f.window_end DESC
 LIMIT %(most)s::bigint;
