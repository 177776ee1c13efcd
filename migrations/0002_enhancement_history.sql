-- +goose Up
-- The ledger: one row per job. A webhook is accepted when its row is committed and published.
CREATE TABLE enhancement_history (
    tenant_id         text        NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    job_id            uuid        NOT NULL,
    ticket_id         text        NOT NULL,
    event             text        NOT NULL CHECK (event IN ('created', 'updated')),
    subject           text        NOT NULL DEFAULT '',
    description       text        NOT NULL,
    priority          text        NOT NULL,
    correlation_id    text        NOT NULL,
    status            text        NOT NULL DEFAULT 'pending'
                                  CHECK (status IN ('pending', 'running', 'completed', 'failed')),
    -- Set when a second delivery of the same event was answered 202, so that the first one, should its
    -- own publish fail, does not take the row away.
    confirmed         boolean     NOT NULL DEFAULT false,
    -- How often the job was begun: a failed one is begun anew when its event is sent again.
    run               integer     NOT NULL DEFAULT 1 CHECK (run > 0),
    failure_reason    text        NOT NULL DEFAULT '',
    note_id           text        NOT NULL DEFAULT '',
    degraded          text[]      NOT NULL DEFAULT '{}',
    received_at       timestamptz NOT NULL DEFAULT now(),
    started_at        timestamptz,
    finished_at       timestamptz,
    PRIMARY KEY (tenant_id, job_id),
    CHECK ((status = 'failed') = (failure_reason <> '')),
    CHECK ((status IN ('completed', 'failed')) = (finished_at IS NOT NULL))
);
CREATE INDEX enhancement_history_ticket ON enhancement_history (tenant_id, ticket_id, received_at DESC);
CREATE INDEX enhancement_history_unfinished ON enhancement_history (tenant_id, received_at)
    WHERE status IN ('pending', 'running');

-- What each step of a job produced and how long it took. Results stay here and not in the workflow
-- engine's history, which carries ids only.
CREATE TABLE enhancement_steps (
    tenant_id   text        NOT NULL,
    job_id      uuid        NOT NULL,
    step        text        NOT NULL,
    outcome     text        NOT NULL,
    detail      text        NOT NULL DEFAULT '',
    result      jsonb,
    duration_ms integer     NOT NULL CHECK (duration_ms >= 0),
    finished_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id, step),
    FOREIGN KEY (tenant_id, job_id) REFERENCES enhancement_history ON DELETE CASCADE
);

-- The living note of a ticket: which note is ours, and who is writing it right now.
CREATE TABLE ticket_notes (
    tenant_id    text        NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    ticket_id    text        NOT NULL,
    note_id      text        NOT NULL DEFAULT '',
    -- When the job was received whose note stands: an older job must not overwrite it.
    written_for  timestamptz,
    lease_holder uuid,
    lease_until  timestamptz,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, ticket_id)
);

-- One row per request to a language model, failed ones included: what it used and what it cost.
CREATE TABLE llm_calls (
    tenant_id         text           NOT NULL,
    job_id            uuid           NOT NULL,
    call_id           uuid           NOT NULL DEFAULT gen_random_uuid(),
    model             text           NOT NULL,
    prompt_tokens     integer        NOT NULL DEFAULT 0,
    completion_tokens integer        NOT NULL DEFAULT 0,
    cost_usd          numeric(12, 6) NOT NULL DEFAULT 0,
    duration_ms       integer        NOT NULL,
    error             text           NOT NULL DEFAULT '',
    called_at         timestamptz    NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id, call_id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES enhancement_history ON DELETE CASCADE
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['enhancement_history', 'enhancement_steps', 'ticket_notes', 'llm_calls'] LOOP
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

-- +goose Down
DROP TABLE llm_calls;
DROP TABLE ticket_notes;
DROP TABLE enhancement_steps;
DROP TABLE enhancement_history;
