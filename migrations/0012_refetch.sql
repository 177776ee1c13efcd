-- +goose Up
-- A webhook that proves nothing about its content: subject, description and priority are empty until the job has fetched
-- them from ServiceDesk Plus. See docs/decisions/0019.
ALTER TABLE enhancement_history ADD COLUMN refetch boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE enhancement_history DROP COLUMN refetch;
