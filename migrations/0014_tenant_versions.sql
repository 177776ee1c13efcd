-- +goose Up
-- A tenant's version is what copies of it, clients made for it and If-Match are believed by. Were it to begin at 1 again for
-- an id that was purged, all of these would take the new tenant for the old one, whose signing secret and keys they hold. So
-- all versions come from here, and none comes twice: not for another tenant either, which nobody needs and which is simpler.
--
-- It begins above whatever a tenant could have had that was purged before, and what a console of the release before makes
-- while it still runs, which adds 1.
CREATE SEQUENCE tenant_versions AS bigint MINVALUE 1000000;
SELECT setval('tenant_versions', greatest(1000000, (SELECT max(version) + 1000000 FROM tenant_configs)), false);
ALTER SEQUENCE tenant_versions OWNED BY tenant_configs.version;
ALTER TABLE tenant_configs ALTER COLUMN version SET DEFAULT nextval('tenant_versions');
-- Those that are there may be second ones of their id, with copies of the first about.
UPDATE tenant_configs SET version = nextval('tenant_versions');
-- Not for app_user, which changes no tenant. USAGE is nextval without setval, which could turn it back.
GRANT USAGE ON SEQUENCE tenant_versions TO console_user;

-- A revocation is for good, whoever is at the console's connection.
-- +goose StatementBegin
CREATE FUNCTION api_token_stays_revoked() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the token % is revoked, which stays: make another one', OLD.id USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION api_token_stays_revoked() FROM PUBLIC;
CREATE TRIGGER api_token_stays_revoked BEFORE UPDATE ON api_tokens FOR EACH ROW
    WHEN (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at)
    EXECUTE FUNCTION api_token_stays_revoked();

-- As everywhere else: unnamed, pg_temp would come first.
ALTER FUNCTION enabled_tenants() SET search_path = pg_catalog, pg_temp;

-- One writer of the audit log at a time, as before, and by a lock that takes a right: an advisory lock is for everybody to
-- take, so whoever had an app's connection could stop all changes by holding it. No row is ever in this table.
-- Whoever has appended before this is committed goes first, and whoever appends meanwhile waits: the two locks do not know
-- of each other.
LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE;
CREATE TABLE audit_turn ();
REVOKE ALL ON audit_turn FROM PUBLIC;
CREATE OR REPLACE FUNCTION audit_lock() RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS 'LOCK TABLE public.audit_turn IN EXCLUSIVE MODE';

-- +goose Down
LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE;
CREATE OR REPLACE FUNCTION audit_lock() RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS 'SELECT pg_advisory_xact_lock(7954892031775401061)';
DROP TABLE audit_turn;
ALTER FUNCTION enabled_tenants() SET search_path = pg_catalog;
DROP TRIGGER api_token_stays_revoked ON api_tokens;
DROP FUNCTION api_token_stays_revoked();
ALTER TABLE tenant_configs ALTER COLUMN version SET DEFAULT 1;
DROP SEQUENCE tenant_versions;
