"""Notices as the sources find them are stored: new ones, changed ones, those that are done, those that came back."""

import datetime
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from batosocial.audit import services as audit
from batosocial.coordination.models import Notification
from batosocial.coordination.notifications import sources
from batosocial.coordination.notifications.sources import Notice
from batosocial.staff.models import User

log = logging.getLogger(__name__)

#: Key of the advisory lock: who refreshes second finds what the first has stored.
_LOCK = 7306
#: How long the texts of a notice may be; what is longer is shortened, never refused.
_TITLE, _DETAIL = 200, 500

_COLUMNS = "source, owner_id, key, title, detail, url, due, informs"

# One that its owner has put away stays away. One that comes back is told anew.
_STORE = f"""
INSERT INTO coordination_notification AS old ({_COLUMNS}, created_at)
SELECT {_COLUMNS.replace("owner_id", "found.owner_id")}, %(now)s
FROM unnest(
    %(source)s::text[], %(owner)s::bigint[], %(key)s::text[], %(title)s::text[], %(detail)s::text[], %(url)s::text[],
    %(due)s::date[], %(informs)s::boolean[]
) AS found ({_COLUMNS})
JOIN staff_user ON staff_user.id = found.owner_id AND staff_user.is_active
ON CONFLICT (source, owner_id, key) DO UPDATE SET
    title = excluded.title, detail = excluded.detail, url = excluded.url, due = excluded.due,
    informs = excluded.informs,
    created_at = CASE WHEN old.cleared_at IS NULL THEN old.created_at ELSE excluded.created_at END,
    seen_at = CASE WHEN old.cleared_at IS NULL THEN old.seen_at END,
    cleared_at = NULL
WHERE old.acknowledged_at IS NULL AND (
    old.cleared_at IS NOT NULL
    OR (old.title, old.detail, old.url, old.informs)
        IS DISTINCT FROM (excluded.title, excluded.detail, excluded.url, excluded.informs)
    OR old.due IS DISTINCT FROM excluded.due
)
"""

_CLEAR = """
UPDATE coordination_notification AS old SET cleared_at = %(now)s
WHERE old.cleared_at IS NULL AND old.source = ANY(%(names)s) AND NOT EXISTS (
    SELECT 1 FROM unnest(%(source)s::text[], %(owner)s::bigint[], %(key)s::text[]) AS found (source, owner_id, key)
    WHERE found.source = old.source AND found.owner_id = old.owner_id AND found.key = old.key
)
"""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many notices were written anew or changed, and how many cleared."""

    stored: int
    cleared: int


def take_turns() -> None:
    """Wait for whoever refreshes; in the transaction of one's own refreshing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


@transaction.atomic
def refresh(names: Collection[str] | None = None) -> Refreshed:
    """Ask the sources (of these names, or all) what is open, and store it: two statements beside what they ask.

    Two at once take turns. A source that fails keeps what it had told, and is logged.
    """
    take_turns()
    found: dict[tuple[str, int, str], Notice] = {}
    asked = []
    for name, source in sources.sources().items():
        if names is not None and name not in names:
            continue
        try:
            with transaction.atomic():
                notices = list(source())
        except Exception:
            # What the other parts have to tell is told all the same.
            log.exception("source of notices %s failed", name)
            continue
        asked.append(name)
        found |= {(name, notice.owner_id, notice.key): notice for notice in notices}
    return _store(asked, found)


def _store(names: list[str], found: dict[tuple[str, int, str], Notice]) -> Refreshed:
    values: dict[str, Any] = {
        "now": timezone.now(),
        "names": names,
        "source": [name for name, _, _ in found],
        "owner": [owner for _, owner, _ in found],
        "key": [key for _, _, key in found],
        "title": [_short(notice.title, _TITLE) for notice in found.values()],
        "detail": [_short(notice.detail, _DETAIL) for notice in found.values()],
        "url": [notice.url for notice in found.values()],
        "due": [notice.due for notice in found.values()],
        "informs": [notice.informs for notice in found.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLEAR, values)
        cleared = cursor.rowcount
        cursor.execute(_STORE, values)
        return Refreshed(cursor.rowcount, cleared)


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def mark_seen(*, actor: User, notification_id: int) -> Notification:
    """The owner opens a notice: it no longer counts as new. Notification.DoesNotExist for somebody else's."""
    row = Notification.objects.visible_to(actor).get(pk=notification_id)
    if row.seen_at is None:
        row.seen_at = timezone.now()
        row.save(update_fields=["seen_at"])
    return row


@transaction.atomic
def acknowledge(*, actor: User, notification_ids: Iterable[int]) -> int:
    """The owner says "Đã biết" of notices that only inform; how many went away. Repeating changes nothing.

    Others of these ids, somebody else's or such as ask for work, stay.
    """
    now = timezone.now()
    rows = Notification.objects.visible_to(actor).open().filter(pk__in=list(notification_ids), informs=True)
    told = dict(rows.select_for_update().order_by("pk").values_list("pk", "title"))
    Notification.objects.filter(pk__in=told).update(cleared_at=now, acknowledged_at=now, seen_at=now)
    if told:
        audit.record(
            actor=actor,
            action="Đã biết thông báo",
            details={"số thông báo": len(told), "thông báo": {str(pk): title for pk, title in told.items()}},
        )
    return len(told)


def forget_old() -> int:
    """Remove what was done longer ago than ``NOTIFICATION_DAYS``; returns how many. Nothing that is open goes."""
    before = timezone.now() - datetime.timedelta(days=settings.NOTIFICATION_DAYS)
    return Notification.objects.filter(cleared_at__lt=before).delete()[0]
