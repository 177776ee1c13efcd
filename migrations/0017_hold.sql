-- +goose Up
-- Jobs that cannot end because something of the tenant's is dead are held, and what is dead is remembered. See
-- docs/decisions/0025.
ALTER TABLE enhancement_history
    -- What the job waits for; empty when it waits for nothing but its turn.
    ADD COLUMN held_for   text    NOT NULL DEFAULT '',
    -- Since when it has been held, also while it runs in between; null until it is for the first time.
    ADD COLUMN held_since timestamptz,
    -- How often it was put back though others were done meanwhile: then it is not the tenant's server that is to blame.
    ADD COLUMN blamed     integer NOT NULL DEFAULT 0 CHECK (blamed >= 0),
    -- The run that began with no steps on record. Those after it go on with what it left.
    ADD COLUMN first_run  integer NOT NULL DEFAULT 1 CHECK (first_run > 0),
    ADD CONSTRAINT enhancement_history_held CHECK (held_for = '' OR (status = 'pending' AND held_since IS NOT NULL));
UPDATE enhancement_history SET first_run = run WHERE run > 1;

CREATE INDEX enhancement_history_held ON enhancement_history (tenant_id, held_since) WHERE held_for <> '';

-- What of a tenant's fails, one row for each thing, from its first failure to its next success.
CREATE TABLE dependency_outages (
    tenant_id   text        NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    dependency  text        NOT NULL CHECK (dependency <> ''),
    -- How often it has failed in a row, and how many jobs found it so, one after the other.
    failures    integer     NOT NULL DEFAULT 0 CHECK (failures >= 0),
    jobs        integer     NOT NULL DEFAULT 0 CHECK (jobs >= 0),
    last_job    uuid,
    last_step   text        NOT NULL DEFAULT '',
    last_error  text        NOT NULL DEFAULT '',
    -- Since when it counts as dead and whose failure decided it; null while it does not.
    since       timestamptz,
    opened_by   uuid,
    -- When the next job may try it, and the pause that led there.
    probe_after timestamptz,
    pause       interval    NOT NULL DEFAULT '0',
    -- The run that tries it now. Until probe_after no other does.
    probe_job   uuid,
    probe_run   integer,
    PRIMARY KEY (tenant_id, dependency),
    CHECK ((since IS NULL) = (probe_after IS NULL)),
    CHECK ((probe_job IS NULL) = (probe_run IS NULL))
);
ALTER TABLE dependency_outages ENABLE ROW LEVEL SECURITY;
ALTER TABLE dependency_outages FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON dependency_outages TO app_user
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY admin_access ON dependency_outages TO admin USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON dependency_outages TO app_user;

-- As in migration 0015, and besides the tenants with held jobs: each time one is tried leaves a workflow behind.
CREATE OR REPLACE FUNCTION unpurged_tenants(kept interval) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT tenant_id FROM public.enhancement_history
        WHERE purged_run < run AND finished_at IS NOT NULL AND finished_at <= now() - kept
        UNION
        SELECT tenant_id FROM public.enhancement_history WHERE held_for <> '' AND purged_run < run - 1
    $$;

-- As in migration 0016, with the held jobs among those that wait.
CREATE OR REPLACE FUNCTION queue_depths() RETURNS TABLE (tenant text, waiting bigint, held bigint, running bigint, oldest_seconds float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT coalesce(w.tenant_id, r.tenant_id), coalesce(w.jobs, 0), coalesce(w.held, 0), coalesce(r.jobs, 0),
            coalesce(extract(epoch FROM now() - w.oldest), 0)::float8
        FROM (SELECT tenant_id, count(*) AS jobs, count(*) FILTER (WHERE held_for <> '') AS held, min(received_at) AS oldest
              FROM public.enhancement_history WHERE status = 'pending' AND queued_at IS NOT NULL GROUP BY tenant_id) w
        FULL JOIN (SELECT tenant_id, count(*) AS jobs FROM public.enhancement_history
              WHERE status = 'running' GROUP BY tenant_id) r ON r.tenant_id = w.tenant_id
    $$;

-- Of which tenants something counts as dead, what, and for how many seconds.
CREATE FUNCTION standing_outages() RETURNS TABLE (tenant text, dependency text, seconds float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT o.tenant_id, o.dependency, extract(epoch FROM now() - o.since)::float8
        FROM public.dependency_outages o WHERE o.since IS NOT NULL
    $$;
REVOKE ALL ON FUNCTION standing_outages() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION standing_outages() TO app_user;

-- +goose Down
DROP FUNCTION standing_outages();
CREATE OR REPLACE FUNCTION queue_depths() RETURNS TABLE (tenant text, waiting bigint, held bigint, running bigint, oldest_seconds float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT coalesce(w.tenant_id, r.tenant_id), coalesce(w.jobs, 0), 0::bigint, coalesce(r.jobs, 0),
            coalesce(extract(epoch FROM now() - w.oldest), 0)::float8
        FROM (SELECT tenant_id, count(*) AS jobs, min(received_at) AS oldest FROM public.enhancement_history
              WHERE status = 'pending' AND queued_at IS NOT NULL GROUP BY tenant_id) w
        FULL JOIN (SELECT tenant_id, count(*) AS jobs FROM public.enhancement_history
              WHERE status = 'running' GROUP BY tenant_id) r ON r.tenant_id = w.tenant_id
    $$;
CREATE OR REPLACE FUNCTION unpurged_tenants(kept interval) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT DISTINCT tenant_id FROM public.enhancement_history
        WHERE purged_run < run AND finished_at IS NOT NULL AND finished_at <= now() - kept
    $$;
DROP TABLE dependency_outages;
DROP INDEX enhancement_history_held;
ALTER TABLE enhancement_history
    DROP CONSTRAINT enhancement_history_held,
    DROP COLUMN first_run,
    DROP COLUMN blamed,
    DROP COLUMN held_since,
    DROP COLUMN held_for;
