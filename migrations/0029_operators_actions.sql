-- +goose Up
-- A lock that is not to be had soon is given up: whoever waits for it keeps all others waiting behind it. Migrating again goes on here.
SET LOCAL lock_timeout = '5s';
-- What operators do by hand: pauses, cancelled jobs, workers that are drained. See docs/decisions/0044.

-- What of a tenant's is paused, until ends_at or, when that is null, until somebody ends it. One whose end has come counts as none.
CREATE TABLE tenant_pauses (
    tenant_id text        NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    scope     text        NOT NULL CHECK (scope IN ('intake', 'processing')),
    reason    text        NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 200),
    -- As the audit log names them.
    paused_by text        NOT NULL CHECK (paused_by <> ''),
    paused_at timestamptz NOT NULL DEFAULT now(),
    ends_at   timestamptz,
    PRIMARY KEY (tenant_id, scope),
    CHECK (ends_at > paused_at)
);
ALTER TABLE tenant_pauses ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_pauses FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON tenant_pauses TO app_user
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY admin_access ON tenant_pauses TO admin USING (true) WITH CHECK (true);
-- Gateway and enhancer obey. Taken over, neither could let in what an operator keeps out.
GRANT SELECT ON tenant_pauses TO app_user;
GRANT INSERT, UPDATE, DELETE ON tenant_pauses TO console_user;

-- The same of all tenants together. It is no tenant's, so app_user does not see it but by the functions below.
CREATE TABLE platform_pauses (
    scope     text        PRIMARY KEY CHECK (scope IN ('intake', 'processing')),
    reason    text        NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 200),
    paused_by text        NOT NULL CHECK (paused_by <> ''),
    paused_at timestamptz NOT NULL DEFAULT now(),
    ends_at   timestamptz,
    CHECK (ends_at > paused_at)
);
ALTER TABLE platform_pauses ENABLE ROW LEVEL SECURITY;
ALTER TABLE platform_pauses FORCE ROW LEVEL SECURITY;
CREATE POLICY admin_access ON platform_pauses TO admin USING (true) WITH CHECK (true);
CREATE POLICY console_access ON platform_pauses TO console_user USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON platform_pauses TO console_user;

-- The pause of the transaction's tenant, its own or that of all, that lasts longest; no row for none. It is on the way of every
-- webhook, and reads two rows by their keys.
CREATE FUNCTION pause_of(which text) RETURNS TABLE (everybody boolean, ends_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT p.everybody, p.ends_at FROM (
            SELECT false AS everybody, t.ends_at FROM public.tenant_pauses t
            WHERE t.tenant_id = current_setting('app.tenant_id', true) AND t.scope = which
            UNION ALL
            SELECT true, a.ends_at FROM public.platform_pauses a WHERE a.scope = which) p
        WHERE p.ends_at IS NULL OR p.ends_at > now()
        ORDER BY p.ends_at DESC NULLS FIRST, p.everybody LIMIT 1
    $$;

-- Every pause that stands, for the metrics: whose, null for that of all, and of what. Not why, nor by whom.
CREATE FUNCTION standing_pauses() RETURNS TABLE (tenant text, scope text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT t.tenant_id, t.scope FROM public.tenant_pauses t WHERE t.ends_at IS NULL OR t.ends_at > now()
        UNION ALL
        SELECT NULL, a.scope FROM public.platform_pauses a WHERE a.ends_at IS NULL OR a.ends_at > now()
    $$;

-- All that is known of them, for the console alone.
CREATE FUNCTION all_pauses() RETURNS TABLE (tenant text, scope text, reason text, paused_by text, paused_at timestamptz, ends_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT t.tenant_id, t.scope, t.reason, t.paused_by, t.paused_at, t.ends_at
        FROM public.tenant_pauses t WHERE t.ends_at IS NULL OR t.ends_at > now()
        UNION ALL
        SELECT '', a.scope, a.reason, a.paused_by, a.paused_at, a.ends_at
        FROM public.platform_pauses a WHERE a.ends_at IS NULL OR a.ends_at > now()
    $$;
REVOKE ALL ON FUNCTION pause_of(text), standing_pauses(), all_pauses() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pause_of(text), standing_pauses() TO app_user;
GRANT EXECUTE ON FUNCTION all_pauses() TO console_user;

-- As in migration 0016, but of a tenant whose processing is paused nothing counts as waiting.
CREATE OR REPLACE FUNCTION queue_turns() RETURNS TABLE (tenant text, waits boolean, running bigint)
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
            SELECT w.tenant_id FROM waiting w
            WHERE w.tenant_id IS NOT NULL
              AND NOT EXISTS (SELECT FROM public.tenant_pauses p
                              WHERE p.tenant_id = w.tenant_id AND p.scope = 'processing' AND (p.ends_at IS NULL OR p.ends_at > now()))
              AND NOT EXISTS (SELECT FROM public.platform_pauses p
                              WHERE p.scope = 'processing' AND (p.ends_at IS NULL OR p.ends_at > now()))),
        running AS (
            SELECT tenant_id, count(*) AS jobs FROM public.enhancement_history WHERE status = 'running' GROUP BY tenant_id)
        SELECT tenant_id, d.tenant_id IS NOT NULL, coalesce(r.jobs, 0)
        FROM due d FULL JOIN running r USING (tenant_id)
    $$;

ALTER TABLE reconcile_polls
    -- Since when the tenant's intake was found paused, until its list has been followed to its end again: what was created since
    -- then is not too old, however long the pause was.
    ADD COLUMN paused_since timestamptz,
    -- When it was last found so.
    ADD COLUMN paused_seen  timestamptz;

-- As in migration 0019, but a tenant whose intake is paused is not silent meanwhile.
CREATE OR REPLACE FUNCTION reconcile_silence() RETURNS TABLE (tenant text, seconds float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT c.tenant_id, extract(epoch FROM clock_timestamp() - greatest(p.last_succeeded, p.since, c.enabled_since, p.paused_seen))::float8
        FROM public.tenant_configs c LEFT JOIN public.reconcile_polls p ON p.tenant_id = c.tenant_id
        WHERE c.enabled
    $$;

ALTER TABLE enhancement_history
    -- The last run that an operator cancelled, and the last one that announced a write of its note. Both are runs, so that a job
    -- that is begun anew is neither, also when a release began it that does not know of them.
    ADD COLUMN cancelled_run integer NOT NULL DEFAULT 0,
    ADD COLUMN announced_run integer NOT NULL DEFAULT 0;

-- The enhancers that there are, each of which tells of itself every few seconds, and whether an operator wants it to take no work. They
-- are the platform's: the apps reach their own row by the functions below alone.
CREATE TABLE workers (
    replica    text        PRIMARY KEY CHECK (char_length(replica) BETWEEN 1 AND 100),
    version    text        NOT NULL CHECK (char_length(version) <= 100),
    state      text        NOT NULL CHECK (state IN ('working', 'draining', 'drained', 'unavailable')),
    -- Steps that it has under way.
    steps      integer     NOT NULL CHECK (steps >= 0),
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now(),
    drain      boolean     NOT NULL DEFAULT false,
    drained_by text        NOT NULL DEFAULT '',
    drained_at timestamptz
);
ALTER TABLE workers ENABLE ROW LEVEL SECURITY;
ALTER TABLE workers FORCE ROW LEVEL SECURITY;
CREATE POLICY admin_access ON workers TO admin USING (true) WITH CHECK (true);
CREATE POLICY console_access ON workers TO console_user USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (drain, drained_by, drained_at) ON workers TO console_user;

-- A replica tells how it is, and is told whether it is to be drained. Whoever has not for ten minutes is forgotten, but
-- one that is to be drained: it may only be cut off, and has to hear of that when it is back. Rows that somebody changes are left for the
-- next time, so that nobody waits for two.
-- +goose StatementBegin
CREATE FUNCTION worker_beat(who text, built text, how text, busy integer) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        DELETE FROM public.workers WHERE replica IN (
            SELECT replica FROM public.workers
            WHERE seen_at < now() - interval '10 minutes' AND NOT drain AND replica <> left(who, 100) FOR UPDATE SKIP LOCKED);
        INSERT INTO public.workers AS w (replica, version, state, steps) VALUES (left(who, 100), left(built, 100), how, busy)
        ON CONFLICT (replica) DO UPDATE SET state = excluded.state, steps = excluded.steps, seen_at = now()
        RETURNING w.drain
    $$;
-- +goose StatementEnd

-- A replica says goodbye.
CREATE FUNCTION worker_gone(who text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'DELETE FROM public.workers WHERE replica = left(who, 100)';
REVOKE ALL ON FUNCTION worker_beat(text, text, text, integer), worker_gone(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION worker_beat(text, text, text, integer), worker_gone(text) TO app_user;

-- What went wrong since then, of the tenant whose transaction it is, by its reason: jobs that failed and were not cancelled, steps that
-- gave less than they should, requests to models, and what counts as dead now.
CREATE FUNCTION recent_errors(from_then timestamptz)
    RETURNS TABLE (tenant text, kind text, place text, reason text, times bigint, first_at timestamptz, last_at timestamptz, last_job text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT h.tenant_id, 'job', h.event, h.failure_reason, count(*), min(h.finished_at), max(h.finished_at),
            (array_agg(h.job_id::text ORDER BY h.finished_at DESC))[1]
        FROM public.enhancement_history h
        WHERE h.status = 'failed' AND h.finished_at IS NOT NULL AND h.finished_at >= from_then AND h.cancelled_run < h.run
        GROUP BY h.tenant_id, h.event, h.failure_reason
        UNION ALL
        SELECT s.tenant_id, 'step', s.step, s.detail, count(*), min(s.finished_at), max(s.finished_at),
            (array_agg(s.job_id::text ORDER BY s.finished_at DESC))[1]
        FROM public.enhancement_steps s WHERE s.outcome <> 'ok' AND s.finished_at >= from_then
        GROUP BY s.tenant_id, s.step, s.detail
        UNION ALL
        SELECT c.tenant_id, 'model', c.model, c.error, count(*), min(c.called_at), max(c.called_at),
            (array_agg(c.job_id::text ORDER BY c.called_at DESC))[1]
        FROM public.llm_calls c WHERE c.error <> '' AND c.called_at >= from_then
        GROUP BY c.tenant_id, c.model, c.error
        UNION ALL
        SELECT o.tenant_id, 'outage', o.dependency, o.last_error, o.failures, o.since, now(), o.last_job::text
        FROM public.dependency_outages o WHERE o.since IS NOT NULL
        ORDER BY 7 DESC LIMIT 5000
    $$;

-- The same of all tenants, for the console alone.
CREATE FUNCTION all_recent_errors(from_then timestamptz)
    RETURNS TABLE (tenant text, kind text, place text, reason text, times bigint, first_at timestamptz, last_at timestamptz, last_job text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT * FROM public.recent_errors(from_then)';
REVOKE ALL ON FUNCTION recent_errors(timestamptz), all_recent_errors(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION recent_errors(timestamptz) TO app_user;
GRANT EXECUTE ON FUNCTION all_recent_errors(timestamptz) TO console_user;

-- +goose Down
DROP FUNCTION all_recent_errors(timestamptz);
DROP FUNCTION recent_errors(timestamptz);
DROP FUNCTION worker_gone(text);
DROP FUNCTION worker_beat(text, text, text, integer);
DROP TABLE workers;
ALTER TABLE enhancement_history
    DROP COLUMN announced_run,
    DROP COLUMN cancelled_run;
CREATE OR REPLACE FUNCTION reconcile_silence() RETURNS TABLE (tenant text, seconds float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT c.tenant_id, extract(epoch FROM clock_timestamp() - greatest(p.last_succeeded, p.since, c.enabled_since))::float8
        FROM public.tenant_configs c LEFT JOIN public.reconcile_polls p ON p.tenant_id = c.tenant_id
        WHERE c.enabled
    $$;
ALTER TABLE reconcile_polls
    DROP COLUMN paused_seen,
    DROP COLUMN paused_since;
CREATE OR REPLACE FUNCTION queue_turns() RETURNS TABLE (tenant text, waits boolean, running bigint)
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
DROP FUNCTION all_pauses();
DROP FUNCTION standing_pauses();
DROP FUNCTION pause_of(text);
DROP TABLE platform_pauses;
DROP TABLE tenant_pauses;
