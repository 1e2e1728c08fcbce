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
