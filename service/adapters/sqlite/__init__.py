"""Storage in one SQLite file (WAL); its schema grows by Alembic revisions alone."""
