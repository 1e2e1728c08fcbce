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
