-- +goose Up
-- A worker is of the enhancer that tenants share, whose name is empty, or of a tenant's own.
ALTER TABLE workers ADD COLUMN enhancer text NOT NULL DEFAULT '' CHECK (char_length(enhancer) <= 49);

-- As in migration 0029, which stays for the release before this one.
-- +goose StatementBegin
CREATE FUNCTION worker_beat(who text, built text, how text, busy integer, of_enhancer text) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        DELETE FROM public.workers WHERE replica IN (
            SELECT replica FROM public.workers
            WHERE seen_at < now() - interval '10 minutes' AND NOT drain AND replica <> left(who, 100) FOR UPDATE SKIP LOCKED);
        INSERT INTO public.workers AS w (replica, version, state, steps, enhancer) VALUES (left(who, 100), left(built, 100), how, busy, of_enhancer)
        ON CONFLICT (replica) DO UPDATE SET state = excluded.state, steps = excluded.steps, enhancer = excluded.enhancer, seen_at = now()
        RETURNING w.drain
    $$;
-- +goose StatementEnd

-- How many enhancers have enabled tenants and no worker that takes work: the jobs of those wait, whatever the others do. A number, and not
-- whose they are.
CREATE FUNCTION enhancers_without_workers(silent interval) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT count(DISTINCT c.enhancer) FROM public.tenant_configs c
        WHERE c.enabled
          AND NOT EXISTS (SELECT FROM public.workers w WHERE w.enhancer = c.enhancer AND w.state = 'working' AND NOT w.drain AND w.seen_at >= now() - silent)
    $$;
REVOKE ALL ON FUNCTION worker_beat(text, text, text, integer, text), enhancers_without_workers(interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION worker_beat(text, text, text, integer, text), enhancers_without_workers(interval) TO app_user;

-- +goose Down
DROP FUNCTION enhancers_without_workers(interval);
DROP FUNCTION worker_beat(text, text, text, integer, text);
ALTER TABLE workers DROP COLUMN enhancer;
