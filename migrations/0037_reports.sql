-- +goose Up
-- What a tenant's weekly reports are reckoned with, and what its baseline was. See docs/decisions/0056.
CREATE TABLE report_settings (
    tenant_id        text        PRIMARY KEY REFERENCES tenant_configs ON DELETE CASCADE,
    -- Minutes. What is not set has the default of package report.
    research_minutes float8      CHECK (research_minutes > 0 AND research_minutes <= 480),
    ticket_minutes   float8      CHECK (ticket_minutes >= 0 AND ticket_minutes <= 120),
    article_minutes  float8      CHECK (article_minutes >= 0 AND article_minutes <= 120),
    system_minutes   float8      CHECK (system_minutes >= 0 AND system_minutes <= 120),
    baseline_from    timestamptz,
    baseline_until   timestamptz,
    -- What was found of the baseline when it was over; it stays, whatever becomes of the tickets.
    baseline_tickets integer     CHECK (baseline_tickets >= 0),
    baseline_seconds float8      CHECK (baseline_seconds >= 0),
    changed_at       timestamptz NOT NULL DEFAULT now(),
    CHECK ((baseline_from IS NULL) = (baseline_until IS NULL) AND baseline_from < baseline_until)
);
ALTER TABLE report_settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE report_settings FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON report_settings TO app_user
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY admin_access ON report_settings TO admin USING (true) WITH CHECK (true);
-- The console makes reports: the apps that take webhooks and tickets change nothing of them.
GRANT SELECT ON report_settings TO app_user;
GRANT INSERT, UPDATE, DELETE ON report_settings TO console_user;

-- +goose Down
DROP TABLE report_settings;
