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
