-- Every file must be safe to run twice: after a crash in the middle it is run again (see migrate.go).
CREATE TABLE IF NOT EXISTS links (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the list pages by it
    slug       text COLLATE "C" NOT NULL UNIQUE,
    url        text NOT NULL CHECK (length(url) <= 2048),
    clicks     bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80); -- room in each page, so that counting a click rewrites no index

-- One row per batch of clicks that was added: a batch whose commit was not confirmed can be sent again safely.
CREATE TABLE IF NOT EXISTS click_batches (
    id       uuid PRIMARY KEY,
    added_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS click_batches_added_at ON click_batches (added_at);
