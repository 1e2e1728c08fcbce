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
