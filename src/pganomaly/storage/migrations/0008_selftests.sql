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
