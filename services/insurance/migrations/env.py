"""Alembic's entry: runs this service's history on the connection that the runner hands over."""

from alembic import context

from shared.db.migrations import run_environment

run_environment(context.config)
