-- +goose Up
-- A tenant may have an enhancer of its own, and be moved there and back. See docs/decisions/0045.
ALTER TABLE tenant_configs
    -- Whose enhancer begins the tenant's jobs: empty for the one that tenants share, or the tenant's id for its own. The name of that one's
    -- app has to fit into the names that Kubernetes and Dapr make of it.
    ADD COLUMN enhancer text NOT NULL DEFAULT '' CHECK (enhancer IN ('', tenant_id) AND char_length(enhancer) <= 49);
ALTER TABLE enhancement_history
    -- Whose enhancer began the last run that was begun: its workflow engine alone knows the run's workflow.
    ADD COLUMN begun_by text NOT NULL DEFAULT '';

-- The functions below are those of the same names, of migrations 0007, 0016, 0017, 0019, 0020 and 0029, for one enhancer: which tenants it has
-- work with. Those stay for the release before this one.
CREATE FUNCTION enabled_tenants(of_enhancer text) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT tenant_id FROM public.tenant_configs WHERE enabled AND enhancer = of_enhancer ORDER BY tenant_id';

-- What waits is of the enhancer that the tenant is assigned to, and what runs is of the one that began it.
CREATE FUNCTION queue_turns(of_enhancer text) RETURNS TABLE (tenant text, waits boolean, running bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        WITH RECURSIVE waiting AS (
            (SELECT tenant_id FROM public.enhancement_history
             WHERE status = 'pending' AND queued_at IS NOT NULL ORDER BY tenant_id LIMIT 1)
            UNION ALL
            SELECT (SELECT h.tenant_id FROM public.enhancement_history h
                    WHERE h.status = 'pending' AND h.queued_at IS NOT NULL AND h.tenant_id > w.tenant_id ORDER BY h.tenant_id LIMIT 1)
            FROM waiting w WHERE w.tenant_id IS NOT NULL),
        due AS (
            SELECT w.tenant_id FROM waiting w JOIN public.tenant_configs c ON c.tenant_id = w.tenant_id
            WHERE c.enhancer = of_enhancer
              AND NOT EXISTS (SELECT FROM public.tenant_pauses p
                              WHERE p.tenant_id = w.tenant_id AND p.scope = 'processing' AND (p.ends_at IS NULL OR p.ends_at > now()))
              AND NOT EXISTS (SELECT FROM public.platform_pauses p
                              WHERE p.scope = 'processing' AND (p.ends_at IS NULL OR p.ends_at > now()))),
        running AS (
            SELECT tenant_id, count(*) AS jobs FROM public.enhancement_history
            WHERE status = 'running' AND begun_by = of_enhancer GROUP BY tenant_id)
        SELECT tenant_id, d.tenant_id IS NOT NULL, coalesce(r.jobs, 0)
        FROM due d FULL JOIN running r USING (tenant_id)
    $$;

-- A lost message is found by either: to queue the job is harmless, and begins nothing. A run is looked at by who began it.
CREATE FUNCTION unfinished_tenants(pending_after interval, running_after interval, of_enhancer text)
    RETURNS TABLE (tenant text, due boolean, pending_seconds float8, running_seconds float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT tenant_id,
            bool_or(coalesce(sweep_at, CASE status WHEN 'pending' THEN received_at + pending_after
                                                   ELSE coalesce(started_at, received_at) + running_after END) <= now()),
            coalesce(extract(epoch FROM now() - min(received_at) FILTER (WHERE status = 'pending')), 0)::float8,
            coalesce(extract(epoch FROM now() - min(coalesce(started_at, received_at)) FILTER (WHERE status = 'running')), 0)::float8
        FROM public.enhancement_history
        WHERE (status = 'running' OR (status = 'pending' AND queued_at IS NULL))
          AND ((status = 'pending' AND of_enhancer IN ('', tenant_id)) OR (status = 'running' AND begun_by = of_enhancer))
        GROUP BY tenant_id
    $$;

CREATE FUNCTION unpurged_tenants(kept interval, of_enhancer text) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT tenant_id FROM public.enhancement_history
        WHERE purged_run < run AND finished_at IS NOT NULL AND finished_at <= now() - kept AND begun_by = of_enhancer
        UNION
        SELECT tenant_id FROM public.enhancement_history WHERE held_for <> '' AND purged_run < run - 1 AND begun_by = of_enhancer
    $$;

CREATE FUNCTION prunable_tenants(kept interval, of_enhancer text) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT tenant_id FROM public.tenant_configs t
        WHERE t.enhancer = of_enhancer
          AND EXISTS (SELECT FROM public.enhancement_history h
                      WHERE h.tenant_id = t.tenant_id AND h.purged_run >= h.run AND h.finished_at IS NOT NULL
                        AND h.finished_at <= now() - kept)
    $$;

CREATE FUNCTION due_reconcile_polls(most integer, of_enhancer text) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT c.tenant_id FROM public.tenant_configs c LEFT JOIN public.reconcile_polls p ON p.tenant_id = c.tenant_id
        WHERE c.enabled AND c.enhancer = of_enhancer AND (p.tenant_id IS NULL
            OR p.next_due <= clock_timestamp() AND (p.lease_until IS NULL OR p.lease_until <= clock_timestamp()))
        ORDER BY p.next_due NULLS FIRST, c.tenant_id LIMIT most
    $$;

REVOKE ALL ON FUNCTION enabled_tenants(text), queue_turns(text), unfinished_tenants(interval, interval, text), unpurged_tenants(interval, text),
    prunable_tenants(interval, text), due_reconcile_polls(integer, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION enabled_tenants(text), queue_turns(text), unfinished_tenants(interval, interval, text), unpurged_tenants(interval, text),
    prunable_tenants(interval, text), due_reconcile_polls(integer, text) TO app_user;

-- +goose Down
DROP FUNCTION due_reconcile_polls(integer, text);
DROP FUNCTION prunable_tenants(interval, text);
DROP FUNCTION unpurged_tenants(interval, text);
DROP FUNCTION unfinished_tenants(interval, interval, text);
DROP FUNCTION queue_turns(text);
DROP FUNCTION enabled_tenants(text);
ALTER TABLE enhancement_history DROP COLUMN begun_by;
ALTER TABLE tenant_configs DROP COLUMN enhancer;
