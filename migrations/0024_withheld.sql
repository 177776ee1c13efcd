-- +goose Up
-- Jobs whose note was not posted because of the tenant's mode: which one it was, and empty for all others. See
-- docs/decisions/0033. Nothing is checked against the status, which the release before changes without knowing of this; it counts for
-- completed jobs only.
ALTER TABLE enhancement_history ADD COLUMN withheld text NOT NULL DEFAULT '';

-- Lists of them, the newest first.
CREATE INDEX enhancement_history_withheld ON enhancement_history (tenant_id, received_at DESC, job_id DESC) WHERE withheld <> '';

-- +goose Down
DROP INDEX enhancement_history_withheld;
ALTER TABLE enhancement_history DROP COLUMN withheld;
