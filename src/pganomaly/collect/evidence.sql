-- name: abilities
-- Which views, columns and functions this server has: some came with 14, 16 and 17.
SELECT pg_catalog.to_regclass('pg_catalog.pg_stat_checkpointer') IS NOT NULL AS has_checkpointer,
       pg_catalog.to_regclass('pg_catalog.pg_stat_wal') IS NOT NULL AS has_wal,
       EXISTS (SELECT FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = 'pg_catalog.pg_stat_activity'::regclass AND a.attname = 'query_id') AS has_query_id,
       EXISTS (SELECT FROM pg_catalog.pg_attribute a
                WHERE a.attrelid = 'pg_catalog.pg_locks'::regclass AND a.attname = 'waitstart') AS has_waitstart,
       EXISTS (SELECT FROM pg_catalog.pg_proc p
                WHERE p.proname = 'pg_stat_get_lastscan'
                  AND p.pronamespace = 'pg_catalog'::regnamespace) AS has_lastscan;

-- name: life
-- The server's clock, the database, whether the server was started anew, and when it last read its settings.
SELECT pg_catalog.clock_timestamp() AS at,
       pg_catalog.current_database()::text AS database,
       pg_catalog.pg_postmaster_start_time() AS postmaster_start,
       pg_catalog.pg_conf_load_time() AS loaded_at,
       pg_catalog.pg_is_in_recovery() AS in_recovery;

-- name: control
-- The timeline, and when the last checkpoint began. Some clouds do not let us look.
SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN c.timeline_id
            ELSE ('x' || left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8))::bit(32)::integer
       END AS timeline,
       extract(epoch FROM pg_catalog.clock_timestamp() - c.checkpoint_time)::float8 AS checkpoint_ago_s
  FROM pg_catalog.pg_control_checkpoint() c;

-- name: settings
-- The server's settings as every new session gets them. Those that are texts may hold secrets: only a few by name.
SELECT s.name::text AS name, s.reset_val::text AS value, s.unit::text AS unit
  FROM pg_catalog.pg_settings s
 WHERE s.context <> 'internal' AND s.name <> ALL (%(volatile)s::text[])
   AND (s.vartype <> 'string' OR s.name = ANY (%(texts)s::text[]));

-- name: own_settings
-- Settings that our own role or this database has otherwise than the server.
SELECT DISTINCT split_part(c.setting, '=', 1) AS name
  FROM pg_catalog.pg_db_role_setting s
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
  LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
 CROSS JOIN LATERAL unnest(s.setconfig) AS c(setting)
 WHERE (s.setrole = 0 OR r.rolname = current_user)
   AND (s.setdatabase = 0 OR d.datname = pg_catalog.current_database());

-- name: scoped_settings
-- What ALTER ROLE and ALTER DATABASE have set for this database, of the settings whose values are no secret.
SELECT r.rolname::text AS role, d.datname::text AS database, split_part(c.setting, '=', 1) AS name,
       substr(c.setting, strpos(c.setting, '=') + 1) AS value
  FROM pg_catalog.pg_db_role_setting s
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
  LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
 CROSS JOIN LATERAL unnest(s.setconfig) AS c(setting)
 WHERE (s.setdatabase = 0 OR d.datname = pg_catalog.current_database())
   AND split_part(c.setting, '=', 1) = ANY (%(names)s::text[])
 LIMIT 1000;

-- name: checkpoints
-- Checkpoints of the whole server, cumulative. The view has another name from 17 on.
SELECT pg_catalog.clock_timestamp() AS at, to_jsonb(b) AS counts FROM {view} b;

-- name: wal
-- Write-ahead log of the whole server, cumulative (14 and later).
SELECT to_jsonb(w) AS counts FROM pg_catalog.pg_stat_wal w;

-- name: checkpointer
-- Whether a checkpoint is being written: its process has something to do or to wait for.
SELECT coalesce(bool_or(a.wait_event IS DISTINCT FROM 'CheckpointerMain'), false) AS running
  FROM pg_catalog.pg_stat_get_activity(NULL) a
 WHERE a.backend_type = 'checkpointer';

-- name: flow
-- What the statements of this database did, cumulative.
SELECT pg_catalog.clock_timestamp() AS at, to_jsonb(d) AS counts
  FROM pg_catalog.pg_stat_database d
 WHERE d.datname = pg_catalog.current_database();

-- name: candidates
-- Relations that a name in a statement may mean, in whatever schema. Names are compared as values, never run.
SELECT c.oid::bigint AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind = 'v' AS is_view
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relname = ANY (%(names)s::text[])
   AND c.relkind IN ('r', 'p', 'm', 'v') AND c.relpersistence <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema')
 ORDER BY c.relpages DESC
 LIMIT 500;

-- name: search_path
-- The search path of a role in this database: its own there, its own, the database's; no row where none is set.
SELECT substr(c.setting, length('search_path=') + 1) AS path
  FROM pg_catalog.pg_db_role_setting s
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
  LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
 CROSS JOIN LATERAL unnest(s.setconfig) AS c(setting)
 WHERE (s.setdatabase = 0 OR d.datname = pg_catalog.current_database())
   AND (s.setrole = 0 OR r.rolname = %(role)s::text)
   AND starts_with(c.setting, 'search_path=')
 ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC
 LIMIT 1;

-- name: tables_of_views
-- What is behind views, also behind views of views; the largest relations first.
WITH RECURSIVE base(oid, depth) AS (
    SELECT w.oid, 0 FROM unnest(%(oids)s::oid[]) AS w(oid)
     UNION
    SELECT d.refobjid, b.depth + 1
      FROM base b
      JOIN pg_catalog.pg_class v ON v.oid = b.oid AND v.relkind = 'v'
      JOIN pg_catalog.pg_rewrite r ON r.ev_class = b.oid
      JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
       AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> b.oid
     WHERE b.depth < 3
)
SELECT c.oid::bigint AS oid
  FROM base b
  JOIN pg_catalog.pg_class c ON c.oid = b.oid AND c.relkind <> 'v'
 GROUP BY c.oid, c.relpages
 ORDER BY c.relpages DESC
 LIMIT 100;

-- name: tables
-- Tables by oid, in that order, each with its partitions. Takes no lock on any of them: sizes are those of the
-- catalogue, rows those of the statistics.
WITH RECURSIVE root AS (
    SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name, w.place
      FROM unnest(%(oids)s::oid[]) WITH ORDINALITY AS w(oid, place)
      JOIN pg_catalog.pg_class c ON c.oid = w.oid AND c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       AND n.nspname NOT IN ('pg_catalog', 'information_schema')
     ORDER BY w.place
     LIMIT %(most)s::integer
), tree(root, oid) AS (
    SELECT r.oid, r.oid FROM root r
     UNION ALL
    SELECT t.root, i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid
), member AS (
    SELECT t.root, t.oid FROM tree t LIMIT %(most_partitions)s::integer
)
SELECT r.oid::bigint AS oid,
       r.name,
       pg_catalog.clock_timestamp() AS at,
       sum(greatest(c.relpages, 0))::bigint * current_setting('block_size')::bigint AS size_bytes,
       CASE WHEN bool_or(c.relkind <> 'p' AND c.reltuples < 0) THEN -1.0
            ELSE sum(greatest(c.reltuples, 0)) END::float8 AS rows,
       sum(pg_catalog.pg_stat_get_live_tuples(c.oid))::bigint AS live_rows,
       sum(pg_catalog.pg_stat_get_dead_tuples(c.oid))::bigint AS dead_rows,
       sum(pg_catalog.pg_stat_get_mod_since_analyze(c.oid))::bigint AS changed_since_analyze,
       max(greatest(pg_catalog.pg_stat_get_last_vacuum_time(c.oid),
                    pg_catalog.pg_stat_get_last_autovacuum_time(c.oid))) AS vacuumed_at,
       max(greatest(pg_catalog.pg_stat_get_last_analyze_time(c.oid),
                    pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid))) AS analyzed_at,
       sum(pg_catalog.pg_stat_get_numscans(c.oid))::float8 AS seq_scans,
       sum(pg_catalog.pg_stat_get_tuples_returned(c.oid))::float8 AS rows_read_by_seq,
       sum(pg_catalog.pg_stat_get_tuples_fetched(c.oid))::float8 AS rows_read_by_index,
       sum(pg_catalog.pg_stat_get_tuples_inserted(c.oid))::float8 AS inserted,
       sum(pg_catalog.pg_stat_get_tuples_updated(c.oid))::float8 AS updated,
       sum(pg_catalog.pg_stat_get_tuples_deleted(c.oid))::float8 AS deleted
  FROM root r
  JOIN member m ON m.root = r.oid
  JOIN pg_catalog.pg_class c ON c.oid = m.oid
 GROUP BY r.oid, r.name, r.place
 ORDER BY r.place;

-- name: indexes
-- Indexes of some tables, those of partitions added up. An invalid one that is being built now says so.
-- To print a definition PostgreSQL opens the table, and would wait where somebody holds it: not all are *printed*.
WITH RECURSIVE root AS (
    SELECT i.indexrelid, i.indrelid FROM pg_catalog.pg_index i WHERE i.indrelid = ANY (%(oids)s::oid[])
     LIMIT %(most_indexes)s::integer
), tree(root, oid) AS (
    SELECT r.indexrelid, r.indexrelid FROM root r
     UNION ALL
    SELECT t.root, h.inhrelid FROM tree t JOIN pg_catalog.pg_inherits h ON h.inhparent = t.oid
), member AS (
    SELECT t.root, t.oid FROM tree t LIMIT %(most_partitions)s::integer
)
SELECT i.indrelid::bigint AS table_oid,
       quote_ident(x.relname) AS name,
       CASE WHEN i.indrelid = ANY (%(printed)s::oid[]) THEN pg_catalog.pg_get_indexdef(i.indexrelid) END AS definition,
       i.indisunique AS unique,
       i.indisvalid AND i.indisready AND i.indislive AS valid,
       sum(greatest(c.relpages, 0))::bigint * current_setting('block_size')::bigint AS size_bytes,
       sum(pg_catalog.pg_stat_get_numscans(m.oid))::float8 AS scans,
       sum(pg_catalog.pg_stat_get_tuples_fetched(m.oid))::float8 AS rows_read,
       extract(epoch FROM pg_catalog.clock_timestamp() - max({last_scan}))::float8 AS unused_s,
       NOT i.indisvalid AND EXISTS (
           SELECT FROM pg_catalog.pg_stat_progress_create_index p
            WHERE p.datname = pg_catalog.current_database() AND p.index_relid = i.indexrelid) AS being_built
  FROM root r
  JOIN pg_catalog.pg_index i ON i.indexrelid = r.indexrelid
  JOIN pg_catalog.pg_class x ON x.oid = r.indexrelid
  JOIN member m ON m.root = r.indexrelid
  JOIN pg_catalog.pg_class c ON c.oid = m.oid
 GROUP BY i.indexrelid, i.indrelid, x.relname, i.indisunique, i.indisvalid, i.indisready, i.indislive
 ORDER BY x.relname;

-- name: exclusive
-- Who holds some tables so that nobody else may even read them, or waits to: whoever comes now stands behind.
SELECT l.relation::bigint AS oid, bool_or(l.granted) AS granted,
       array_agg(DISTINCT coalesce(l.pid, 0)) FILTER (WHERE l.granted) AS pids
  FROM pg_catalog.pg_locks l
 WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
   AND l.relation = ANY (%(oids)s::oid[])
 GROUP BY l.relation;

-- name: maintained
-- Tables of this database on which a vacuum or analyze works right now.
SELECT v.relid::bigint AS oid FROM pg_catalog.pg_stat_progress_vacuum v
 WHERE v.datname = pg_catalog.current_database() AND v.relid = ANY (%(oids)s::oid[])
 UNION
SELECT z.relid::bigint FROM pg_catalog.pg_stat_progress_analyze z
 WHERE z.datname = pg_catalog.current_database() AND z.relid = ANY (%(oids)s::oid[]);

-- name: sessions
-- Sessions at work or inside a transaction, and some others by number; those that wait for locks first, with whom they
-- wait for.
SELECT a.pid, a.datname::text AS database, a.usename::text AS role, a.application_name AS application, a.state,
       {query_id} AS query_id, {query} AS query, a.wait_event_type, a.wait_event,
       extract(epoch FROM pg_catalog.clock_timestamp() - a.query_start)::float8 AS query_age_s,
       extract(epoch FROM pg_catalog.clock_timestamp() - a.state_change)::float8 AS state_age_s,
       extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8 AS transaction_age_s,
       a.backend_type = 'client backend' AS is_client,
       a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL AS holds_back_vacuum,
       CASE WHEN a.wait_event_type = 'Lock' THEN pg_catalog.pg_blocking_pids(a.pid) ELSE ARRAY[]::integer[] END AS blocked_by
  FROM pg_catalog.pg_stat_activity a
 WHERE a.pid <> pg_catalog.pg_backend_pid()
   AND (a.state <> 'idle' AND a.backend_type <> 'walsender' AND a.application_name <> %(ours)s::text
        OR a.pid = ANY (%(also)s::integer[]))
 ORDER BY a.wait_event_type = 'Lock' DESC NULLS LAST, a.xact_start
 LIMIT %(most)s::integer;

-- name: lock_waits
-- What some sessions wait for. Who waits for a row holds the row's turn: that names the table.
SELECT l.pid, l.granted, l.locktype AS lock, l.mode,
       quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS table,
       {waited} AS wait_s
  FROM pg_catalog.pg_locks l
  LEFT JOIN pg_catalog.pg_class c
    ON c.oid = l.relation
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE l.pid = ANY (%(pids)s::integer[]) AND (NOT l.granted OR l.locktype = 'tuple')
 LIMIT 1000;

-- name: crowd
-- How many sessions there are, and how many there may be.
SELECT count(*) FILTER (WHERE a.state = 'active')::integer AS active,
       count(*) FILTER (WHERE a.state IN ('idle in transaction', 'idle in transaction (aborted)'))::integer AS idle_in_transaction,
       count(*) FILTER (WHERE a.wait_event_type = 'Lock')::integer AS waiting_for_locks,
       count(*)::integer AS total,
       current_setting('max_connections')::integer AS max_connections
  FROM pg_catalog.pg_stat_get_activity(NULL) a
 WHERE a.backend_type = 'client backend' AND a.pid <> pg_catalog.pg_backend_pid();

-- name: look
-- What active sessions wait for at this moment, counted.
SELECT {query_id} AS query_id, {text} AS query, a.wait_event_type AS type, a.wait_event AS event, count(*)::integer AS seen
  FROM pg_catalog.pg_stat_get_activity(NULL) a
 WHERE a.state = 'active' AND a.backend_type = 'client backend' AND a.pid <> pg_catalog.pg_backend_pid()
   AND a.application_name <> %(ours)s::text
 GROUP BY 1, 2, 3, 4
 ORDER BY 5 DESC
 LIMIT %(most)s::integer;
