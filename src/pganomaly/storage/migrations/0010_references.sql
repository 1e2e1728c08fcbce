-- Why:    evidence is compared with how a server was in quieter times; that must survive a restart.
-- Locks:  none that anybody waits for: a new table only.

CREATE TABLE monitoring.server_references (
    instance_id  smallint     NOT NULL PRIMARY KEY,
    read_at      timestamptz  NOT NULL,
    readings     jsonb        NOT NULL
);
COMMENT ON TABLE monitoring.server_references IS 'How each server was in quiet times: settings, tables and indexes of the heaviest statements, counters. One row per server.';
COMMENT ON COLUMN monitoring.server_references.readings IS 'The last readings, newest first.';
