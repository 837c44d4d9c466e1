"""The tables of an audit's results."""

SCHEMA_VERSION = 1

TABLES = """
CREATE TABLE IF NOT EXISTS facts (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL               -- JSON: versions, hashes, settings, what was checked
);
CREATE TABLE IF NOT EXISTS images (
    id           INTEGER PRIMARY KEY, -- the place in the spec's order, from 0
    role         TEXT NOT NULL,       -- member, non-member, suspect
    entry        INTEGER NOT NULL,    -- which [[images]] table of the spec
    key          TEXT NOT NULL,       -- path relative to the entry's folder
    path         TEXT NOT NULL,
    label_path   TEXT,
    grp          TEXT,                -- images that are not independent share it
    height       INTEGER,
    width        INTEGER,
    sha256       TEXT,
    label_sha256 TEXT,
    state        TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'failed')),
    reason       TEXT,                -- why it failed
    batch        INTEGER              -- images that went through the target together
);
CREATE TABLE IF NOT EXISTS scores (
    image   INTEGER NOT NULL REFERENCES images(id),
    defense TEXT NOT NULL,
    attack  TEXT NOT NULL,
    score   REAL,                     -- NULL when the attack could not judge this image
    reason  TEXT,                     -- why it could not
    PRIMARY KEY (image, defense, attack)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS confusions (
    image   INTEGER NOT NULL REFERENCES images(id),
    defense TEXT NOT NULL,
    counts  BLOB NOT NULL,            -- zlib of (C, C) int64 little-endian, rows = label
    PRIMARY KEY (image, defense)
) WITHOUT ROWID;
"""
