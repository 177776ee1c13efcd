-- +goose Up
-- How far a tenant's tickets, articles and systems have been copied from its ServiceDesk Plus, and who is at it.
-- See docs/decisions/0016.
CREATE TABLE mirror_feeds (
    tenant_id        text        NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    feed             text        NOT NULL CHECK (feed IN ('tickets', 'kb', 'assets')),
    -- Where to go on. It moves only after what lies before it has been stored.
    cursor           jsonb       NOT NULL DEFAULT '{}',
    -- Who works on the feed; another may from lease_until on.
    lease_holder     uuid,
    lease_until      timestamptz,
    next_due         timestamptz NOT NULL DEFAULT now(),
    -- An import by hand waits for the feed: the schedule leaves it free until then.
    wanted_until     timestamptz,
    last_started     timestamptz,
    last_finished    timestamptz,
    last_succeeded   timestamptz,
    last_error       text        NOT NULL DEFAULT '',
    -- How often it failed in a row.
    failures         integer     NOT NULL DEFAULT 0,
    -- Of all runs together.
    records_read     bigint      NOT NULL DEFAULT 0,
    records_added    bigint      NOT NULL DEFAULT 0,
    records_changed  bigint      NOT NULL DEFAULT 0,
    records_removed  bigint      NOT NULL DEFAULT 0,
    records_rejected bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, feed),
    CHECK ((lease_holder IS NULL) = (lease_until IS NULL))
);

-- What a complete pass has come across so far: ours that it does not are looked up, and removed if they are gone.
CREATE TABLE mirror_seen (
    tenant_id text NOT NULL,
    feed      text NOT NULL,
    pass      text NOT NULL CHECK (pass IN ('import', 'sweep')),
    record_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, feed, pass, record_id),
    FOREIGN KEY (tenant_id, feed) REFERENCES mirror_feeds ON DELETE CASCADE
);

-- What was read and is not kept, or is kept although the server no longer lists it, so that it is not read again
-- with every pass.
CREATE TABLE mirror_left_out (
    tenant_id text        NOT NULL,
    feed      text        NOT NULL,
    record_id text        COLLATE "C" NOT NULL,
    reason    text        NOT NULL CHECK (reason IN ('empty', 'rejected', 'archived', 'failed')),
    -- When it had last changed; null when the server does not say.
    version   timestamptz,
    -- It is read again from then on, or when its version is another.
    until     timestamptz NOT NULL,
    -- How often in a row, besides the first time, the server failed to give it out.
    failures  integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, feed, record_id),
    FOREIGN KEY (tenant_id, feed) REFERENCES mirror_feeds ON DELETE CASCADE
);

-- When a tenant's server may be called next, by any process.
CREATE TABLE mirror_pace (
    tenant_id     text        NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    host          text        NOT NULL,
    -- When the calls that were granted so far are spread out.
    paid_until    timestamptz NOT NULL,
    -- The server has had enough until then.
    blocked_until timestamptz,
    -- How often it said so in a row.
    strikes       integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, host)
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['mirror_feeds', 'mirror_seen', 'mirror_left_out', 'mirror_pace'] LOOP
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

-- The one thing that an app may know across tenants: which there are to be worked for. It runs as its owner, admin,
-- who sees all by a policy; the search path is pinned, so that nobody can put a table of theirs in the way.
CREATE FUNCTION enabled_tenants() RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog
    AS 'SELECT tenant_id FROM public.tenant_configs WHERE enabled ORDER BY tenant_id';
REVOKE ALL ON FUNCTION enabled_tenants() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION enabled_tenants() TO app_user;

-- +goose Down
DROP FUNCTION enabled_tenants();
DROP TABLE mirror_pace;
DROP TABLE mirror_left_out;
DROP TABLE mirror_seen;
DROP TABLE mirror_feeds;
