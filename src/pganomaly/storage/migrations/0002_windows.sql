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
