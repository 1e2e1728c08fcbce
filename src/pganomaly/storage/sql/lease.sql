-- name: acquire
-- Take the lease where it is free: nobody has it, its time is over by the store's clock, or the holder that we saw
-- (fence seen) is known to be dead. No row comes back where somebody else holds it.
INSERT INTO monitoring.leases AS l
       (instance_id, fence, holder, host, pid, holder_started, acquired_at, expires_at)
VALUES (%(instance_id)s::smallint, 1, %(holder)s::text, %(host)s::text, %(pid)s::integer, %(started)s::timestamptz,
        clock_timestamp(), clock_timestamp() + make_interval(secs => %(ttl_s)s::double precision))
    ON CONFLICT (instance_id) DO UPDATE
   SET fence = l.fence + 1, holder = excluded.holder, host = excluded.host, pid = excluded.pid,
       holder_started = excluded.holder_started, acquired_at = excluded.acquired_at, expires_at = excluded.expires_at
 WHERE l.expires_at <= clock_timestamp() OR l.fence = %(seen)s::bigint
RETURNING fence;

-- name: holder
-- Who holds the lease, whether or not its time is over.
SELECT l.fence, l.holder, l.host, l.pid, l.holder_started, l.acquired_at, l.expires_at,
       l.expires_at <= clock_timestamp() AS over, i.name
  FROM monitoring.leases l
  JOIN monitoring.instances i USING (instance_id)
 WHERE l.instance_id = %(instance_id)s::smallint;

-- name: hold
-- Keep the row until the transaction ends, so that nobody takes the lease in the middle of a tick.
SELECT fence
  FROM monitoring.leases
 WHERE instance_id = %(instance_id)s::smallint
   FOR UPDATE;

-- name: extend
-- The holder is alive: more time for it, if it still is the holder.
UPDATE monitoring.leases
   SET expires_at = clock_timestamp() + make_interval(secs => %(ttl_s)s::double precision)
 WHERE instance_id = %(instance_id)s::smallint AND fence = %(fence)s::bigint;

-- name: release
-- Free at once, for whoever waits. The row stays: its fence must never be seen again.
UPDATE monitoring.leases
   SET expires_at = clock_timestamp()
 WHERE instance_id = %(instance_id)s::smallint AND fence = %(fence)s::bigint;
