"""Many rows in one statement each: ids reserved at once, rows by COPY, updates from a copied table."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import connection, models, transaction

M = TypeVar("M", bound=models.Model)


def reserve_ids(rows: Sequence[M]) -> Sequence[M]:
    """Give unsaved rows of one model their ids, so that others can point at them before they are copied."""
    if rows:
        table = rows[0]._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, len(rows)]
            )
            for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
                row.pk = pk
    return rows


def copy_rows(model: type[M], rows: Sequence[M]) -> None:
    """Insert rows that have their ids, by COPY in the running transaction. Constraints and triggers hold as ever."""
    if rows:
        # What the database computes itself cannot be copied into it.
        written = [field for field in model._meta.concrete_fields if not field.generated]
        _copy(model._meta.db_table, written, rows, add=True)


def update_rows(model: type[M], rows: Sequence[M], fields: Iterable[str]) -> None:
    """Set ``fields`` of existing rows to what the objects hold, in one UPDATE."""
    if not rows:
        return
    table = model._meta.db_table
    chosen: list[Any] = [model._meta.get_field(name) for name in fields]
    quoted = [connection.ops.quote_name(field.column) for field in chosen]
    pk = model._meta.pk
    with transaction.atomic(), connection.cursor() as cursor:
        # The name is fixed: two updates in one transaction take turns.
        cursor.execute("DROP TABLE IF EXISTS changed_rows")
        cursor.execute(
            "CREATE TEMPORARY TABLE changed_rows ON COMMIT DROP AS "
            f"SELECT id, {', '.join(quoted)} FROM {table} WITH NO DATA"
        )
        _copy("changed_rows", [pk, *chosen], rows, add=False)
        assignments = ", ".join(f"{name} = n.{name}" for name in quoted)
        cursor.execute(f"UPDATE {table} t SET {assignments} FROM changed_rows n WHERE t.id = n.id")


def _copy(table: str, fields: Sequence[Any], rows: Iterable[models.Model], *, add: bool) -> None:
    connection.ensure_connection()
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    # Django's debug cursor wraps copy(), so this goes to psycopg itself, in the same connection and transaction.
    with (
        connection.connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row([field.get_db_prep_save(field.pre_save(row, add), connection) for field in fields])
