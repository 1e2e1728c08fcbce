-- name: put_message
-- A message, once.
INSERT INTO monitoring.outbox (instance_id, message_id, kind, about, blocks, created_at)
VALUES (%(instance_id)s::smallint, %(message_id)s::text, %(kind)s::text, %(about)s::text, %(blocks)s::jsonb,
        %(at)s::timestamptz)
    ON CONFLICT (message_id) DO NOTHING;

-- name: put_delivery
-- Its way to one channel, once.
INSERT INTO monitoring.deliveries (instance_id, message_id, channel, state, next_attempt_at)
VALUES (%(instance_id)s::smallint, %(message_id)s::text, %(channel)s::text, 'pending', %(at)s::timestamptz)
    ON CONFLICT (message_id, channel) DO NOTHING;

-- name: waiting
-- What channels do not have yet, in the order in which it was queued; thread is how the channel calls the first message
-- about the same.
SELECT o.message_id, o.kind, o.about, o.blocks, d.channel, o.created_at, d.next_attempt_at, d.attempts, o.instance_id,
       (SELECT e.remote_id
          FROM monitoring.outbox f
          JOIN monitoring.deliveries e USING (message_id)
         WHERE f.about = o.about AND e.channel = d.channel AND e.remote_id IS NOT NULL
         ORDER BY f.position
         LIMIT 1) AS thread
  FROM monitoring.deliveries d
  JOIN monitoring.outbox o USING (message_id)
 WHERE d.state = 'pending' AND d.channel = ANY (%(channels)s::text[])
 ORDER BY o.position, d.channel
 LIMIT %(most)s::bigint;

-- name: claim
-- Count an attempt and put the entry off, unless somebody did since it was read.
UPDATE monitoring.deliveries
   SET attempts = attempts + 1, next_attempt_at = %(until)s::timestamptz
 WHERE message_id = %(message_id)s::text AND channel = %(channel)s::text AND state = 'pending'
   AND attempts = %(attempts)s::integer;

-- name: mark_sent
-- The channel has it.
UPDATE monitoring.deliveries
   SET state = 'sent', sent_at = %(at)s::timestamptz, remote_id = %(remote_id)s::text, error = NULL
 WHERE message_id = %(message_id)s::text AND channel = %(channel)s::text;

-- name: mark_failed
-- Why not, and when again; without a moment it is given up.
UPDATE monitoring.deliveries
   SET error = %(error)s::text, next_attempt_at = coalesce(%(next_attempt_at)s::timestamptz, next_attempt_at),
       state = CASE WHEN %(next_attempt_at)s::timestamptz IS NULL THEN 'given_up' ELSE 'pending' END
 WHERE message_id = %(message_id)s::text AND channel = %(channel)s::text AND state = 'pending';

-- name: outbox_pending
-- How many deliveries wait.
SELECT count(*) FROM monitoring.deliveries WHERE state = 'pending';
