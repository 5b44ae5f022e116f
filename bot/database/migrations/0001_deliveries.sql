-- What is kept. Instants are microseconds since 1970 in UTC; see bot/database/__init__.py for the common tongue.
-- An engine with identity columns reads INTEGER PRIMARY KEY as one.

CREATE TABLE schema_version (
  version INTEGER PRIMARY KEY,
  name    TEXT NOT NULL
);

-- Subscriptions made by command line, web or chat. Secrets in `settings` are encrypted before they come here.
CREATE TABLE subscription (
  name       TEXT PRIMARY KEY,
  settings   TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

-- Every slot of a subscription up to `planned_until` has been opened. It never goes back.
CREATE TABLE cursor (
  subscription  TEXT PRIMARY KEY,
  since         BIGINT NOT NULL,
  planned_until BIGINT NOT NULL
);

-- The promise of one edition. `next_at` is when somebody must look at it again, NULL at its end or when it is held
-- for a person. `first_tried` is set while an earlier attempt may have got there, so never for what is waiting.
CREATE TABLE delivery (
  id           INTEGER PRIMARY KEY,
  subscription TEXT NOT NULL,
  day          TEXT NOT NULL,
  part         INTEGER NOT NULL,
  run          TEXT NOT NULL,
  state        TEXT NOT NULL,
  due_at       BIGINT NOT NULL,
  next_at      BIGINT,
  expires_at   BIGINT NOT NULL,
  fence        BIGINT NOT NULL DEFAULT 0,
  attempts     INTEGER NOT NULL DEFAULT 0,
  claimed_at   BIGINT,
  lease_until  BIGINT,
  first_tried  BIGINT,
  message      TEXT NOT NULL DEFAULT '',
  reason       TEXT NOT NULL DEFAULT '',
  receipt_id   TEXT NOT NULL DEFAULT '',
  receipt_url  TEXT NOT NULL DEFAULT '',
  UNIQUE (subscription, day, part, run),
  CHECK (state IN ('waiting', 'sending', 'delivered', 'in-doubt', 'dead', 'skipped', 'expired')),
  CHECK (state <> 'waiting' OR (next_at IS NOT NULL AND first_tried IS NULL))
);

-- No state in it on purpose: with one, an engine must write every index anew at each change of state.
CREATE INDEX delivery_next ON delivery (next_at);

-- One try. `fence` is 0 for a try that ended before its claim, when nothing can have left.
CREATE TABLE attempt (
  delivery   BIGINT NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
  number     INTEGER NOT NULL,
  fence      BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at   BIGINT,
  outcome    TEXT NOT NULL DEFAULT '',
  detail     TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (delivery, number)
);

-- Who gets nothing for now, and why. `told` is set once the owner knows.
CREATE TABLE pause (
  subscription TEXT PRIMARY KEY,
  reason       TEXT NOT NULL,
  by_whom      TEXT NOT NULL,
  since        BIGINT NOT NULL,
  told         BIGINT
);

-- What a server said about its limits, as JSON.
CREATE TABLE fact (
  name   TEXT PRIMARY KEY,
  value  TEXT NOT NULL,
  at     BIGINT NOT NULL
);
