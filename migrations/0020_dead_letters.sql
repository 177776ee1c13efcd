-- +goose Up
-- Why a job's message could not be delivered, what operators see of the queue, and how old the ledger gets. See
-- docs/decisions/0028.
ALTER TABLE enhancement_history
    -- What kept the last message of this run from being delivered; empty for nothing. The job goes on all the same.
    ADD COLUMN trouble    text NOT NULL DEFAULT '',
    ADD COLUMN trouble_at timestamptz,
    ADD CHECK ((trouble <> '') = (trouble_at IS NOT NULL));

-- Failed jobs of a period, and ended ones that are old enough to be removed. That they have ended goes without saying: said, it
-- keeps lists of failed jobs from taking the first index for theirs, which would not give them in order.
CREATE INDEX enhancement_history_failed ON enhancement_history (finished_at) WHERE status = 'failed' AND finished_at IS NOT NULL;
CREATE INDEX enhancement_history_prunable ON enhancement_history (tenant_id, finished_at)
    WHERE purged_run >= run AND finished_at IS NOT NULL;

-- Messages that nothing could be made of: unreadable ones, and those about a job that there is not. They are kept to be
-- looked at and believed in nothing, hence no tenant_id. Bounded by dead_letter_keep, which is the only way in.
CREATE TABLE dead_letters (
    digest   bytea       PRIMARY KEY CHECK (octet_length(digest) = 32),
    reason   text        NOT NULL CHECK (char_length(reason) <= 500),
    -- The beginning of the message, cleaned; of a readable one, the ids that it names.
    excerpt  text        NOT NULL CHECK (char_length(excerpt) <= 1000),
    bytes    integer     NOT NULL CHECK (bytes >= 0),
    times    integer     NOT NULL DEFAULT 1,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX dead_letters_last ON dead_letters (last_at);
ALTER TABLE dead_letters ENABLE ROW LEVEL SECURITY;
ALTER TABLE dead_letters FORCE ROW LEVEL SECURITY;
CREATE POLICY admin_access ON dead_letters TO admin USING (true) WITH CHECK (true);
CREATE POLICY console_reads ON dead_letters FOR SELECT TO console_user USING (true);
GRANT SELECT ON dead_letters TO console_user;

-- Keeps a message, or counts one that was kept before. The last 500 different ones stay, whatever comes.
-- +goose StatementBegin
CREATE FUNCTION dead_letter_keep(message_digest bytea, why text, beginning text, size integer)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.dead_letters AS d (digest, reason, excerpt, bytes)
    VALUES (message_digest, left(why, 500), left(beginning, 1000), size)
    ON CONFLICT (digest) DO UPDATE SET times = least(d.times, 1000000) + 1, last_at = now(), reason = excluded.reason;
    DELETE FROM public.dead_letters WHERE digest IN (
        SELECT digest FROM public.dead_letters ORDER BY last_at DESC, digest OFFSET 500);
END $$;
-- +goose StatementEnd

-- How much of each tenant waits, and how it fares: of the tenant whose transaction it is. The three parts are what the partial
-- indexes hold: asked for in one, all of the ledger would be read.
CREATE FUNCTION queue_account()
    RETURNS TABLE (tenant text, waiting bigint, held bigint, running bigint, failed bigint, troubled bigint,
                   oldest timestamptz, held_since timestamptz, held_for text[])
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT j.tenant_id,
            count(*) FILTER (WHERE j.status = 'pending' AND j.held_for = ''),
            count(*) FILTER (WHERE j.status = 'pending' AND j.held_for <> ''),
            count(*) FILTER (WHERE j.status = 'running'),
            count(*) FILTER (WHERE j.status = 'failed'),
            count(*) FILTER (WHERE j.status <> 'failed' AND j.trouble <> ''),
            min(j.received_at) FILTER (WHERE j.status = 'pending'),
            min(j.held_since) FILTER (WHERE j.status = 'pending' AND j.held_for <> ''),
            coalesce(array_agg(DISTINCT j.held_for) FILTER (WHERE j.status = 'pending' AND j.held_for <> ''), '{}')
        FROM (
            SELECT tenant_id, status, held_for, held_since, trouble, received_at FROM public.enhancement_history
            WHERE status = 'pending' AND queued_at IS NOT NULL
            UNION ALL
            SELECT tenant_id, status, held_for, held_since, trouble, received_at FROM public.enhancement_history
            WHERE status = 'running' OR (status = 'pending' AND queued_at IS NULL)
            UNION ALL
            SELECT tenant_id, status, held_for, held_since, trouble, received_at FROM public.enhancement_history
            WHERE status = 'failed' AND finished_at > now() - interval '24 hours') j
        GROUP BY j.tenant_id
    $$;

-- The same of all tenants: it runs as its owner, and is for the console alone.
CREATE FUNCTION all_queue_accounts()
    RETURNS TABLE (tenant text, waiting bigint, held bigint, running bigint, failed bigint, troubled bigint,
                   oldest timestamptz, held_since timestamptz, held_for text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'SELECT * FROM public.queue_account()';

-- Which tenants have ended jobs that are older than kept and whose workflows are gone.
CREATE FUNCTION prunable_tenants(kept interval) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT tenant_id FROM public.tenant_configs t
        WHERE EXISTS (SELECT FROM public.enhancement_history h
                      WHERE h.tenant_id = t.tenant_id AND h.purged_run >= h.run AND h.finished_at IS NOT NULL
                        AND h.finished_at <= now() - kept)
    $$;

REVOKE ALL ON FUNCTION dead_letter_keep(bytea, text, text, integer), queue_account(), all_queue_accounts(), prunable_tenants(interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dead_letter_keep(bytea, text, text, integer), queue_account(), prunable_tenants(interval) TO app_user;
GRANT EXECUTE ON FUNCTION all_queue_accounts() TO console_user;

-- +goose Down
DROP FUNCTION prunable_tenants(interval);
DROP FUNCTION all_queue_accounts();
DROP FUNCTION queue_account();
DROP FUNCTION dead_letter_keep(bytea, text, text, integer);
DROP TABLE dead_letters;
DROP INDEX enhancement_history_prunable;
DROP INDEX enhancement_history_failed;
ALTER TABLE enhancement_history
    DROP COLUMN trouble_at,
    DROP COLUMN trouble;
