"""A temporary table that one COPY fills, and statements that make rows of models from it.

Columns that a statement does not name get the model's default, so that a new field of a model needs no change here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, models
from django.utils import timezone


def create_stage(table: str, columns: Mapping[str, str]) -> None:
    """``columns``: name → SQL type. The table lives until the commit."""
    described = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
        cursor.execute(f"CREATE TEMPORARY TABLE {table} ({described}) ON COMMIT DROP")


def fill_stage(table: str, columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows by COPY, then statistics, so that joins with it are planned for its size."""
    connection.ensure_connection()
    with (
        # Django's debug cursor wraps copy(), so this goes to psycopg itself, in the same transaction.
        connection.connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {table}")


def insert_from(
    model: type[models.Model],
    source: str,
    values: Mapping[str, str],
    *,
    params: Mapping[str, Any] | None = None,
) -> int:
    """``INSERT INTO model SELECT values FROM source``; values are SQL expressions by field name. How many rows.

    A field that is not named gets its default, times of creation and change the present moment; an id that is not
    named comes from the sequence.
    """
    now = timezone.now()
    known: dict[str, Any] = dict(params or {})
    columns, expressions = [], []
    fields: Sequence[Any] = model._meta.concrete_fields
    for field in fields:
        if field.name in values:
            expression = values[field.name]
        elif field.primary_key or field.generated:
            continue
        else:
            is_moment = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
            default = now if is_moment else field.get_db_prep_save(field.get_default(), connection)
            known[f"default_{field.name}"] = default
            expression = f"%(default_{field.name})s"
        columns.append(connection.ops.quote_name(field.column))
        expressions.append(expression)
    if unknown := values.keys() - {field.name for field in fields}:
        raise ValueError(f"{model.__name__} has no {', '.join(sorted(unknown))}")
    table = model._meta.db_table
    statement = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(expressions)} FROM {source}"
    with connection.cursor() as cursor:
        cursor.execute(statement, known)
        return int(cursor.rowcount)


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """Ids for that many rows to come, so that others can point at them before they are stored."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [pk for (pk,) in cursor.fetchall()]
