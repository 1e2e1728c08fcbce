-- name: put_queries
-- Who statements are. What is known already keeps its first moment; a text that became readable replaces the state.
INSERT INTO monitoring.queries AS q
       (instance_id, dbid, userid, queryid, toplevel, text_state, fingerprint, verb, tables, is_system, is_own,
        query_md5, text_ts, database_name, role_name, first_seen_ts, last_seen_ts)
SELECT %(instance_id)s::smallint, n.dbid, n.userid, n.queryid, n.toplevel, n.text_state, n.fingerprint, n.verb,
       n.tables::text[], n.is_system, n.is_own, n.query_md5, CASE WHEN n.text_state = 'read' THEN %(at)s::timestamptz END,
       n.database_name, n.role_name, %(at)s::timestamptz, %(at)s::timestamptz
  FROM unnest(%(dbid)s::bigint[]::oid[], %(userid)s::bigint[]::oid[], %(queryid)s::bigint[], %(toplevel)s::boolean[],
              %(text_state)s::text[], %(fingerprint)s::text[], %(verb)s::text[], %(tables)s::text[],
              %(is_system)s::boolean[], %(is_own)s::boolean[], %(query_md5)s::text[],
              %(database_name)s::text[], %(role_name)s::text[])
       AS n (dbid, userid, queryid, toplevel, text_state, fingerprint, verb, tables, is_system, is_own,
             query_md5, database_name, role_name)
    ON CONFLICT (instance_id, dbid, userid, queryid, toplevel) DO UPDATE
   SET text_state = excluded.text_state, fingerprint = excluded.fingerprint, verb = excluded.verb,
       tables = excluded.tables, is_system = excluded.is_system, is_own = excluded.is_own,
       query_md5 = excluded.query_md5, text_ts = excluded.text_ts,
       database_name = coalesce(excluded.database_name, q.database_name),
       role_name = coalesce(excluded.role_name, q.role_name), last_seen_ts = excluded.last_seen_ts
 WHERE excluded.text_state = 'read' OR q.text_state <> 'read';

-- name: put_texts
-- What texts look like, written only where a text is new or another than before (by md5).
INSERT INTO monitoring.query_lex_features AS l
       (instance_id, dbid, userid, queryid, query_text, query_md5, {lexical}, first_seen_ts, last_seen_ts)
SELECT DISTINCT ON (n.dbid, n.userid, n.queryid)
       %(instance_id)s::smallint, n.dbid, n.userid, n.queryid, n.query_text, n.query_md5, {selected},
       %(at)s::timestamptz, %(at)s::timestamptz
  FROM unnest(%(dbid)s::bigint[]::oid[], %(userid)s::bigint[]::oid[], %(queryid)s::bigint[], %(query_text)s::text[],
              %(query_md5)s::text[], {arrays})
       AS n (dbid, userid, queryid, query_text, query_md5, {lexical})
    ON CONFLICT (instance_id, dbid, userid, queryid) DO UPDATE
   SET query_text = excluded.query_text, query_md5 = excluded.query_md5, {updates},
       last_seen_ts = excluded.last_seen_ts
 WHERE l.query_md5 IS DISTINCT FROM excluded.query_md5;

-- name: known
-- Every statement that has been looked at, with its text where it could be read. A text that was read, but never made it
-- into query_lex_features before its raw row went, is not known: it is read again.
SELECT q.dbid, q.userid, q.queryid, q.toplevel, q.text_state, l.query_text, q.first_seen_ts, q.database_name, q.role_name
  FROM monitoring.queries q
  LEFT JOIN monitoring.query_lex_features l USING (instance_id, dbid, userid, queryid)
 WHERE q.instance_id = %(instance_id)s::smallint
   AND (q.text_state <> 'read' OR l.query_text IS NOT NULL OR q.text_ts > now() - interval '20 hours');

-- name: read_texts
-- Statements whose texts were read and are still here, with lexical features or in a raw row: not to be read again.
SELECT q.dbid, q.userid, q.queryid, q.toplevel
  FROM monitoring.queries q
  LEFT JOIN monitoring.query_lex_features l USING (instance_id, dbid, userid, queryid)
 WHERE q.instance_id = %(instance_id)s::smallint
   AND q.text_state = 'read'
   AND (l.queryid IS NOT NULL OR q.text_ts > now() - interval '20 hours');

-- name: whole_tables
-- Tables that grew a moment ago have no statistics yet, and a nested loop over them would take minutes.
SELECT set_config('enable_nestloop', 'off', true);

-- name: undescribed
-- Texts whose lexical features are missing or of another text, out of the raw rows that brought them.
SELECT DISTINCT ON (r.dbid, r.userid, r.queryid, r.toplevel)
       r.dbid, r.userid, r.queryid, r.toplevel, r.query_text, r.snapshot_ts
  FROM monitoring.queries q
  LEFT JOIN monitoring.query_lex_features l USING (instance_id, dbid, userid, queryid)
  JOIN monitoring.pgss_snapshots_raw r
    ON r.instance_id = q.instance_id AND r.snapshot_ts = q.text_ts AND r.queryid = q.queryid
   AND r.dbid = q.dbid AND r.userid = q.userid AND r.toplevel = q.toplevel AND r.query_text IS NOT NULL
 WHERE q.instance_id = %(instance_id)s::smallint
   AND q.text_state = 'read'
   AND l.query_md5 IS DISTINCT FROM q.query_md5
 ORDER BY r.dbid, r.userid, r.queryid, r.toplevel;

-- name: seen
-- When statements ran last, from the windows of an hour.
UPDATE monitoring.queries q
   SET last_seen_ts = d.last_ts
  FROM (SELECT dbid, userid, queryid, toplevel, max(window_end) AS last_ts
          FROM monitoring.pgss_deltas
         WHERE instance_id = %(instance_id)s::smallint
           AND window_end > %(since)s::timestamptz AND window_end <= %(upto)s::timestamptz
         GROUP BY dbid, userid, queryid, toplevel) d
 WHERE q.instance_id = %(instance_id)s::smallint AND q.dbid = d.dbid AND q.userid = d.userid
   AND q.queryid = d.queryid AND q.toplevel = d.toplevel AND q.last_seen_ts < d.last_ts;

-- name: texts_seen
-- The same for texts, from their statements.
UPDATE monitoring.query_lex_features l
   SET last_seen_ts = q.last_ts
  FROM (SELECT dbid, userid, queryid, max(last_seen_ts) AS last_ts
          FROM monitoring.queries
         WHERE instance_id = %(instance_id)s::smallint
         GROUP BY dbid, userid, queryid) q
 WHERE l.instance_id = %(instance_id)s::smallint AND l.dbid = q.dbid AND l.userid = q.userid
   AND l.queryid = q.queryid AND l.last_seen_ts < q.last_ts;
