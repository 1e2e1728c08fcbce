-- The schema of pganomaly's store. Made of the migrations in src/pganomaly/storage/migrations; do not edit.
--
-- pganomaly creates all of this by itself. To do it yourself, as a role that may create schemas:
--     psql -v ON_ERROR_STOP=1 -f sql/monitoring.sql
-- Partitions are made by pganomaly when it starts; nothing here needs a superuser.

BEGIN;

CREATE SCHEMA monitoring;

CREATE TABLE monitoring.schema_migrations (
    name        text        PRIMARY KEY,
    sha256      text        NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE monitoring.schema_migrations IS 'Which migrations made this schema, and the hash of each.';

-- 0001_instances
-- Why:    whom we watch, who may write about it, and every snapshot ever taken, one small row each.
-- Locks:  none that anybody waits for: new tables only.

CREATE TABLE monitoring.instances (
    instance_id        smallint    PRIMARY KEY,
    name               text        NOT NULL UNIQUE,
    host               text,
    port               integer,
    dbname             text,
    system_identifier  bigint,
    first_seen_ts      timestamptz NOT NULL DEFAULT now(),
    rolled_up_to       timestamptz
);
COMMENT ON TABLE monitoring.instances IS 'A configured target: stable by its name, whatever server answers there.';
COMMENT ON COLUMN monitoring.instances.rolled_up_to IS 'Hours before this moment are in rollups.';

-- The fence grows with every change of holder: who comes with an older one writes nothing.
CREATE TABLE monitoring.leases (
    instance_id     smallint    PRIMARY KEY REFERENCES monitoring.instances ON DELETE CASCADE,
    fence           bigint      NOT NULL,
    holder          text        NOT NULL,
    host            text        NOT NULL,
    pid             integer     NOT NULL,
    holder_started  timestamptz NOT NULL,
    acquired_at     timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL
);
COMMENT ON TABLE monitoring.leases IS 'Who collects from an instance: one process at a time.';

CREATE TABLE monitoring.snapshots (
    instance_id         smallint    NOT NULL,
    whole               boolean     NOT NULL,
    in_recovery         boolean,
    snapshot_id         integer     NOT NULL,
    snapshot_ts         timestamptz NOT NULL,
    window_start        timestamptz,
    server_clock        timestamptz,
    length_s            double precision,
    interval_s          double precision NOT NULL,
    system_identifier   bigint,
    postmaster_start    timestamptz,
    stats_reset         timestamptz,
    dealloc             bigint,
    rows_since_whole    bigint      NOT NULL,
    deltas_at           timestamptz,
    features_at         timestamptz,
    detected_at         timestamptz,
    timeline            integer,
    entries             integer     NOT NULL,
    entries_max         integer,
    hidden              integer     NOT NULL,
    stored              integer     NOT NULL,
    statements          integer,
    quality             text        CHECK (quality IN ('ok', 'gap', 'reset', 'clock', 'restarted', 'failed_over')),
    cost                jsonb,
    PRIMARY KEY (instance_id, snapshot_id),
    UNIQUE (instance_id, snapshot_ts)
);
COMMENT ON TABLE monitoring.snapshots IS 'One row per snapshot, and about the window that it closes.';
COMMENT ON COLUMN monitoring.snapshots.snapshot_id IS 'Counted from 1 per instance.';
COMMENT ON COLUMN monitoring.snapshots.whole IS 'Every entry is stored, not only those whose counters moved.';
COMMENT ON COLUMN monitoring.snapshots.rows_since_whole IS 'Raw rows that the photo of this moment has to look through.';
COMMENT ON COLUMN monitoring.snapshots.window_start IS 'NULL where no window ends here: the first snapshot of all.';
COMMENT ON COLUMN monitoring.snapshots.server_clock IS 'The clock as it was read, where snapshot_ts had to be moved forward.';
COMMENT ON COLUMN monitoring.snapshots.deltas_at IS 'When the deltas of the window were stored; NULL while they wait.';
COMMENT ON COLUMN monitoring.snapshots.statements IS 'How many statements ran in the window.';

CREATE INDEX snapshots_whole ON monitoring.snapshots (instance_id, snapshot_ts) WHERE whole;
CREATE INDEX snapshots_without_deltas ON monitoring.snapshots (instance_id, snapshot_ts)
    WHERE deltas_at IS NULL AND window_start IS NOT NULL;
CREATE INDEX snapshots_without_features ON monitoring.snapshots (instance_id, snapshot_ts)
    WHERE features_at IS NULL AND window_start IS NOT NULL;
CREATE INDEX snapshots_undetected ON monitoring.snapshots (instance_id, snapshot_ts)
    WHERE detected_at IS NULL AND window_start IS NOT NULL;

-- 0002_windows
-- Why:    counters, windows and features: the three tables that grow, a partition per day (UTC) each.
--         Columns stand in the order that needs no padding; BRIN on time instead of B-trees (a B-tree costs 59 bytes a row).
-- Locks:  none that anybody waits for: new tables only.

CREATE TABLE monitoring.pgss_snapshots_raw (
    instance_id                 smallint    NOT NULL,
    toplevel                    boolean     NOT NULL,
    gone                        boolean,
    uncalled                    boolean,
    snapshot_id                 integer     NOT NULL,
    dbid                        oid         NOT NULL,
    userid                      oid         NOT NULL,
    snapshot_ts                 timestamptz NOT NULL,
    queryid                     bigint      NOT NULL,
    stats_since                 timestamptz,
    calls                       bigint,
    total_exec_time             double precision,
    rows                        bigint,
    shared_blks_hit             bigint,
    shared_blks_read            bigint,
    shared_blks_dirtied         bigint,
    shared_blks_written         bigint,
    temp_blks_read              bigint,
    temp_blks_written           bigint,
    wal_bytes                   bigint,
    wal_records                 bigint,
    wal_fpi                     bigint,
    local_blks_hit              bigint,
    local_blks_read             bigint,
    plans                       bigint,
    total_plan_time             double precision,
    io_read_ms                  double precision,
    io_write_ms                 double precision,
    jit_ms                      double precision,
    parallel_workers_to_launch  bigint,
    parallel_workers_launched   bigint,
    min_exec_time               real,
    max_exec_time               real,
    stddev_exec_time            double precision,
    query_text                  text
) PARTITION BY RANGE (snapshot_ts);
CREATE INDEX pgss_snapshots_raw_time ON monitoring.pgss_snapshots_raw USING brin (snapshot_ts) WITH (pages_per_range = 32);
COMMENT ON TABLE monitoring.pgss_snapshots_raw IS
    'Cumulative counters of the entries that moved since their last row; monitoring.pgss_snapshot(ts) shows all of them.';
COMMENT ON COLUMN monitoring.pgss_snapshots_raw.gone IS 'The entry had vanished by then; otherwise NULL.';
COMMENT ON COLUMN monitoring.pgss_snapshots_raw.uncalled IS
    'True: moved, but not called, since the row that the next delta counts from. False: a copy of that row, beside a whole snapshot.';
COMMENT ON COLUMN monitoring.pgss_snapshots_raw.query_text IS 'Redacted, in the row where the text was first seen; otherwise NULL.';

CREATE TABLE monitoring.pgss_deltas (
    instance_id                       smallint    NOT NULL,
    toplevel                          boolean     NOT NULL,
    doubtful                          boolean     NOT NULL,
    dbid                              oid         NOT NULL,
    userid                            oid         NOT NULL,
    parallel_workers_to_launch_delta  integer,
    parallel_workers_launched_delta   integer,
    wal_fpi_delta                     integer,
    shared_blks_written_delta         integer,
    temp_blks_written_delta           integer,
    window_start                      timestamptz NOT NULL,
    window_end                        timestamptz NOT NULL,
    queryid                           bigint      NOT NULL,
    calls_delta                       bigint,
    total_exec_time_delta             double precision,
    rows_delta                        bigint,
    shared_blks_hit_delta             bigint,
    shared_blks_read_delta            bigint,
    shared_blks_dirtied_delta         bigint,
    temp_blks_read_delta              bigint,
    wal_bytes_delta                   bigint,
    wal_records_delta                 bigint,
    local_blks_hit_delta              bigint,
    local_blks_read_delta             bigint,
    plans_delta                       bigint,
    total_plan_time_delta             double precision,
    io_read_ms_delta                  double precision,
    io_write_ms_delta                 double precision,
    jit_ms_delta                      double precision,
    exec_m2_delta                     double precision
) PARTITION BY RANGE (window_end);
CREATE INDEX pgss_deltas_time ON monitoring.pgss_deltas USING brin (window_end) WITH (pages_per_range = 32);
COMMENT ON TABLE monitoring.pgss_deltas IS 'What every statement that ran did in a window. Sums are exact: what moved without a call is in the next delta.';
COMMENT ON COLUMN monitoring.pgss_deltas.doubtful IS
    'The entry may have been thrown out and have come back unseen: the truth lies between the delta and the counters at the end.';
COMMENT ON COLUMN monitoring.pgss_deltas.exec_m2_delta IS
    'Squared deviations (ms^2) of the execution time around the mean of the window.';

CREATE TABLE monitoring.features_windows (
    instance_id             smallint    NOT NULL,
    toplevel                boolean     NOT NULL,
    doubtful                boolean     NOT NULL,
    dbid                    oid         NOT NULL,
    userid                  oid         NOT NULL,
    calls_in_window         integer,
    window_start            timestamptz NOT NULL,
    window_end              timestamptz NOT NULL,
    queryid                 bigint      NOT NULL,
    window_len_sec          real,
    calls_per_sec           real,
    exec_time_per_call_ms   real,
    exec_ms_per_sec         real,
    rows_per_call           real,
    rows_per_sec            real,
    shared_read_per_call    real,
    shared_read_per_sec     real,
    temp_read_per_call      real,
    temp_read_per_sec       real,
    wal_bytes_per_call      real,
    wal_bytes_per_sec       real,
    temp_share              real,
    cache_miss_ratio        real,
    ms_per_row              real,
    read_blks_per_row       real,
    blocks_per_call         real,
    exec_ms_per_block       real,
    exec_cv                 real,
    plan_ms_per_call        real,
    dirtied_per_call        real,
    written_per_call        real,
    temp_written_per_call   real,
    wal_records_per_call    real,
    wal_fpi_per_call        real,
    wal_net_bytes_per_call  real,
    io_ms_per_block_read    real,
    jit_ms_per_call         real,
    workers_missing_ratio   real,
    db_time_share           real
) PARTITION BY RANGE (window_end);
CREATE INDEX features_windows_time ON monitoring.features_windows USING brin (window_end) WITH (pages_per_range = 32);
COMMENT ON TABLE monitoring.features_windows IS 'Deltas made comparable: per call, per second, ratios. NULL is "no such number", never 0.';

-- 0003_queries
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

-- 0004_detection
-- Why:    what is odd, what people are told about it, and what the engine remembers.
-- Locks:  none that anybody waits for: new tables only.

-- id is the instance_id; "... WHERE id = 1" is how users reset the detector.
CREATE TABLE monitoring.detector_state (
    instance_id      smallint    GENERATED ALWAYS AS (id) STORED,
    id               smallint    PRIMARY KEY,
    bad_runs_streak  integer     NOT NULL DEFAULT 0,
    last_window_end  timestamptz,
    updated_at       timestamptz NOT NULL DEFAULT now(),
    told_after       timestamptz
);
COMMENT ON TABLE monitoring.detector_state IS
    'How far detection is. To score everything again: SET last_window_end = NULL, bad_runs_streak = 0, updated_at = now().';
COMMENT ON COLUMN monitoring.detector_state.told_after IS 'The last reset: what ended earlier is scored again but not told again.';

CREATE TABLE monitoring.anomaly_scores (
    instance_id    smallint         NOT NULL,
    toplevel       boolean          NOT NULL,
    dbid           oid              NOT NULL,
    userid         oid              NOT NULL,
    queryid        bigint           NOT NULL,
    window_start   timestamptz      NOT NULL,
    window_end     timestamptz      NOT NULL,
    scored_at      timestamptz      NOT NULL DEFAULT now(),
    anomaly_score  double precision,
    surprise       double precision,
    model_version  text             NOT NULL,
    detector       text             NOT NULL,
    features       jsonb            NOT NULL,
    PRIMARY KEY (instance_id, model_version, window_end, dbid, userid, queryid, toplevel)
) PARTITION BY RANGE (window_end);
COMMENT ON TABLE monitoring.anomaly_scores IS 'Anomalous windows of statements, whoever called them so.';
COMMENT ON COLUMN monitoring.anomaly_scores.anomaly_score IS 'decision_function of the forest: lower is odder. NULL without a model.';
COMMENT ON COLUMN monitoring.anomaly_scores.surprise IS 'Of the per-statement engine: higher is odder. NULL where it cannot say.';
COMMENT ON COLUMN monitoring.anomaly_scores.features IS 'Per feature: value, usual, ratio, z.';

CREATE TABLE monitoring.incidents (
    instance_id      smallint         NOT NULL,
    toplevel         boolean          NOT NULL,
    told             boolean          NOT NULL,
    drift_announced  boolean          NOT NULL,
    dbid             oid              NOT NULL,
    userid           oid              NOT NULL,
    queryid          bigint           NOT NULL,
    onset            timestamptz      NOT NULL,
    opened_at        timestamptz      NOT NULL,
    last_odd_at      timestamptz      NOT NULL,
    closed_at        timestamptz,
    updated_at       timestamptz      NOT NULL DEFAULT now(),
    peak             double precision NOT NULL,
    impact           double precision NOT NULL,
    windows_odd      integer          NOT NULL,
    calm_windows     integer          NOT NULL,
    incident_id      text             NOT NULL,
    kind             text             NOT NULL,
    state            text             NOT NULL DEFAULT 'open'
                     CHECK (state IN ('open', 'acknowledged', 'muted', 'resolved', 'accepted')),
    reasons          jsonb            NOT NULL,
    query            text,
    PRIMARY KEY (instance_id, incident_id)
);
CREATE INDEX incidents_open ON monitoring.incidents (instance_id) WHERE closed_at IS NULL;
CREATE INDEX incidents_time ON monitoring.incidents (instance_id, opened_at);
COMMENT ON TABLE monitoring.incidents IS 'What people are told about: a statement that misbehaves, from its onset until it is calm again.';

CREATE TABLE monitoring.incident_members (
    instance_id  smallint    NOT NULL,
    toplevel     boolean     NOT NULL,
    dbid         oid         NOT NULL,
    userid       oid         NOT NULL,
    queryid      bigint      NOT NULL,
    joined_at    timestamptz NOT NULL,
    incident_id  text        NOT NULL,
    PRIMARY KEY (instance_id, incident_id, dbid, userid, queryid, toplevel),
    FOREIGN KEY (instance_id, incident_id) REFERENCES monitoring.incidents ON DELETE CASCADE
);

CREATE TABLE monitoring.incident_events (
    instance_id  smallint    NOT NULL,
    at           timestamptz NOT NULL,
    incident_id  text        NOT NULL,
    kind         text        NOT NULL,
    author       text        NOT NULL,
    details      jsonb       NOT NULL DEFAULT '{}',
    PRIMARY KEY (instance_id, incident_id, at, kind, author),
    FOREIGN KEY (instance_id, incident_id) REFERENCES monitoring.incidents ON DELETE CASCADE
);
COMMENT ON TABLE monitoring.incident_events IS 'Every change of an incident, with its author.';

CREATE TABLE monitoring.mutes (
    instance_id  smallint    NOT NULL,
    mute_id      integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at   timestamptz NOT NULL DEFAULT now(),
    until        timestamptz,
    fingerprint  text,
    table_name   text,
    role_name    text,
    author       text        NOT NULL,
    reason       text
);
COMMENT ON TABLE monitoring.mutes IS 'What somebody wants to hear nothing about for a while. It is scored all the same.';

CREATE TABLE monitoring.marks (
    instance_id  smallint    NOT NULL,
    mark_id      integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT now(),
    what         text        NOT NULL,
    author       text        NOT NULL
);
COMMENT ON TABLE monitoring.marks IS 'Moments worth knowing later: a deploy, a migration.';

CREATE TABLE monitoring.models (
    instance_id    smallint    NOT NULL,
    active         boolean     NOT NULL,
    number         integer     NOT NULL,
    trained_at     timestamptz NOT NULL,
    n_rows         integer     NOT NULL,
    n_statements   integer     NOT NULL,
    threshold      double precision NOT NULL,
    model_version  text        NOT NULL,
    sha256         text        NOT NULL,
    manifest       jsonb       NOT NULL,
    payload        bytea       NOT NULL,
    PRIMARY KEY (instance_id, number)
);
CREATE UNIQUE INDEX models_active ON monitoring.models (instance_id) WHERE active;
ALTER TABLE monitoring.models ALTER COLUMN payload SET STORAGE EXTERNAL;
COMMENT ON TABLE monitoring.models IS 'Every accepted training: arrays and a manifest, nothing that can execute code.';

CREATE TABLE monitoring.checkpoints (
    instance_id  smallint    PRIMARY KEY,
    window_end   timestamptz NOT NULL,
    saved_at     timestamptz NOT NULL,
    payload      bytea       NOT NULL
);
ALTER TABLE monitoring.checkpoints ALTER COLUMN payload SET STORAGE EXTERNAL;
COMMENT ON TABLE monitoring.checkpoints IS 'What the engine remembered after a window: with the windows since, its numbers are whole again.';

-- 0005_outbox
-- Why:    a message is written in the transaction of the tick that found the news, and sent after it.
-- Locks:  none that anybody waits for: new tables only.

CREATE TABLE monitoring.outbox (
    instance_id  smallint    NOT NULL,
    position     bigint      GENERATED ALWAYS AS IDENTITY UNIQUE,
    created_at   timestamptz NOT NULL DEFAULT now(),
    message_id   text        PRIMARY KEY,
    kind         text        NOT NULL,
    about        text,
    blocks       jsonb       NOT NULL
);
COMMENT ON TABLE monitoring.outbox IS 'What is to be said, in its order; deliveries tells what became of it.';

CREATE TABLE monitoring.deliveries (
    instance_id      smallint    NOT NULL,
    attempts         integer     NOT NULL DEFAULT 0,
    next_attempt_at  timestamptz NOT NULL,
    sent_at          timestamptz,
    message_id       text        NOT NULL REFERENCES monitoring.outbox ON DELETE CASCADE,
    channel          text        NOT NULL,
    state            text        NOT NULL CHECK (state IN ('pending', 'sent', 'given_up')),
    remote_id        text,
    error            text,
    PRIMARY KEY (message_id, channel)
);
CREATE INDEX deliveries_pending ON monitoring.deliveries (next_attempt_at) WHERE state = 'pending';
COMMENT ON TABLE monitoring.deliveries IS 'One row per message and channel: how often tried, when again, under which id it stands there.';

-- 0006_photo
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

-- 0007_rollups
-- Why:    hours outlive windows: sums, counts and moments that add up, so that a month is as exact as an hour.
-- Locks:  none that anybody waits for: a new table.

CREATE TABLE monitoring.rollups (
    instance_id        smallint         NOT NULL,
    toplevel           boolean          NOT NULL,
    dbid               oid              NOT NULL,
    userid             oid              NOT NULL,
    windows            integer          NOT NULL,
    hour_start         timestamptz      NOT NULL,
    queryid            bigint           NOT NULL,
    length_s           double precision NOT NULL,
    calls              bigint,
    total_exec_time    double precision,
    exec_squares       double precision,
    rows               bigint,
    shared_blks_hit    bigint,
    shared_blks_read   bigint,
    shared_blks_dirtied bigint,
    temp_blks_read     bigint,
    temp_blks_written  bigint,
    wal_bytes          bigint,
    total_plan_time    double precision,
    io_read_ms         double precision,
    ln_ms              double precision,
    ln_ms_squares      double precision,
    slowest_ms         real
) PARTITION BY RANGE (hour_start);
CREATE INDEX rollups_time ON monitoring.rollups USING brin (hour_start) WITH (pages_per_range = 32);
COMMENT ON TABLE monitoring.rollups IS 'An hour of a statement. Every column adds up over hours (slowest_ms: the larger one).';
COMMENT ON COLUMN monitoring.rollups.exec_squares IS
    'Sum over calls of ms squared: variance = exec_squares / calls - (total_exec_time / calls)^2. NULL where a window does not know.';
COMMENT ON COLUMN monitoring.rollups.ln_ms IS 'Sum over windows of ln(ms per call); ln_ms_squares the sum of their squares.';
COMMENT ON COLUMN monitoring.rollups.slowest_ms IS 'Largest mean time per call of any of its windows.';

-- 0008_selftests
-- Why:    what would be caught on this traffic is measured every night; a model that was kept out says why.
-- Locks:  none that anybody waits for: new tables only.

CREATE TABLE monitoring.selftests (
    instance_id      smallint         NOT NULL,
    statements       integer          NOT NULL,
    alarms           integer          NOT NULL,
    tested_at        timestamptz      NOT NULL,
    since            timestamptz      NOT NULL,
    upto             timestamptz      NOT NULL,
    days             double precision NOT NULL,
    seconds          double precision NOT NULL,
    result           jsonb            NOT NULL,
    PRIMARY KEY (instance_id, tested_at)
);
COMMENT ON TABLE monitoring.selftests IS 'What would be caught: slowdowns put into copies of the last day''s streams, and how soon each was found.';
COMMENT ON COLUMN monitoring.selftests.statements IS 'Statements that were made slower.';
COMMENT ON COLUMN monitoring.selftests.alarms IS 'Incidents that people would have been told of without any slowdown, in so many days.';
COMMENT ON COLUMN monitoring.selftests.result IS 'Per size and share of DB time: changes tried and found, and the windows until then.';

CREATE TABLE monitoring.model_refusals (
    instance_id    smallint     NOT NULL,
    refused_at     timestamptz  NOT NULL,
    model_version  text         NOT NULL,
    why            jsonb        NOT NULL,
    PRIMARY KEY (instance_id, refused_at)
);
COMMENT ON TABLE monitoring.model_refusals IS 'Trained models that were kept out, and the sentences that say why. The one before them stayed.';

-- 0009_causes
-- Why:    an incident says why its statements misbehave, with a probability for each cause.
-- Locks:  ACCESS EXCLUSIVE for an instant: a column with a constant default, no rewrite.

ALTER TABLE monitoring.incidents ADD COLUMN causes jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN monitoring.incidents.causes IS 'The likeliest causes, strongest first: cause, probability, and the clues that speak for it with their bits.';

-- 0010_references
-- Why:    evidence is compared with how a server was in quieter times; that must survive a restart.
-- Locks:  none that anybody waits for: a new table only.

CREATE TABLE monitoring.server_references (
    instance_id  smallint     NOT NULL PRIMARY KEY,
    read_at      timestamptz  NOT NULL,
    readings     jsonb        NOT NULL
);
COMMENT ON TABLE monitoring.server_references IS 'How each server was in quiet times: settings, tables and indexes of the heaviest statements, counters. One row per server.';
COMMENT ON COLUMN monitoring.server_references.readings IS 'The last readings, newest first.';

INSERT INTO monitoring.schema_migrations (name, sha256) VALUES
    ('0001_instances', '0fb856d5836ff0ee489febb425d6039581fe79ab55671d035f50b154dd69d7ac'),
    ('0002_windows', 'f08aabeec3e2fbe9db80f6cb25661159b65f6c0aa8bd2fc92a5d36469a7abdb2'),
    ('0003_queries', '6455ccebed219513b16702a2da3e44f8af4f6b4a48d0e023abdb94bc636a7db1'),
    ('0004_detection', 'c39c4717eb856d1c475744411a883c41ae932df02b3a69a2ec31cb668401d0bd'),
    ('0005_outbox', 'b83193769b2151e11c93301b8221c42a07c587af50c58fa91170131df1eae071'),
    ('0006_photo', '0bdffe1b5b83fb222e34ab9b2653a09e1946f2841fcc581ee31ca9feed00884b'),
    ('0007_rollups', '7d4035458bd923ac8f60e852c559ee4c4942e18a3c04b3024468feae4f6e3a6d'),
    ('0008_selftests', '057cb64340d64af747511a6ee487ea9e75d966f52e79d7cee109e3398fbe7814'),
    ('0009_causes', '4a7332e38bae743d091cdd2fca46f4b5037aff51a8f7f27d118c33687c9aa1d6'),
    ('0010_references', 'a02d724047471e59b737733bc8387a7b7a4a37436b743adf81f64d25f4fc4197');

COMMIT;
