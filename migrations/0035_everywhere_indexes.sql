-- +goose NO TRANSACTION
-- +goose Up
-- The jobs of all tenants by time, and those that failed, which are few among many. The table is written to meanwhile. What an attempt that
-- was cut off has left is no index that serves: it goes first.
DROP INDEX CONCURRENTLY IF EXISTS enhancement_history_everywhere;
CREATE INDEX CONCURRENTLY enhancement_history_everywhere ON enhancement_history (received_at DESC, job_id DESC);
DROP INDEX CONCURRENTLY IF EXISTS enhancement_history_everywhere_failed;
CREATE INDEX CONCURRENTLY enhancement_history_everywhere_failed ON enhancement_history (received_at DESC, job_id DESC) WHERE status = 'failed';

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS enhancement_history_everywhere_failed;
DROP INDEX CONCURRENTLY IF EXISTS enhancement_history_everywhere;
