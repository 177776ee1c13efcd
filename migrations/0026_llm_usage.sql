-- +goose Up
-- What models cost each tenant, by day. Unlike llm_calls, it outlives the jobs, and counts what belongs to no job. See
-- docs/decisions/0036.
CREATE TABLE llm_usage (
    tenant_id         text           NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    day               date           NOT NULL, -- in UTC
    model             text           NOT NULL CHECK (char_length(model) <= 200),
    purpose           text           NOT NULL CHECK (purpose IN ('job', 'preview')),
    -- Requests, and how many of them were not answered.
    calls             bigint         NOT NULL DEFAULT 0 CHECK (calls >= 0),
    failed            bigint         NOT NULL DEFAULT 0 CHECK (failed >= 0),
    -- Answers that were given again, without a request.
    cached_answers    bigint         NOT NULL DEFAULT 0 CHECK (cached_answers >= 0),
    -- Requests to a model whose price was not known; they add nothing to cost_usd.
    unpriced          bigint         NOT NULL DEFAULT 0 CHECK (unpriced >= 0),
    prompt_tokens     bigint         NOT NULL DEFAULT 0 CHECK (prompt_tokens >= 0),
    -- Those of prompt_tokens that the server had read before.
    cached_tokens     bigint         NOT NULL DEFAULT 0 CHECK (cached_tokens >= 0),
    completion_tokens bigint         NOT NULL DEFAULT 0 CHECK (completion_tokens >= 0),
    cost_usd          numeric(18, 9) NOT NULL DEFAULT 0 CHECK (cost_usd >= 0),
    PRIMARY KEY (tenant_id, day, model, purpose)
);

-- Who was told of a budget that is spent, so that of all replicas one tells, once a month for each limit.
CREATE TABLE llm_budget_alerts (
    tenant_id  text           NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    month      date           NOT NULL CHECK (extract(day FROM month) = 1),
    level      text           NOT NULL CHECK (level IN ('soft', 'hard')),
    limit_usd  numeric(18, 9) NOT NULL,
    spent_usd  numeric(18, 9) NOT NULL,
    alerted_at timestamptz    NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, month, level)
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['llm_usage', 'llm_budget_alerts'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant_isolation ON %I TO app_user
            USING (tenant_id = current_setting(''app.tenant_id'', true))
            WITH CHECK (tenant_id = current_setting(''app.tenant_id'', true))', t);
        EXECUTE format('CREATE POLICY admin_access ON %I TO admin USING (true) WITH CHECK (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO app_user', t);
    END LOOP;
END $$;
-- +goose StatementEnd

ALTER TABLE llm_calls ADD COLUMN cached_tokens integer NOT NULL DEFAULT 0;

-- What all tenants used from one day to another, both included, and what they may spend in a month. It runs as its owner, and is
-- for the console alone.
CREATE FUNCTION all_llm_usage(first date, last date)
    RETURNS TABLE (tenant text, calls bigint, failed bigint, cached_answers bigint, unpriced bigint, prompt_tokens bigint,
                   cached_tokens bigint, completion_tokens bigint, cost_usd float8, soft_usd float8, hard_usd float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT u.tenant_id, sum(u.calls)::bigint, sum(u.failed)::bigint, sum(u.cached_answers)::bigint, sum(u.unpriced)::bigint,
               sum(u.prompt_tokens)::bigint, sum(u.cached_tokens)::bigint, sum(u.completion_tokens)::bigint, sum(u.cost_usd)::float8,
               coalesce((min(c.enhancement_prefs #>> '{budget,soft_usd}'))::float8, 0),
               coalesce((min(c.enhancement_prefs #>> '{budget,hard_usd}'))::float8, 0)
        FROM public.llm_usage u JOIN public.tenant_configs c ON c.tenant_id = u.tenant_id
        WHERE u.day BETWEEN first AND last
        GROUP BY u.tenant_id
    $$;
REVOKE ALL ON FUNCTION all_llm_usage(date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION all_llm_usage(date, date) TO console_user;

-- +goose Down
DROP FUNCTION all_llm_usage(date, date);
ALTER TABLE llm_calls DROP COLUMN cached_tokens;
DROP TABLE llm_budget_alerts;
DROP TABLE llm_usage;
