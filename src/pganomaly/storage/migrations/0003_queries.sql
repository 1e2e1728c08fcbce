-- Why:    what the SQL texts look like, each stored once and redacted, and the data set that training reads.
-- Locks:  none that anybody waits for: new tables only.

CREATE TABLE monitoring.queries (
    instance_id    smallint    NOT NULL,
    toplevel       boolean     NOT NULL,
    is_system      boolean     NOT NULL,
    is_own         boolean     NOT NULL,
    dbid           oid         NOT NULL,
    userid         oid         NOT NULL,
    queryid        bigint      NOT NULL,
    first_seen_ts  timestamptz NOT NULL,
    last_seen_ts   timestamptz NOT NULL,
    text_state     text        NOT NULL CHECK (text_state IN ('read', 'hidden', 'unreadable')),
    text_ts        timestamptz,
    query_md5      text,
    fingerprint    text,
    verb           text,
    tables         text[]      NOT NULL,
    database_name  text,
    role_name      text,
    PRIMARY KEY (instance_id, dbid, userid, queryid, toplevel)
) WITH (fillfactor = 80);
COMMENT ON TABLE monitoring.queries IS 'Who a statement is: its family, its tables, whose it is. The text is in query_lex_features.';
COMMENT ON COLUMN monitoring.queries.text_ts IS 'The snapshot with whose raw row the text came.';
COMMENT ON COLUMN monitoring.queries.fingerprint IS 'The same for one statement on every version, database and server.';
COMMENT ON COLUMN monitoring.queries.is_system IS 'Transaction words, settings, statements on catalogs only: stored, never judged.';

CREATE TABLE monitoring.query_lex_features (
    instance_id           smallint    NOT NULL,
    dbid                  oid         NOT NULL,
    userid                oid         NOT NULL,
    queryid               bigint      NOT NULL,
    query_text            text        NOT NULL,
    query_md5             text        NOT NULL,
    query_len_chars       integer     NOT NULL,
    query_len_norm_chars  integer     NOT NULL,
    num_tokens            integer     NOT NULL,
    num_joins             integer     NOT NULL,
    num_where             integer     NOT NULL,
    num_group_by          integer     NOT NULL,
    num_order_by          integer     NOT NULL,
    num_having            integer     NOT NULL,
    num_union             integer     NOT NULL,
    num_subqueries        integer     NOT NULL,
    num_cte               integer     NOT NULL,
    has_write             boolean     NOT NULL,
    has_ddl               boolean     NOT NULL,
    has_tx                boolean     NOT NULL,
    num_case              integer     NOT NULL,
    num_functions         integer     NOT NULL,
    first_seen_ts         timestamptz NOT NULL,
    last_seen_ts          timestamptz NOT NULL,
    PRIMARY KEY (instance_id, dbid, userid, queryid)
) WITH (fillfactor = 80);
COMMENT ON TABLE monitoring.query_lex_features IS 'The redacted text of a statement, once, and what it looks like, counted.';
COMMENT ON COLUMN monitoring.query_lex_features.query_md5 IS 'Of the stored, redacted text.';

CREATE VIEW monitoring.features_with_lex AS
SELECT f.instance_id, f.toplevel, f.doubtful, f.dbid, f.userid, f.calls_in_window, f.window_start, f.window_end,
       f.queryid, f.window_len_sec, f.calls_per_sec, f.exec_time_per_call_ms, f.exec_ms_per_sec,
       f.rows_per_call, f.rows_per_sec, f.shared_read_per_call, f.shared_read_per_sec, f.temp_read_per_call,
       f.temp_read_per_sec, f.wal_bytes_per_call, f.wal_bytes_per_sec, f.temp_share, f.cache_miss_ratio,
       f.ms_per_row, f.read_blks_per_row, f.blocks_per_call, f.exec_ms_per_block, f.exec_cv, f.plan_ms_per_call,
       f.dirtied_per_call, f.written_per_call, f.temp_written_per_call, f.wal_records_per_call,
       f.wal_fpi_per_call, f.wal_net_bytes_per_call, f.io_ms_per_block_read, f.jit_ms_per_call,
       f.workers_missing_ratio, f.db_time_share,
       l.query_text, l.query_md5, l.query_len_chars, l.query_len_norm_chars, l.num_tokens, l.num_joins,
       l.num_where, l.num_group_by, l.num_order_by, l.num_having, l.num_union, l.num_subqueries, l.num_cte,
       l.has_write, l.has_ddl, l.has_tx, l.num_case, l.num_functions, l.first_seen_ts, l.last_seen_ts
  FROM monitoring.features_windows f
  LEFT JOIN monitoring.query_lex_features l USING (instance_id, dbid, userid, queryid);
COMMENT ON VIEW monitoring.features_with_lex IS
    'One row per window and statement: every column of features_windows, then those of query_lex_features that are not its key.';
