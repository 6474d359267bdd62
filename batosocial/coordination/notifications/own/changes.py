"""Changes: what was decided, and what came back without being accepted."""

import datetime
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlencode

from django.db.models import Exists, F, OuterRef
from django.urls import reverse
from django.utils import timezone

from batosocial.coordination.notifications.addressees import Addressees
from batosocial.coordination.notifications.sources import Notice, register
from batosocial.staff.models import DISTRICT_ROLES, Role
from beneficiaries.models import Change
from payments.review.lines import changes_of_returned_lines

State = Change.State
#: Days for which a decision is told to whoever does not say "Đã biết".
_TOLD = datetime.timedelta(days=14)
#: The same of what was not accepted; what is proposed again is done before.
_TOLD_REJECTED = datetime.timedelta(days=60)
#: Names that a notice about several people gives.
_NAMED = 3
_WORDS = {Change.Kind.START: "hưởng mới"}


@register("change-decided")
def decided_changes() -> Iterator[Notice]:
    """To the proposer and the commune's officers: one notice for each decision, or for what took effect without one."""
    rows = list(
        Change.objects.filter(state=State.APPLIED, first_load=False, applied_at__gte=timezone.now() - _TOLD)
        .select_related("person", "proposed_by")
        .order_by("applied_at", "pk")
    )
    groups: dict[tuple[int, str], list[Change]] = defaultdict(list)
    for owner, row in _told(rows):
        if owner not in (row.decided_by_id, row.appraised_by_id if row.decided_by_id is None else None):
            at = timezone.localtime(row.applied_at)
            groups[owner, f"{row.decision_number or row.kind}:{at:%Y%m%d%H%M%S}"].append(row)
    for (owner, key), changes in groups.items():
        first = changes[0]
        decision = f"Quyết định {first.decision_number}" if first.decision_number else "Phòng đã thẩm định"
        title, url = _named(decision, "biến động có hiệu lực", changes, State.APPLIED)
        day = f"Ngày quyết định {first.decision_date:%d/%m/%Y}. " if first.decision_date else ""
        detail = day + (_names(changes) if len(changes) > 1 else f"Có hiệu lực từ tháng {first.effective_month:%m/%Y}.")
        yield Notice(owner_id=owner, key=key, title=title, detail=detail, url=url, informs=True)


@register("change-rejected")
def rejected_changes() -> Iterator[Notice]:
    """To the proposer and the commune's officers, until it is proposed again or they say "Đã biết".

    A line of a review that came back is told with its review.
    """
    newer = Change.objects.filter(person=OuterRef("person"), kind=OuterRef("kind"), pk__gt=OuterRef("pk"))
    rows = (
        Change.objects.filter(
            ~Exists(newer),
            ~changes_of_returned_lines(),
            state=State.REJECTED,
            rejected_at__gte=timezone.now() - _TOLD_REJECTED,
        )
        .exclude(rejected_by=F("proposed_by"))
        .select_related("person", "proposed_by")
        .order_by("rejected_at", "pk")
    )
    groups: dict[tuple[int, str], list[Change]] = defaultdict(list)
    for owner, row in _told(list(rows)):
        if owner != row.rejected_by_id:
            at = timezone.localtime(row.rejected_at)
            # Those that were given back together stand in one notice.
            reason = hashlib.sha256(row.rejection.encode()).hexdigest()[:12]
            groups[owner, f"{at:%Y%m%d%H%M}:{reason}"].append(row)
    for (owner, key), changes in groups.items():
        title, url = _named("Không chấp nhận đề nghị", "đề nghị biến động", changes, State.REJECTED)
        names = f" ({_names(changes)})" if len(changes) > 1 else ""
        detail = f"Lý do: {changes[0].rejection}{names}"
        yield Notice(owner_id=owner, key=key, title=title, detail=detail, url=url, informs=True)


def _told(rows: Sequence[Change]) -> Iterator[tuple[int, Change]]:
    """Each change with whoever is told of it: the proposer, and the officers of the communes that it is about."""
    if not rows:
        return
    people = Addressees()
    officer = [Role.COMMUNE_OFFICER]
    for row in rows:
        owners = {row.proposed_by_id} if row.proposed_by.role in {Role.COMMUNE_OFFICER, *DISTRICT_ROLES} else set()
        for commune in (row.person.commune_id, row.from_commune_id):
            if commune is not None:
                owners.update(people.of_commune(commune, officer))
        for owner in sorted(owners):
            yield owner, row


def _named(said: str, many: str, changes: Sequence[Change], state: str) -> tuple[str, str]:
    """The title and the page of one change, or of several."""
    if len(changes) == 1:
        (row,) = changes
        word = _WORDS.get(Change.Kind(row.kind), row.get_kind_display().lower())
        return f"{said}: {word}, {row.person.name}", reverse("beneficiaries:change", args=[row.pk])
    url = f"{reverse('beneficiaries:changes')}?{urlencode({'trang_thai': state})}"
    return f"{said}: {len(changes)} {many}", url


def _names(changes: Iterable[Change]) -> str:
    names = list(dict.fromkeys(row.person.name for row in changes))
    more = f" và {len(names) - _NAMED} người khác" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
