-- +goose Up
-- The ledger is the queue: a job whose message has arrived waits here until there is room for it. See docs/decisions/0024.
-- Null until the message has arrived; rows that are pending now are found by the sweeper, which sets it.
ALTER TABLE enhancement_history ADD COLUMN queued_at timestamptz;

-- What waits is found in its order, and is not in the way of what is looked for among the rest: both in an index of its own.
-- Without statistics of a tenant, one over all unfinished jobs would be read from end to end behind a burst.
CREATE INDEX enhancement_history_waiting ON enhancement_history (tenant_id, received_at)
    WHERE status = 'pending' AND queued_at IS NOT NULL;
CREATE INDEX enhancement_history_underway ON enhancement_history (tenant_id, received_at)
    WHERE status = 'running' OR (status = 'pending' AND queued_at IS NULL);
DROP INDEX enhancement_history_unfinished;

-- Of which tenants jobs wait or run, and how many run. It jumps from tenant to tenant in the index of what waits, so its cost
-- is that of the tenants and of what runs, not of the queue. Like enabled_tenants(), it runs as its owner and gives away
-- nothing else.
CREATE FUNCTION queue_turns() RETURNS TABLE (tenant text, waits boolean, running bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        WITH RECURSIVE waiting AS (
            (SELECT tenant_id FROM public.enhancement_history
             WHERE status = 'pending' AND queued_at IS NOT NULL ORDER BY tenant_id LIMIT 1)
            UNION ALL
            SELECT (SELECT h.tenant_id FROM public.enhancement_history h
                    WHERE h.status = 'pending' AND h.queued_at IS NOT NULL AND h.tenant_id > w.tenant_id ORDER BY h.tenant_id LIMIT 1)
            FROM waiting w WHERE w.tenant_id IS NOT NULL),
        running AS (
            SELECT tenant_id, count(*) AS jobs FROM public.enhancement_history WHERE status = 'running' GROUP BY tenant_id)
        SELECT tenant_id, w.tenant_id IS NOT NULL, coalesce(r.jobs, 0)
        FROM (SELECT tenant_id FROM waiting WHERE tenant_id IS NOT NULL) w FULL JOIN running r USING (tenant_id)
    $$;

-- How deep the queue of each tenant is, and for how many seconds its oldest job has waited. It counts rows, so it is for
-- what is looked at now and then. Jobs are held by what migration 0017 adds.
CREATE FUNCTION queue_depths() RETURNS TABLE (tenant text, waiting bigint, held bigint, running bigint, oldest_seconds float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT coalesce(w.tenant_id, r.tenant_id), coalesce(w.jobs, 0), 0::bigint, coalesce(r.jobs, 0),
            coalesce(extract(epoch FROM now() - w.oldest), 0)::float8
        FROM (SELECT tenant_id, count(*) AS jobs, min(received_at) AS oldest FROM public.enhancement_history
              WHERE status = 'pending' AND queued_at IS NOT NULL GROUP BY tenant_id) w
        FULL JOIN (SELECT tenant_id, count(*) AS jobs FROM public.enhancement_history
              WHERE status = 'running' GROUP BY tenant_id) r ON r.tenant_id = w.tenant_id
    $$;

-- As in migration 0015, but for jobs that wait: they are not the sweeper's, and are not read.
CREATE OR REPLACE FUNCTION unfinished_tenants(pending_after interval, running_after interval)
    RETURNS TABLE (tenant text, due boolean, pending_seconds float8, running_seconds float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT tenant_id,
            bool_or(coalesce(sweep_at, CASE status WHEN 'pending' THEN received_at + pending_after
                                                   ELSE coalesce(started_at, received_at) + running_after END) <= now()),
            coalesce(extract(epoch FROM now() - min(received_at) FILTER (WHERE status = 'pending')), 0)::float8,
            coalesce(extract(epoch FROM now() - min(coalesce(started_at, received_at)) FILTER (WHERE status = 'running')), 0)::float8
        FROM public.enhancement_history WHERE status = 'running' OR (status = 'pending' AND queued_at IS NULL)
        GROUP BY tenant_id
    $$;

REVOKE ALL ON FUNCTION queue_turns(), queue_depths() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION queue_turns(), queue_depths() TO app_user;

-- +goose Down
CREATE OR REPLACE FUNCTION unfinished_tenants(pending_after interval, running_after interval)
    RETURNS TABLE (tenant text, due boolean, pending_seconds float8, running_seconds float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT tenant_id,
            bool_or(coalesce(sweep_at, CASE status WHEN 'pending' THEN received_at + pending_after
                                                   ELSE coalesce(started_at, received_at) + running_after END) <= now()),
            coalesce(extract(epoch FROM now() - min(received_at) FILTER (WHERE status = 'pending')), 0)::float8,
            coalesce(extract(epoch FROM now() - min(coalesce(started_at, received_at)) FILTER (WHERE status = 'running')), 0)::float8
        FROM public.enhancement_history WHERE status IN ('pending', 'running')
        GROUP BY tenant_id
    $$;
DROP FUNCTION queue_depths();
DROP FUNCTION queue_turns();
CREATE INDEX enhancement_history_unfinished ON enhancement_history (tenant_id, received_at)
    WHERE status IN ('pending', 'running');
DROP INDEX enhancement_history_underway;
DROP INDEX enhancement_history_waiting;
ALTER TABLE enhancement_history DROP COLUMN queued_at;
