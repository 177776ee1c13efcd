-- +goose Up
-- Every version of a tenant's preferences. A version is that of the tenant, by which the account of a draft names the settings it was
-- made under: the preferences of version 7 are those of the latest version here that is not above 7. See docs/decisions/0034.
CREATE TABLE tenant_preferences (
    tenant_id  text        NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    version    bigint      NOT NULL CHECK (version > 0),
    prefs      jsonb       NOT NULL,
    changed_at timestamptz NOT NULL,
    -- As the audit log names them; empty when the platform itself did, or nobody said.
    changed_by text        NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, version)
);
ALTER TABLE tenant_preferences ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_preferences FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON tenant_preferences TO app_user
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY admin_access ON tenant_preferences TO admin USING (true) WITH CHECK (true);
-- The console writes them, and a purge removes them. Nobody changes one.
GRANT SELECT ON tenant_preferences TO app_user;
GRANT INSERT, DELETE ON tenant_preferences TO console_user;
-- The first version of tenants that are there. Without it, it would be lost with the next change.
INSERT INTO tenant_preferences (tenant_id, version, prefs, changed_at)
    SELECT tenant_id, version, enhancement_prefs, updated_at FROM tenant_configs;

-- +goose Down
DROP TABLE tenant_preferences;
