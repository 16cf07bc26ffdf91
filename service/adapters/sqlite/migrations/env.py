"""What Alembic runs: every missing revision in one transaction, over the connection it is given."""

from __future__ import annotations

from alembic import context

from service.adapters.sqlite.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
