-- +goose Up
-- Who changed what, and who was turned away: one entry for each, in a chain. An entry's hash covers all of its fields and
-- the hash of the entry before, so that a change, a removal or an insertion is found by `audit.Log.Verify`, also when it
-- was done by somebody who may do everything here. See docs/logging.md.
--
-- The table has a tenant_id and no policy `tenant_isolation`, on purpose: the apps have no right to it at all, only to
-- the function audit_append; and who reads it reads the whole log. The entries outlive their tenant, hence no reference.
CREATE TABLE audit_log (
    seq            bigint      PRIMARY KEY CHECK (seq > 0),
    at             timestamptz NOT NULL,
    operation      text        NOT NULL CHECK (operation ~ '^[a-z][a-z_]{0,30}\.[a-z][a-z_]{0,30}$'),
    status         text        NOT NULL CHECK (status IN ('ok', 'refused', 'failed')),
    actor          text        NOT NULL CHECK (char_length(actor) BETWEEN 1 AND 500),
    tenant_id      text        NOT NULL DEFAULT '' CHECK (char_length(tenant_id) <= 500),
    target         text        NOT NULL DEFAULT '' CHECK (char_length(target) <= 500),
    address        text        NOT NULL DEFAULT '' CHECK (char_length(address) <= 500),
    correlation_id text        NOT NULL DEFAULT '' CHECK (char_length(correlation_id) <= 500),
    detail         jsonb       NOT NULL DEFAULT '{}'
                   CHECK (jsonb_typeof(detail) = 'object' AND NOT jsonb_path_exists(detail, '$.* ? (@.type() != "string")')),
    -- The database role that wrote it. An actor is what an app says; this is what the database knows.
    written_by     text        NOT NULL,
    previous_hash  bytea       NOT NULL CHECK (octet_length(previous_hash) = 32),
    hash           bytea       NOT NULL CHECK (octet_length(hash) = 32),
    -- Somebody who may only add entries must not be able to fill the disk with a few of them.
    CHECK (octet_length(detail::text) <= 131072)
);
CREATE INDEX audit_log_tenant ON audit_log (tenant_id, seq);
CREATE INDEX audit_log_operation ON audit_log (operation, seq);
CREATE INDEX audit_log_actor ON audit_log (actor, seq);
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY admin_access ON audit_log TO admin USING (true) WITH CHECK (true);
CREATE POLICY console_reads ON audit_log FOR SELECT TO console_user USING (true);
GRANT SELECT ON audit_log TO console_user;

-- The functions pin their search path, pg_temp last: unnamed it would come first, and a temporary table is also a type.
-- A field as the hash sees it: its length in bytes, four of them, then the bytes. So no two entries have one encoding.
CREATE FUNCTION audit_field(value text) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN int4send(octet_length(convert_to(value, 'UTF8'))) || convert_to(value, 'UTF8');

-- The hash of an entry. internal/audit/hash.go computes the same, and must be changed together with it: never for
-- entries that exist, so a new encoding needs a new first field.
-- +goose StatementBegin
CREATE FUNCTION audit_hash(entry audit_log) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT sha256(
        public.audit_field('ai-agents audit 1')
        || entry.previous_hash
        || int8send(entry.seq)
        || int8send((extract(epoch FROM entry.at) * 1000000)::bigint)
        || public.audit_field(entry.operation)
        || public.audit_field(entry.status)
        || public.audit_field(entry.actor)
        || public.audit_field(entry.tenant_id)
        || public.audit_field(entry.target)
        || public.audit_field(entry.address)
        || public.audit_field(entry.correlation_id)
        || public.audit_field(entry.written_by)
        || int4send((SELECT count(*)::integer FROM jsonb_object_keys(entry.detail)))
        || coalesce((SELECT string_agg(public.audit_field(d.key) || public.audit_field(d.value), ''::bytea ORDER BY d.key COLLATE "C")
                     FROM jsonb_each_text(entry.detail) d), ''))
$$;
-- +goose StatementEnd

-- One writer at a time, until its commit: the next entry follows the one that is committed, and numbers have no gap.
-- Any number will do for the lock that all agree on.
CREATE FUNCTION audit_lock() RETURNS void
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS 'SELECT pg_advisory_xact_lock(7954892031775401061)';

-- Whatever an INSERT says of number, time, role and hashes, these are the ones.
-- +goose StatementBegin
CREATE FUNCTION audit_chain() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last public.audit_log;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        -- Its snapshot may be older than the last entry: the chain would fork, and the insert fail, only less clearly.
        RAISE EXCEPTION 'audit entries are written in transactions that are READ COMMITTED' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM public.audit_lock();
    SELECT * INTO last FROM public.audit_log ORDER BY seq DESC LIMIT 1;
    NEW.seq := coalesce(last.seq, 0) + 1;
    NEW.at := clock_timestamp();
    NEW.written_by := session_user;
    NEW.previous_hash := coalesce(last.hash, decode(repeat('00', 32), 'hex'));
    NEW.hash := public.audit_hash(NEW);
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_chain BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_chain();

-- +goose StatementBegin
CREATE FUNCTION audit_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only: no %', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_refuse BEFORE UPDATE OR TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- What may be deleted, by whomever: the oldest entries, without a hole, none younger than 90 days (in hours, which are as
-- long in every time zone), never the newest.
-- The deletion writes an entry of its own, with what the first entry that is left has to follow.
-- +goose StatementBegin
CREATE FUNCTION audit_removed() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    newest public.audit_log;
    n      bigint;
BEGIN
    SELECT count(*) INTO n FROM removed;
    IF n = 0 THEN
        RETURN NULL;
    END IF;
    PERFORM public.audit_lock();
    IF EXISTS (SELECT FROM removed WHERE at > clock_timestamp() - interval '2160 hours') THEN
        RAISE EXCEPTION 'the audit log is append-only: entries younger than 90 days stay' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT * INTO newest FROM removed ORDER BY seq DESC LIMIT 1;
    IF EXISTS (SELECT FROM public.audit_log WHERE seq < newest.seq) THEN
        RAISE EXCEPTION 'the audit log is append-only: only its oldest entries can be removed, all of them up to one'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NOT EXISTS (SELECT FROM public.audit_log) THEN
        RAISE EXCEPTION 'the audit log is append-only: its newest entry stays' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.audit_log (operation, status, actor, detail)
    VALUES ('audit.prune', 'ok', 'database:' || session_user, jsonb_build_object(
        'removed', n::text, 'last_seq', newest.seq::text, 'last_hash', encode(newest.hash, 'hex')));
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_removed AFTER DELETE ON audit_log
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION audit_removed();

-- The one way in for the apps. It runs with the rights of its owner.
-- +goose StatementBegin
CREATE FUNCTION audit_append(operation text, status text, actor text, tenant_id text, target text, address text,
                             correlation_id text, detail jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF operation = 'audit.prune' THEN
        -- It tells where the chain may begin, so it is written by the deletion alone.
        RAISE EXCEPTION 'audit.prune is not for callers' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.audit_log (operation, status, actor, tenant_id, target, address, correlation_id, detail)
    VALUES (operation, status, actor, tenant_id, target, address, correlation_id, detail);
END $$;
-- +goose StatementEnd

-- Removes the oldest entries, those older than `keep`, `most` at a time, and says how many. It stops at the first
-- entry that is younger, in case a clock was wrong.
-- +goose StatementBegin
CREATE FUNCTION audit_prune(keep interval, most integer DEFAULT 10000)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    stays bigint;
    n     bigint;
BEGIN
    IF keep IS NULL OR clock_timestamp() - keep > clock_timestamp() - interval '2160 hours' THEN
        RAISE EXCEPTION 'audit entries are kept for 90 days at least' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM public.audit_lock();
    SELECT least((SELECT max(seq) FROM public.audit_log), min(seq) + most,
                 (SELECT seq FROM public.audit_log WHERE at > clock_timestamp() - keep ORDER BY seq LIMIT 1))
    INTO stays FROM public.audit_log;
    DELETE FROM public.audit_log WHERE seq < stays;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION audit_field(text), audit_hash(audit_log), audit_lock(), audit_chain(), audit_refuse(), audit_removed(),
    audit_append(text, text, text, text, text, text, text, jsonb), audit_prune(interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_append(text, text, text, text, text, text, text, jsonb) TO app_user;
GRANT EXECUTE ON FUNCTION audit_prune(interval, integer) TO console_user;

-- +goose Down
DROP FUNCTION audit_prune(interval, integer);
DROP FUNCTION audit_append(text, text, text, text, text, text, text, jsonb);
DROP FUNCTION audit_hash(audit_log);
DROP TABLE audit_log;
DROP FUNCTION audit_removed();
DROP FUNCTION audit_refuse();
DROP FUNCTION audit_chain();
DROP FUNCTION audit_lock();
DROP FUNCTION audit_field(text);
