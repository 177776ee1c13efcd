-- +goose Up
-- ServiceDesk Plus sends a webhook at most once, so its lists are looked through for what was missed. See docs/decisions/0027.

-- Since when a tenant is worked for without a break: what happened while it was disabled is nobody's business.
ALTER TABLE tenant_configs ADD COLUMN enabled_since timestamptz NOT NULL DEFAULT now();

-- +goose StatementBegin
CREATE FUNCTION tenant_enabled_since() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.enabled_since := now();
    RETURN NEW;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION tenant_enabled_since() FROM PUBLIC;
CREATE TRIGGER tenant_enabled_since BEFORE UPDATE ON tenant_configs FOR EACH ROW
    WHEN (NEW.enabled AND NOT OLD.enabled) EXECUTE FUNCTION tenant_enabled_since();

CREATE TABLE reconcile_polls (
    tenant_id         text        PRIMARY KEY REFERENCES tenant_configs ON DELETE CASCADE,
    -- Where it all began, by our clock: what was created before is left alone.
    since             timestamptz NOT NULL,
    -- Where the next poll goes on: the time of creation, by the server's clock, up to which all requests are accounted for. It
    -- moves only after their jobs are in the ledger. Null until there was a request.
    position          timestamptz,
    -- Where one moment holds more requests than a page: how many of them are behind us, and which was the last.
    skip              integer     NOT NULL DEFAULT 0 CHECK (skip >= 0),
    last_ticket       text        NOT NULL DEFAULT '',
    -- The list has not been followed to its end yet.
    behind            boolean     NOT NULL DEFAULT false,
    -- By how much the server's clock is ahead of ours.
    clock_ahead_ms    bigint      NOT NULL DEFAULT 0,
    -- Who polls; another may from lease_until on.
    lease_holder      uuid,
    lease_until       timestamptz,
    next_due          timestamptz NOT NULL,
    last_started      timestamptz,
    -- When the list was last followed to its end.
    last_succeeded    timestamptz,
    last_error        text        NOT NULL DEFAULT '',
    -- How often it failed in a row.
    failures          integer     NOT NULL DEFAULT 0,
    -- Of all polls together. A request is listed, and skipped, by several of them.
    polls             bigint      NOT NULL DEFAULT 0,
    requests_listed   bigint      NOT NULL DEFAULT 0,
    requests_missed   bigint      NOT NULL DEFAULT 0,
    requests_skipped  bigint      NOT NULL DEFAULT 0,
    requests_left_out bigint      NOT NULL DEFAULT 0,
    CHECK ((lease_holder IS NULL) = (lease_until IS NULL))
);
ALTER TABLE reconcile_polls ENABLE ROW LEVEL SECURITY;
ALTER TABLE reconcile_polls FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON reconcile_polls TO app_user
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY admin_access ON reconcile_polls TO admin USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON reconcile_polls TO app_user;

-- Of which enabled tenants a poll is due, or the first one to be planned. Like enabled_tenants(), it runs as its owner and gives
-- away nothing else.
CREATE FUNCTION due_reconcile_polls(most integer) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT c.tenant_id FROM public.tenant_configs c LEFT JOIN public.reconcile_polls p ON p.tenant_id = c.tenant_id
        WHERE c.enabled AND (p.tenant_id IS NULL
            OR p.next_due <= clock_timestamp() AND (p.lease_until IS NULL OR p.lease_until <= clock_timestamp()))
        ORDER BY p.next_due NULLS FIRST, c.tenant_id LIMIT most
    $$;

-- For how many seconds the requests of each enabled tenant have not been followed to their end; for the metrics.
CREATE FUNCTION reconcile_silence() RETURNS TABLE (tenant text, seconds float8)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT c.tenant_id, extract(epoch FROM clock_timestamp() - greatest(p.last_succeeded, p.since, c.enabled_since))::float8
        FROM public.tenant_configs c LEFT JOIN public.reconcile_polls p ON p.tenant_id = c.tenant_id
        WHERE c.enabled
    $$;

REVOKE ALL ON FUNCTION due_reconcile_polls(integer), reconcile_silence() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION due_reconcile_polls(integer), reconcile_silence() TO app_user;

-- +goose Down
DROP FUNCTION reconcile_silence();
DROP FUNCTION due_reconcile_polls(integer);
DROP TABLE reconcile_polls;
DROP TRIGGER tenant_enabled_since ON tenant_configs;
DROP FUNCTION tenant_enabled_since();
ALTER TABLE tenant_configs DROP COLUMN enabled_since;
