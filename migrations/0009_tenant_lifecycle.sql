-- +goose Up
-- Roles belong to the server, so they cannot be made here; policies that name one that is missing, or is no member, would
-- leave the console with less than it needs, and nobody would know why.
-- +goose StatementBegin
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'console_user')
       OR NOT pg_has_role('console_user', 'app_user', 'MEMBER') THEN
        RAISE EXCEPTION 'there is no role console_user that is a member of app_user'
            USING HINT = 'Give `migrate up` DATABASE_SUPER_URL and CONSOLE_USER_PASSWORD, or create the role as docs/database.md says.';
    END IF;
END $$;
-- +goose StatementEnd

ALTER TABLE tenant_configs
    -- Grows with every change that an operator makes: who changes says which version was looked at, so that of two
    -- changes at once none gets lost.
    ADD COLUMN version                        bigint NOT NULL DEFAULT 1 CHECK (version > 0),
    -- When it was marked as deleted; a deleted tenant can be restored until it is purged.
    ADD COLUMN deleted_at                     timestamptz,
    -- When its rows began to be removed. From then on there is no way back.
    ADD COLUMN purge_started_at               timestamptz,
    -- Null when not known: from before there were these columns.
    ADD COLUMN api_key_changed_at             timestamptz,
    ADD COLUMN signing_secret_changed_at      timestamptz,
    ADD COLUMN kb_api_key_changed_at          timestamptz,
    -- The signing secret before the present one, sealed for this column, and until when it is accepted.
    ADD COLUMN previous_signing_secret_sealed bytea,
    ADD COLUMN previous_signing_secret_until  timestamptz,
    ADD CONSTRAINT tenant_configs_previous_secret
        CHECK ((previous_signing_secret_sealed IS NULL) = (previous_signing_secret_until IS NULL)),
    ADD CONSTRAINT tenant_configs_deleted CHECK (deleted_at IS NULL OR NOT enabled),
    ADD CONSTRAINT tenant_configs_purge CHECK (purge_started_at IS NULL OR deleted_at IS NOT NULL);

-- The console works across tenants, in this one table: it lists them, and makes and changes them. Of all others it sees
-- what app_user does, one tenant at a time.
CREATE POLICY console_access ON tenant_configs TO console_user USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_configs TO console_user;
-- Gateway and enhancer read. Were one of them taken over, it could neither replace a secret nor send a tenant's calls
-- elsewhere.
REVOKE INSERT, UPDATE, DELETE ON tenant_configs FROM app_user;

-- +goose Down
GRANT INSERT, UPDATE, DELETE ON tenant_configs TO app_user;
REVOKE ALL ON tenant_configs FROM console_user;
DROP POLICY console_access ON tenant_configs;
ALTER TABLE tenant_configs
    DROP CONSTRAINT tenant_configs_purge,
    DROP CONSTRAINT tenant_configs_deleted,
    DROP CONSTRAINT tenant_configs_previous_secret,
    DROP COLUMN previous_signing_secret_until,
    DROP COLUMN previous_signing_secret_sealed,
    DROP COLUMN kb_api_key_changed_at,
    DROP COLUMN signing_secret_changed_at,
    DROP COLUMN api_key_changed_at,
    DROP COLUMN purge_started_at,
    DROP COLUMN deleted_at,
    DROP COLUMN version;
