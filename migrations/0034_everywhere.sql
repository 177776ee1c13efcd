-- +goose Up
-- What the console shows of all tenants together: the jobs, the newest first, and how many there were by the hour. Each condition that is
-- not asked for is left out, for with one that holds for everything no index would serve.
-- +goose StatementBegin
CREATE FUNCTION all_jobs(with_status text, on_ticket text, since timestamptz, until timestamptz, before_at timestamptz, before_id uuid, most integer)
    RETURNS SETOF enhancement_history
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        conditions text := '';
        listed     text;
    BEGIN
        IF with_status <> '' THEN conditions := conditions || ' AND h.status = $1'; END IF;
        IF since IS NOT NULL THEN conditions := conditions || ' AND h.received_at >= $3'; END IF;
        IF until IS NOT NULL THEN conditions := conditions || ' AND h.received_at < $4'; END IF;
        IF before_id IS NOT NULL THEN conditions := conditions || ' AND (h.received_at, h.job_id) < ($5, $6)'; END IF;
        listed := 'SELECT h.* FROM public.enhancement_history h WHERE true' || conditions || ' ORDER BY h.received_at DESC, h.job_id DESC LIMIT $7';
        IF on_ticket <> '' THEN
            -- Tickets are found within a tenant, so each tenant is looked into.
            listed := 'SELECT j.* FROM public.tenant_configs t CROSS JOIN LATERAL (SELECT h.* FROM public.enhancement_history h '
                || 'WHERE h.tenant_id = t.tenant_id AND h.ticket_id = $2' || conditions || ' ORDER BY h.received_at DESC, h.job_id DESC LIMIT $7) j '
                || 'ORDER BY j.received_at DESC, j.job_id DESC LIMIT $7';
        END IF;
        RETURN QUERY EXECUTE listed USING with_status, on_ticket, since, until, before_at, before_id, most;
    END
    $$;
-- +goose StatementEnd

-- The jobs that were received from then on, by the hour, and how long those took that have a note: since they were received or, begun anew
-- by an operator, since that was. Row-level security shows the tenant of the transaction.
CREATE FUNCTION activity(since timestamptz)
    RETURNS TABLE (hour timestamptz, completed bigint, failed bigint, unfinished bigint, p50_ms float8, p95_ms float8)
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT date_trunc('hour', received_at, 'UTC'),
               count(*) FILTER (WHERE status = 'completed'), count(*) FILTER (WHERE status = 'failed'),
               count(*) FILTER (WHERE status IN ('pending', 'running')),
               percentile_cont(0.5) WITHIN GROUP (ORDER BY took) FILTER (WHERE status = 'completed'),
               percentile_cont(0.95) WITHIN GROUP (ORDER BY took) FILTER (WHERE status = 'completed')
        FROM (SELECT received_at, status, 1000 * extract(epoch FROM finished_at
                         - CASE first_run WHEN 1 THEN received_at ELSE greatest(received_at, queued_at) END)::float8 AS took
              FROM public.enhancement_history WHERE received_at >= since) jobs
        GROUP BY 1
    $$;
CREATE FUNCTION all_activity(since timestamptz)
    RETURNS TABLE (hour timestamptz, completed bigint, failed bigint, unfinished bigint, p50_ms float8, p95_ms float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT * FROM public.activity(since)';
REVOKE ALL ON FUNCTION all_jobs(text, text, timestamptz, timestamptz, timestamptz, uuid, integer), activity(timestamptz), all_activity(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION activity(timestamptz) TO app_user;
GRANT EXECUTE ON FUNCTION all_jobs(text, text, timestamptz, timestamptz, timestamptz, uuid, integer), all_activity(timestamptz) TO console_user;

-- +goose Down
DROP FUNCTION all_activity(timestamptz);
DROP FUNCTION activity(timestamptz);
DROP FUNCTION all_jobs(text, text, timestamptz, timestamptz, timestamptz, uuid, integer);
