"""Explanations of recoveries in the shape that every other explanation is kept in."""

from alembic import op

revision = "0015_recovery_traces"
down_revision = "0014_day_ends"


def upgrade() -> None:
    """Turn ``[step, zh, en, [[name, figure], …]]`` into ``{step, zh, en, name: figure, …}``."""
    op.execute(
        """
        UPDATE recovery SET trace = (
            SELECT coalesce(jsonb_agg(jsonb_build_object('step', told -> 0, 'zh', told -> 1,
                'en', told -> 2) || (
                    SELECT coalesce(jsonb_object_agg(figure ->> 0, figure -> 1), '{}')
                    FROM jsonb_array_elements(told -> 3) AS figure
                ) ORDER BY place), '[]')
            FROM jsonb_array_elements(trace) WITH ORDINALITY AS steps (told, place)
        )
        WHERE jsonb_typeof(trace -> 0) = 'array'
        """
    )
