-- +goose Up
-- Every table with a tenant_id has row-level security, enabled and forced, from the migration that
-- creates it. `app_user` sees the rows of the tenant named by the transaction-local setting
-- app.tenant_id and, with none set, sees nothing. `admin` owns the tables and is exempted by a policy
-- of its own, not by ownership, so that FORCE keeps its meaning.
CREATE TABLE tenant_configs (
    tenant_id             text PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name                  text        NOT NULL CHECK (name <> ''),
    enabled               boolean     NOT NULL DEFAULT true,
    servicedesk_url       text        NOT NULL,
    servicedesk_profile   text        NOT NULL CHECK (servicedesk_profile IN ('onprem', 'cloud')),
    technician_id         text        NOT NULL DEFAULT '',
    kb_url                text        NOT NULL DEFAULT '',
    -- Sealed with the tenant keyset; the associated data names tenant and column.
    api_key_sealed        bytea       NOT NULL,
    signing_secret_sealed bytea       NOT NULL,
    kb_api_key_sealed     bytea,
    enhancement_prefs     jsonb       NOT NULL DEFAULT '{}',
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE tenant_configs ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_configs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON tenant_configs TO app_user
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY admin_access ON tenant_configs TO admin USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_configs TO app_user;
-- The apps compare the schema's version with the one they were built for.
GRANT SELECT ON goose_db_version TO app_user;

-- +goose Down
DROP TABLE tenant_configs;
