-- +goose Up
-- What technicians say of single parts of a note: a section, or a past ticket or article that it cites. They say it together with a vote
-- on the note as a whole, so a part's vote goes with that one. See docs/decisions/0055.
CREATE TABLE note_feedback_parts (
    tenant_id  text        NOT NULL REFERENCES tenant_configs ON DELETE CASCADE,
    job_id     uuid        NOT NULL,
    -- A kind and a name, such as section:recommendations or ticket:#1001.
    part       text        NOT NULL CHECK (char_length(part) BETWEEN 1 AND 500),
    -- Empty: it was taken back. The gateway, which takes votes from outside, cannot remove any.
    vote       text        NOT NULL CHECK (vote IN ('up', 'down', '')),
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id, part),
    FOREIGN KEY (tenant_id, job_id) REFERENCES note_feedback ON DELETE CASCADE
);
-- Each search for past tickets asks what was said of those it found.
CREATE INDEX note_feedback_parts_by_part ON note_feedback_parts (tenant_id, part);
ALTER TABLE note_feedback_parts ENABLE ROW LEVEL SECURITY;
ALTER TABLE note_feedback_parts FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON note_feedback_parts TO app_user
    USING (tenant_id = current_setting('app.tenant_id', true))
    WITH CHECK (tenant_id = current_setting('app.tenant_id', true));
CREATE POLICY admin_access ON note_feedback_parts TO admin USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON note_feedback_parts TO app_user;
GRANT DELETE ON note_feedback_parts TO console_user;

-- +goose Down
DROP TABLE note_feedback_parts;
