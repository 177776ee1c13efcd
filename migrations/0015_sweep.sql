-- +goose Up
-- Jobs that nobody works on are put on the way again, and the workflow engine's state of ended ones is removed. See
-- docs/decisions/0020.
ALTER TABLE enhancement_history
    -- How often the sweeper has started this run.
    ADD COLUMN sweeps     integer NOT NULL DEFAULT 0 CHECK (sweeps >= 0),
    -- When the sweeper looks at the job next: back-off and lease in one. Null until it has looked for the first time.
    ADD COLUMN sweep_at   timestamptz,
    -- The last run whose workflow is known to be gone from the engine.
    ADD COLUMN purged_run integer NOT NULL DEFAULT 0 CHECK (purged_run >= 0);

CREATE INDEX enhancement_history_unpurged ON enhancement_history (tenant_id, finished_at)
    WHERE purged_run < run AND finished_at IS NOT NULL;

-- Of which tenants there are jobs that have not ended, for how many seconds the oldest have been waiting and running, and
-- whether one is due. Like enabled_tenants(), it runs as its owner and gives away nothing else.
CREATE FUNCTION unfinished_tenants(pending_after interval, running_after interval)
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

-- Of which tenants there are jobs that ended longer ago than kept and whose workflows are not known to be gone.
CREATE FUNCTION unpurged_tenants(kept interval) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT DISTINCT tenant_id FROM public.enhancement_history
        WHERE purged_run < run AND finished_at IS NOT NULL AND finished_at <= now() - kept
    $$;

REVOKE ALL ON FUNCTION unfinished_tenants(interval, interval), unpurged_tenants(interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION unfinished_tenants(interval, interval), unpurged_tenants(interval) TO app_user;

-- +goose Down
DROP FUNCTION unpurged_tenants(interval);
DROP FUNCTION unfinished_tenants(interval, interval);
DROP INDEX enhancement_history_unpurged;
ALTER TABLE enhancement_history
    DROP COLUMN purged_run,
    DROP COLUMN sweep_at,
    DROP COLUMN sweeps;
