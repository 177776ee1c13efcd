-- +goose Up
-- How many webhooks of a tenant were accepted in each of the last 61 seconds, by the database's clock: one row a
-- tenant, used again and again. 61 and not 60, because the oldest second is only partly over: whatever 60 seconds one
-- looks at, they lie within. See docs/decisions/0017.
CREATE TABLE webhook_rate (
    tenant_id text      PRIMARY KEY REFERENCES tenant_configs ON DELETE CASCADE,
    -- The newest second that was counted, since 1970.
    newest    bigint    NOT NULL DEFAULT 0,
    -- Second s is counted at s % 61 + 1.
    accepted  integer[] NOT NULL DEFAULT array_fill(0, ARRAY[61]) CHECK (cardinality(accepted) = 61)
) WITH (fillfactor = 50); -- room to update a row in its own page
ALTER TABLE webhook_rate ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_rate FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON webhook_rate TO app_user
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY admin_access ON webhook_rate TO admin USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_rate TO app_user;

-- Counts one webhook more of a tenant, unless that would make more than `allowed` in 60 seconds. It gives the second
-- under which it was counted, or null and for how many seconds there will be no room. One call and not several
-- statements, because the row stays locked until the caller's commit: others of the tenant wait for it. `at` is
-- for tests; else the time is read once the lock is held, so that times are in the order of the commits.
-- +goose StatementBegin
CREATE FUNCTION webhook_rate_take(tenant text, allowed integer, at timestamptz DEFAULT NULL,
                                  OUT counted bigint, OUT wait double precision)
LANGUAGE plpgsql AS $$
DECLARE
    slots CONSTANT integer := 61;
    row   webhook_rate;
    now_s double precision;
    used  bigint;
BEGIN
    SELECT * INTO row FROM webhook_rate WHERE tenant_id = tenant FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        INSERT INTO webhook_rate (tenant_id) VALUES (tenant) ON CONFLICT DO NOTHING;
        SELECT * INTO STRICT row FROM webhook_rate WHERE tenant_id = tenant FOR NO KEY UPDATE;
    END IF;
    now_s := extract(epoch FROM coalesce(at, clock_timestamp()));
    counted := floor(now_s);
    IF counted - row.newest NOT BETWEEN -slots AND slots - 1 THEN
        row.accepted := array_fill(0, ARRAY[slots]); -- long ago; or the clock was wrong, and has been put right
    ELSE
        counted := greatest(counted, row.newest); -- a clock that is put back a little does not make room
        FOR s IN row.newest + 1 .. counted LOOP
            row.accepted[s % slots + 1] := 0;
        END LOOP;
    END IF;
    used := (SELECT sum(n) FROM unnest(row.accepted) n);
    IF used < allowed THEN
        row.accepted[counted % slots + 1] := row.accepted[counted % slots + 1] + 1;
        UPDATE webhook_rate SET newest = counted, accepted = row.accepted WHERE tenant_id = tenant;
        RETURN;
    END IF;
    FOR s IN counted - slots + 1 .. counted LOOP
        used := used - row.accepted[s % slots + 1];
        IF used < allowed THEN
            wait := s + slots - now_s;
            EXIT;
        END IF;
    END LOOP;
    counted := NULL;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION webhook_rate_take(text, integer, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION webhook_rate_take(text, integer, timestamptz) TO app_user;

-- +goose Down
DROP FUNCTION webhook_rate_take(text, integer, timestamptz);
DROP TABLE webhook_rate;
