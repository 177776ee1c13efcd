-- +goose Up
-- Lists of a tenant's jobs, newest first, page by page: all of them, and those of one status. Those of one ticket are
-- served by enhancement_history_ticket.
CREATE INDEX enhancement_history_received ON enhancement_history (tenant_id, received_at DESC, job_id DESC);
CREATE INDEX enhancement_history_status ON enhancement_history (tenant_id, status, received_at DESC, job_id DESC);

-- +goose Down
DROP INDEX enhancement_history_status;
DROP INDEX enhancement_history_received;
