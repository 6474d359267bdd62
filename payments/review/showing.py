"""Reviews as people read them: the board of the district, the lines of one commune, who did what when."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, IntegerField, Prefetch, Q, QuerySet, Value, When

from batosocial.audit.models import Entry
from batosocial.lib import clock, months
from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries import confidential
from beneficiaries.models import Attachment, Change
from payments.models import Review, ReviewLine
from payments.review.forms import LineFilter
from payments.review.lines import PROPOSING, UNHANDLED, hidden_from, of_confidential, returned

Action, Source, State = ReviewLine.Action, ReviewLine.Source, ReviewLine.State

_ORDER = Case(
    *(When(source=source, then=Value(place)) for place, source in enumerate(Source.values)),
    default=Value(99),
    output_field=IntegerField(),
)
_SHOWN_ACTIONS = (*PROPOSING, Action.ADJUST)


def deadline(month: datetime.date) -> datetime.date:
    """Until when communes send the month's review."""
    return months.add(month, -1).replace(day=min(max(settings.REVIEW_DEADLINE_DAY, 1), 28))


# --- the board ---------------------------------------------------------------------------------------------------


@dataclass
class BoardRow:
    """A commune on the board; without a review it has not begun."""

    commune: Unit
    review: Any
    label: str
    tone: str
    late: bool
    ready: bool


def _counts() -> dict[str, Any]:
    proposes = Q(lines__action__in=_SHOWN_ACTIONS, lines__prepared_by__isnull=False)
    return {
        "line_count": Count("lines", filter=~Q(lines__state=State.REMOVED)),
        "unhandled": Count("lines", filter=Q(lines__state=State.OPEN, lines__prepared_by__isnull=True)),
        "proposing": Count("lines", filter=proposes & ~Q(lines__state=State.REMOVED)),
        "waiting": Count("lines", filter=Q(lines__state=State.SENT)),
        "returned": Count("lines", filter=Q(lines__state=State.RETURNED)),
        "mended": Count("lines", filter=Q(lines__state=State.OPEN, state=Review.State.SENT)),
    }


def with_counts(reviews: QuerySet[Review]) -> Any:
    """Adds how many lines of a review there are, wait for whom, or were given back."""
    return reviews.annotate(**_counts()).select_related("commune", "sent_by", "signed_off_by")


def board(user: User, month: datetime.date) -> list[BoardRow]:
    """Every commune in the user's scope with its review of the month, in two queries.

    What was begun before a merger goes on as it was begun; a merged commune's own review has what these lack.
    """
    reviews = {row.commune_id: row for row in with_counts(Review.objects.visible_to(user).filter(month=month))}
    communes = Unit.objects.of_upper(user.unit_id or 0).communes()
    begun = Unit.objects.filter(pk__in=list(reviews), heir__isnull=False).values("heir")
    known = Q(pk__in=list(reviews)) | Q(pk__in=Unit.objects.current().communes()) & ~Q(pk__in=begun)
    late = clock.today() > deadline(month)
    rows = []
    for unit in communes.filter(known):
        review = reviews.get(unit.pk)
        label, tone = state_of(review)
        drafting = review is None or review.state == Review.State.DRAFT
        ready = review is not None and review.state == Review.State.SENT and _all_done(review)
        rows.append(BoardRow(unit, review, label, tone, late and drafting, ready))
    return rows


def state_of(review: Any) -> tuple[str, str]:
    """Where a review with counts stands, in words and as a tone."""
    if review is None:
        return "Chưa bắt đầu", "neutral"
    if review.state == Review.State.SIGNED_OFF:
        return "Đã ký thẩm định", "success"
    if review.state == Review.State.SENT:
        if review.returned or review.mended:
            return f"Xã đang sửa {review.returned + review.mended} dòng", "danger"
        return ("Chờ trưởng phòng ký", "info") if _all_done(review) else ("Chờ thẩm định", "warning")
    return ("Đang rà soát", "neutral") if review.unhandled else ("Sẵn sàng gửi", "info")


def _all_done(review: Any) -> bool:
    return not (review.waiting or review.returned or review.mended)


def known_months(user: User, target: datetime.date) -> list[datetime.date]:
    """The months that have reviews in the user's scope, and the one to review now; the latest first."""
    found = Review.objects.visible_to(user).order_by().values_list("month", flat=True).distinct()
    return sorted({target, *found}, reverse=True)


# --- the lines of a review ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    source: str
    label: str
    count: int
    unhandled: int


@dataclass
class Line:
    """A line for one reader. ``hidden``: reasons and papers would tell a group that the reader may not know of."""

    row: Any
    code: str
    name: str
    label: str
    tone: str
    action: str
    hidden: bool
    attachments: list[Attachment] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    #: The first of its group on the page.
    opens_group: bool = False

    @property
    def is_suggestion(self) -> bool:
        return self.row.state == State.OPEN and self.row.prepared_by_id is None


def groups_of(review: Review) -> list[Group]:
    """How many lines each source has, and how many nobody has looked at, in one query."""
    rows = (
        ReviewLine.objects.filter(review=review)
        .order_by()
        .values("source")
        .annotate(count=Count("pk"), unhandled=Count("pk", filter=UNHANDLED))
    )
    found = {row["source"]: row for row in rows}
    return [
        Group(source.value, str(source.label), found[source]["count"], found[source]["unhandled"])
        for source in Source
        if source in found
    ]


def filtered(review: Review, form: LineFilter) -> QuerySet[ReviewLine]:
    """The review's lines by the filter, by source and given name."""
    rows = ReviewLine.objects.filter(review=review)
    if source := form.value("nhom"):
        rows = rows.filter(source=source)
    conditions = {
        LineFilter.UNHANDLED: UNHANDLED,
        LineFilter.PROPOSED: Q(action__in=_SHOWN_ACTIONS, prepared_by__isnull=False) & ~Q(state=State.REMOVED),
        LineFilter.WAITING: Q(state=State.SENT),
        LineFilter.RETURNED: returned(),
        LineFilter.REMOVED: Q(state=State.REMOVED),
    }
    if condition := conditions.get(form.value("xem")):
        rows = rows.filter(condition)
    return for_showing(rows).order_by("place", "person__sort_key", "pk")


def for_showing(rows: QuerySet[ReviewLine]) -> Any:
    """Lines with everything that a page shows of them, in three queries; what the files hold stays where it is."""
    files = Attachment.objects.filter(removed_at__isnull=True).select_related("file").defer("file__content")
    return (
        rows.annotate(place=_ORDER, of_confidential=of_confidential())
        .select_related("person__commune", "entitlement__category", "reason", "prepared_by", "review__commune")
        .prefetch_related(
            Prefetch("attachments", queryset=files.order_by("pk")),
            Prefetch("changes", queryset=Change.objects.order_by("pk")),
        )
    )


def lines_of(rows: Sequence[Any], user: User) -> list[Line]:
    """Lines as this user may read them; of rows in order, the first of each source is marked."""
    lines: list[Line] = []
    before = ""
    for row in rows:
        line = _line(row, user)
        line.opens_group, before = row.source != before, row.source
        lines.append(line)
    return lines


def _line(row: Any, user: User) -> Line:
    category = row.entitlement.category if row.entitlement else None
    label, tone = _state(row)
    hidden = hidden_from(row, user)
    return Line(
        row=row,
        code=confidential.shown_code(category, user) if category else "",
        name=confidential.shown_name(category, user) if category else "",
        label=label,
        tone=tone,
        action=_action(row),
        hidden=hidden,
        attachments=[] if hidden else list(row.attachments.all()),
        changes=list(row.changes.all()),
    )


def _state(row: Any) -> tuple[str, str]:
    if row.state == State.OPEN:
        if row.prepared_by_id is None:
            return "Chưa xem xét", "warning"
        return ("Đã sửa, chờ gửi lại", "info") if row.review.state == Review.State.SENT else ("Đã xem xét", "info")
    tones = {State.REMOVED: "neutral", State.SENT: "warning", State.RETURNED: "danger", State.APPRAISED: "success"}
    label = "Chờ thẩm định" if row.state == State.SENT else row.get_state_display()
    return str(label), tones[State(row.state)]


def _action(row: Any) -> str:
    if row.action == Action.NONE:
        return ""
    word = str(Action(row.action).label)
    return (
        f"{word} từ {months.title(row.effective_month)}"
        if row.effective_month and row.action in _SHOWN_ACTIONS
        else word
    )


# --- who, when, why ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Event:
    label: str
    by: Any
    at: datetime.datetime | None
    note: str = ""


_RETURNED = "Trả lại dòng rà soát"
#: Names of returned lines that a step shows.
_NAMED = 5
_STEPS = {
    "Gửi rà soát": "Xã gửi",
    "Gửi lại dòng rà soát": "Xã gửi lại",
    "Thẩm định dòng rà soát": "Thẩm định",
    _RETURNED: "Trả lại",
    "Ký thẩm định rà soát": "Trưởng phòng ký",
}
_LONGEST_TIMELINE = 40


def timeline(review: Review) -> list[Event]:
    """The steps that the review took, from the record of who did what: two queries."""
    events = [Event("Lập gợi ý", None, review.prefilled_at)] if review.prefilled_at else []
    entries = Entry.objects.filter(table=Review._meta.db_table, row_id=review.pk, action__in=_STEPS)
    steps = list(entries.select_related("actor").order_by("-at", "-pk")[:_LONGEST_TIMELINE])
    returned_lines = {pk for entry in steps if entry.action == _RETURNED for pk in entry.details.get("dòng", [])}
    names = dict(ReviewLine.objects.filter(pk__in=returned_lines).values_list("pk", "person__name"))
    for entry in reversed(steps):
        events.append(Event(_STEPS[entry.action], entry.actor, entry.at, _note(entry, names)))
    return events


def _note(entry: Entry, names: dict[int, str]) -> str:
    parts = []
    who = [names[pk] for pk in entry.details.get("dòng", []) if pk in names] if entry.action == _RETURNED else []
    if who:
        rest = f" và {len(who) - _NAMED} người khác" if len(who) > _NAMED else ""
        parts.append(", ".join(who[:_NAMED]) + rest)
    elif (count := entry.details.get("số dòng")) is not None:
        parts.append(f"{count} dòng")
    if (count := entry.details.get("số đề nghị")) is not None:
        parts.append(f"{count} đề nghị")
    said = ", ".join(parts)
    reason = entry.details.get("lý do")
    return f"{said}: {reason}" if reason else said
