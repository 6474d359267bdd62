"""The life of a file of results: checked, shown, then recorded by one statement, if everything still is as shown."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from batosocial.audit import services as audit
from batosocial.lib import clock, months
from batosocial.staff.models import Payer, User
from payments import hooks
from payments.models import ResultBatch, ResultRow
from payments.results import stopping
from payments.results.matching import Choices, Matched, match_rows
from payments.results.reading import read_results

Outcome = ResultRow.Outcome
Progress = Callable[[int, int, str], None]


class ChangedMeanwhile(Exception):
    """Some payments are no longer as the preview showed them; nothing was recorded."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(f"{count} khoản vừa được người khác ghi nhận nên chưa ghi gì; hãy chạy lại.")


@dataclass(frozen=True)
class Recorded:
    count: int
    months: list[str]


def _silent(done: int, total: int, step: str) -> None:
    pass


def check_content(
    *, content: bytes, filename: str, payer: Payer, progress: Progress = _silent, choices: Choices | None = None
) -> list[Matched]:
    """Read a file and match every row. Writes nothing; raises Unreadable or WorkbookError for the file as a whole."""
    rows = read_results(content, filename, today=clock.today())
    progress(0, len(rows), "Đối chiếu với các khoản chi trả")
    return match_rows(rows, payer, choices)


def choices_of(batch: ResultBatch) -> dict[tuple[str, int], int]:
    """What somebody chose for the batch's rows, to hold when the file is checked again."""
    rows = batch.rows.filter(data__has_key="chosen").values_list("sheet", "row", "payment_id")
    return {(sheet, row): payment_id for sheet, row, payment_id in rows if payment_id}


def store_preview(batch: ResultBatch, matched: list[Matched], progress: Progress = _silent) -> None:
    """Replace the batch's rows by these and count them."""
    kept = {
        (sheet, row): data["chosen"]
        for sheet, row, data in batch.rows.filter(data__has_key="chosen").values_list("sheet", "row", "data")
    }
    ResultRow.objects.filter(batch=batch).delete()
    # Django's debug cursor wraps copy(), so it goes through the connection itself.
    with (
        connection.connection.cursor() as cursor,
        cursor.copy(
            "COPY payments_resultrow (batch_id, sheet, row, outcome, payment_id, data, messages) FROM STDIN"
        ) as copy,
    ):
        for done, one in enumerate(matched, 1):
            data: dict[str, Any] = {"cells": one.row.cells, "letters": one.row.letters}
            if one.outcome == Outcome.READY:
                data |= {"new": one.new, "seen": one.seen}
            elif one.outcome == Outcome.UNMATCHED and one.candidates:
                data |= {"candidates": [known.id for known in one.candidates], "values": one.row.as_json()}
            if one.payment is not None and (one.row.sheet, one.row.row) in kept:
                data["chosen"] = kept[one.row.sheet, one.row.row]
            copy.write_row(
                (
                    batch.pk,
                    one.row.sheet,
                    one.row.row,
                    str(one.outcome),
                    one.payment.id if one.payment else None,
                    json.dumps(data, ensure_ascii=False),
                    json.dumps(one.row.messages, ensure_ascii=False),
                )
            )
            progress(done, len(matched), "Lưu bản xem trước")
    counts = Counter(str(one.outcome) for one in matched)
    batch.ready_count = counts[Outcome.READY]
    batch.unchanged_count = counts[Outcome.UNCHANGED]
    batch.unmatched_count = counts[Outcome.UNMATCHED]
    batch.error_count = counts[Outcome.ERROR]
    batch.state = ResultBatch.State.PREVIEWED
    batch.failure = ""
    batch.save()


_READY = """
    FROM payments_resultrow r
    JOIN payments_payment p ON p.id = r.payment_id
    JOIN payments_paymentlist l ON l.id = p.payment_list_id
    JOIN payments_period o ON o.id = l.period_id
    WHERE r.batch_id = %(batch)s AND r.outcome = 'ready'
"""
# Periods and lists are only held, so that two files of one month can be recorded side by side.
_LOCKS = (
    f"SELECT 1 FROM payments_period WHERE id IN (SELECT o.id {_READY}) ORDER BY id FOR SHARE",
    f"SELECT 1 FROM payments_paymentlist WHERE id IN (SELECT l.id {_READY}) ORDER BY id FOR SHARE",
    f"SELECT 1 FROM payments_payment WHERE id IN (SELECT p.id {_READY}) ORDER BY id FOR UPDATE",
)
_CHANGED = f"""
    SELECT count(*) {_READY} AND (
        l.state <> 'handed_over' OR o.state <> 'open' OR p.payer_id <> %(payer)s
        OR (p.result, p.return_reason, p.result_note, p.paid_on, p.reference) IS DISTINCT FROM (
            r.data->'seen'->>'result', r.data->'seen'->>'return_reason', r.data->'seen'->>'result_note',
            (r.data->'seen'->>'paid_on')::date, r.data->'seen'->>'reference'
        )
        OR (r.data->'new'->>'result' IN ('paid_account', 'paid_cash') AND p.result NOT IN ('paid_account', 'paid_cash')
            AND {stopping.IS_STOPPED})
        -- Carried on or returned to the budget since.
        OR p.result IN ('returned', 'not_collected') AND EXISTS (
            SELECT 1 FROM payments_paymentline i WHERE i.payment_id = p.id AND (
                EXISTS (SELECT 1 FROM payments_paymentline c WHERE c.carried_line_id = i.id)
                OR EXISTS (SELECT 1 FROM payments_budgetreturn b WHERE b.line_id = i.id)
            )
        )
    )
"""
_RECORD = """
    UPDATE payments_payment p
    SET result = r.data->'new'->>'result', return_reason = r.data->'new'->>'return_reason',
        result_note = r.data->'new'->>'result_note', paid_on = (r.data->'new'->>'paid_on')::date,
        reference = r.data->'new'->>'reference', recorded_by_id = %(actor)s, recorded_at = now()
    FROM payments_resultrow r
    WHERE r.batch_id = %(batch)s AND r.outcome = 'ready' AND r.payment_id = p.id
"""
_SUMMARY = f"SELECT o.month, p.result, count(*) {_READY} GROUP BY o.month, p.result ORDER BY o.month, p.result"


@transaction.atomic
def record_batch(*, actor: User, batch: ResultBatch, job_id: int | None = None) -> Recorded:
    """Record the ready rows with one UPDATE. ChangedMeanwhile, and nothing is recorded, if a payment moved on."""
    values = {"batch": batch.pk, "payer": batch.payer_id, "actor": actor.pk}
    with connection.cursor() as cursor:
        for lock in _LOCKS:
            cursor.execute(lock, values)
        cursor.execute(_CHANGED, values)
        if changed := cursor.fetchone()[0]:
            raise ChangedMeanwhile(changed)
        cursor.execute(_RECORD, values)
        count = cursor.rowcount
        cursor.execute(_SUMMARY, values)
        summary = cursor.fetchall()
    ResultBatch.objects.filter(pk=batch.pk).update(
        state=ResultBatch.State.RECORDED, recorded_by=actor, recorded_at=Now()
    )
    touched = {month for month, _, _ in summary}
    audit.record(
        actor=actor,
        action="ghi nhận kết quả chi trả từ tệp",
        row=batch,
        details={
            "tổ chức chi trả": batch.payer.code,
            "đã ghi": count,
            "bỏ qua vì lỗi": batch.error_count,
            "bỏ qua vì không khớp": batch.unmatched_count,
            "kết quả": {f"{months.label(month)} {result}": number for month, result, number in summary},
        },
        job_id=job_id,
    )
    hooks.results_changed(months=touched, actor=actor)
    return Recorded(count, [months.label(month) for month in sorted(touched)])
