-- +goose Up
-- API tokens of the console's clients. They belong to the platform and not to one tenant; a token that is restricted
-- to tenants names them. Of the secret only the SHA-256 is here: it is 200 random bits, which no slow hash has to protect.
CREATE TABLE api_tokens (
    id           text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[a-z2-7]{16}$'),
    hash         bytea       NOT NULL CHECK (octet_length(hash) = 32),
    name         text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    permissions  text[]      NOT NULL CHECK (cardinality(permissions) > 0),
    -- Empty for all tenants. Not a foreign key: a token may be made before its tenant is.
    tenants      text[]      NOT NULL DEFAULT '{}',
    created_by   text        NOT NULL CHECK (created_by <> ''),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    -- Within a minute.
    last_used_at timestamptz,
    revoked_at   timestamptz,
    CHECK (expires_at > created_at AND expires_at - created_at <= interval '366 days')
);
CREATE INDEX api_tokens_by_age ON api_tokens (created_at, id);

-- Bootstrap tokens that have been used, by their SHA-256: each is good once, also after the API token is gone that it
-- was exchanged for. Nothing is ever removed from here.
CREATE TABLE console_bootstraps (
    hash     bytea       PRIMARY KEY CHECK (octet_length(hash) = 32),
    used_at  timestamptz NOT NULL,
    token_id text        NOT NULL
);

-- For the console alone. What a token may do is not changed once it is made, not even by the console.
REVOKE ALL ON api_tokens, console_bootstraps FROM PUBLIC;
GRANT SELECT, INSERT, DELETE, UPDATE (last_used_at, revoked_at) ON api_tokens TO console_user;
GRANT SELECT, INSERT ON console_bootstraps TO console_user;

-- +goose Down
DROP TABLE console_bootstraps;
DROP TABLE api_tokens;
