"""The tables of the ledger, step by step: one of any version is brought to the newest."""

MIGRATIONS = [
    """
    CREATE TABLE runs (
        run TEXT PRIMARY KEY, kind TEXT NOT NULL, path TEXT NOT NULL, notebook TEXT,
        state TEXT NOT NULL, why TEXT, owner TEXT, created REAL NOT NULL, ended REAL,
        seq INTEGER NOT NULL DEFAULT 0, cancel INTEGER NOT NULL DEFAULT 0,
        spec TEXT NOT NULL, conditions TEXT NOT NULL
    );
    CREATE INDEX runs_by_path ON runs (path, created);
    CREATE TABLE tasks (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, cell TEXT NOT NULL,
        position INTEGER NOT NULL, target TEXT NOT NULL, state TEXT NOT NULL, why TEXT,
        attempt TEXT, started REAL, ended REAL, execution_count INTEGER,
        PRIMARY KEY (run, cell)
    ) WITHOUT ROWID;
    CREATE TABLE attempts (
        attempt TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        cell TEXT NOT NULL, number INTEGER NOT NULL, worker TEXT NOT NULL, kernel TEXT NOT NULL,
        state TEXT NOT NULL, setting TEXT NOT NULL, started REAL NOT NULL, ended REAL, result TEXT
    ) WITHOUT ROWID;
    CREATE INDEX attempts_by_task ON attempts (run, cell);
    CREATE TABLE versions (
        version TEXT PRIMARY KEY, run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,
        cell TEXT NOT NULL, name TEXT NOT NULL, manifest TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX versions_by_task ON versions (run, cell);
    CREATE TABLE events (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, seq INTEGER NOT NULL, cell TEXT,
        attempt TEXT, kind TEXT NOT NULL, time REAL NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (run, seq)
    ) WITHOUT ROWID;
    CREATE TABLE workers (
        worker TEXT PRIMARY KEY, target TEXT NOT NULL, provider TEXT NOT NULL,
        recipe TEXT NOT NULL, state TEXT NOT NULL, owner TEXT, handle TEXT, secret TEXT,
        credential TEXT, epoch TEXT NOT NULL DEFAULT '', seen INTEGER NOT NULL DEFAULT 0,
        started REAL NOT NULL, ended REAL, why TEXT
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE observations (
        notebook TEXT NOT NULL, source TEXT NOT NULL, body TEXT NOT NULL, seen REAL NOT NULL,
        PRIMARY KEY (notebook, source)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE deliveries (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, cell TEXT NOT NULL,
        how TEXT NOT NULL, seq INTEGER NOT NULL,
        PRIMARY KEY (run, cell, how)
    ) WITHOUT ROWID;
    CREATE INDEX runs_by_notebook ON runs (notebook, created)
    """,
    """
    CREATE TABLE whole_outputs (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, attempt TEXT NOT NULL,
        position INTEGER NOT NULL, blob TEXT NOT NULL, size INTEGER NOT NULL,
        PRIMARY KEY (run, attempt, position)
    ) WITHOUT ROWID
    """,
    """
    ALTER TABLE workers ADD COLUMN about TEXT
    """,
    """
    CREATE TABLE keys (
        run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, cell TEXT NOT NULL,
        attempt TEXT NOT NULL, fixed TEXT NOT NULL, parts TEXT NOT NULL, met TEXT NOT NULL,
        barred TEXT, origin TEXT, differences TEXT NOT NULL, time REAL NOT NULL,
        PRIMARY KEY (run, cell)
    ) WITHOUT ROWID;
    CREATE INDEX keys_by_fixed ON keys (fixed, time)
    """,
    """
    CREATE TABLE verifications (
        run TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE, body TEXT NOT NULL,
        time REAL NOT NULL
    ) WITHOUT ROWID
    """,
    # A row is written whole, and each event counts in its run's: what is large stands apart.
    """
    CREATE TABLE specs (
        run TEXT PRIMARY KEY REFERENCES runs ON DELETE CASCADE, spec TEXT NOT NULL
    );
    INSERT INTO specs SELECT run, spec FROM runs;
    ALTER TABLE runs DROP COLUMN spec
    """,
    """
    CREATE INDEX runs_by_age ON runs (created)
    """,
]
