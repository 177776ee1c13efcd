-- +goose Up
-- What technicians say of the notes: a vote for each job, given by a link in its note, without a sign-in. The last one counts.
-- See docs/decisions/0038.
CREATE TABLE note_feedback (
    tenant_id  text        NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    job_id     uuid        NOT NULL,
    vote       text        NOT NULL CHECK (vote IN ('up', 'down')),
    reason     text        NOT NULL DEFAULT '' CHECK (char_length(reason) <= 40),
    -- A technician's own words. Nothing is done with them but to show them.
    comment    text        NOT NULL DEFAULT '' CHECK (char_length(comment) <= 1000),
    first_at   timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES enhancement_history ON DELETE CASCADE
);
ALTER TABLE note_feedback ENABLE ROW LEVEL SECURITY;
ALTER TABLE note_feedback FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON note_feedback TO app_user
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY admin_access ON note_feedback TO admin USING (true) WITH CHECK (true);
-- The gateway, which takes votes from outside, cannot remove any. They go with their job, or with their tenant.
GRANT SELECT, INSERT, UPDATE ON note_feedback TO app_user;
GRANT DELETE ON note_feedback TO console_user;

-- +goose Down
DROP TABLE note_feedback;
