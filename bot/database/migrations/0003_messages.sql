-- The words of deliveries, each kept once a month: thousands of channels get the same. delivery.message is the key of one,
-- or empty as long as nothing was composed. No constraint between them: it would cost every claim an index.
CREATE TABLE message (
  key     TEXT PRIMARY KEY,
  text    TEXT NOT NULL,
  made_at BIGINT NOT NULL
);

INSERT INTO message (key, text, made_at) SELECT 'delivery ' || id, message, due_at FROM delivery WHERE message <> '';
UPDATE delivery SET message = 'delivery ' || id WHERE message <> '';
