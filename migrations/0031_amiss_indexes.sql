-- +goose NO TRANSACTION
-- +goose Up
-- What went wrong lately is looked for by time, among what did not go well alone. Both tables grow with every job, and are written to
-- meanwhile. What an attempt that was cut off has left is no index that serves: it goes first.
DROP INDEX CONCURRENTLY IF EXISTS enhancement_steps_amiss;
CREATE INDEX CONCURRENTLY enhancement_steps_amiss ON enhancement_steps (tenant_id, finished_at) WHERE outcome <> 'ok';
DROP INDEX CONCURRENTLY IF EXISTS llm_calls_amiss;
CREATE INDEX CONCURRENTLY llm_calls_amiss ON llm_calls (tenant_id, called_at) WHERE error <> '';

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS llm_calls_amiss;
DROP INDEX CONCURRENTLY IF EXISTS enhancement_steps_amiss;
