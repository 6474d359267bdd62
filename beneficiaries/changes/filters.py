"""The filter of the list of changes."""

import datetime
from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from batosocial.staff.models import User
from batosocial.territory.models import Unit
from beneficiaries.changes.proposal import ALIVE
from beneficiaries.changes.steps import APPRAISERS, DECIDERS, SIGNERS
from beneficiaries.forms import CommuneFilter, choices_with_all, commune_field
from beneficiaries.models import Change, Person, Policy

#: States of the filter: neither in force nor refused; what waits for the user's appraisal; what came back to the
#: commune and was not asked again; people whom another commune asks for. The home page counts by the same conditions.
WAITING, TO_APPRAISE, SENT_BACK, LEAVING = "waiting", "to_appraise", "sent_back", "leaving"
#: What came back and was not asked again is forgotten after this time; the list of all that was rejected keeps it.
_REMEMBERED = datetime.timedelta(days=60)
_STATES = [
    (WAITING, "Đang chờ"),
    (TO_APPRAISE, "Chờ tôi thẩm định"),
    (SENT_BACK, "Bị trả lại, cần đề nghị lại"),
    (LEAVING, "Xã khác đề nghị chuyển đi"),
    (Change.State.PROPOSED, "Chờ thẩm định"),
    (Change.State.APPRAISED, "Chờ quyết định"),
    (Change.State.APPLIED, "Có hiệu lực"),
    (Change.State.REJECTED, "Bị trả lại, đã rút"),
]
_KINDS = [
    (kind.value, "Hưởng mới" if kind == Change.Kind.START else str(kind.label))
    for kind in Change.Kind
    if kind != Change.Kind.DECREASE
] + [("alive", ALIVE)]


def _of_kind(changes: Any, kind: str) -> Any:
    if kind == "alive":
        return changes.filter(kind=Change.Kind.CORRECT, proposal__has_key="alive")
    return changes.filter(kind=kind)


class ChangeFilter(CommuneFilter):
    """Changes in the user's scope; the names of its fields are those of the URL, which other pages link to."""

    tim = forms.CharField(
        label="Tìm người",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Tên, CCCD, thôn…"}),
    )
    trang_thai = forms.ChoiceField(
        label="Trạng thái", required=False, choices=choices_with_all(_STATES, "Mọi trạng thái")
    )
    loai = forms.ChoiceField(label="Biến động", required=False, choices=choices_with_all(_KINDS, "Mọi biến động"))
    chinh_sach = forms.ChoiceField(
        label="Chính sách", required=False, choices=choices_with_all(Policy.choices, "Cả hai chính sách")
    )
    xa = commune_field()

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def apply(self, changes: Any) -> Any:
        """The changes that fit, the newest first; none where the filter itself is wrong."""
        if not self.is_valid():
            return changes.none()
        chosen = self.cleaned_data
        narrowed: dict[str, Callable[[], Q]] = {
            TO_APPRAISE: lambda: ready_for(self.user, "appraise"),
            SENT_BACK: lambda: sent_back_to(self.user),
            LEAVING: lambda: leaving(self.user),
        }
        if chosen["trang_thai"] == WAITING:
            changes = changes.waiting()
        elif condition := narrowed.get(chosen["trang_thai"]):
            changes = changes.filter(condition())
        elif chosen["trang_thai"]:
            changes = changes.filter(state=chosen["trang_thai"])
        if chosen["loai"]:
            changes = _of_kind(changes, chosen["loai"])
        if chosen["chinh_sach"]:
            changes = changes.filter(policy=chosen["chinh_sach"])
        if chosen.get("xa"):
            # A move of earlier names the unit of its time.
            place, units = chosen["xa"], Unit.objects.of_commune(chosen["xa"].pk).values("pk")
            changes = changes.filter(Q(person__commune=place) | Q(from_commune__in=units) | Q(to_commune__in=units))
        if chosen["tim"].strip():
            # Only among people whom the user may see: the name of somebody who is to come is not to be guessed.
            found = Person.objects.visible_to(self.user).matching(chosen["tim"]).order_by()
            changes = changes.filter(person__in=found.values("pk"))
        return changes.order_by("-pk")


class DocketFilter(CommuneFilter):
    """What of the page of decisions is shown."""

    loai = forms.ChoiceField(label="Biến động", required=False, choices=choices_with_all(_KINDS, "Mọi biến động"))
    xa = commune_field()

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def apply(self, changes: Any) -> Any:
        if not self.is_valid():
            return changes.none()
        chosen = self.cleaned_data
        if chosen["loai"]:
            changes = _of_kind(changes, chosen["loai"])
        if chosen.get("xa"):
            changes = changes.filter(person__commune=chosen["xa"])
        return changes


#: What is mended elsewhere, not by a new proposal on its own page.
_elsewhere: list[Callable[[], Q]] = []


def mended_elsewhere(condition: Callable[[], Q]) -> Callable[[], Q]:
    """Register a condition of changes that a later app brings back to the commune in its own way, as a review does
    with its lines: they are not asked for twice. Usable as a decorator."""
    if condition not in _elsewhere:
        _elsewhere.append(condition)
    return condition


def sent_back_to(user: User) -> Q:
    """What the user's commune proposed, was not accepted, and was neither asked again nor comes back elsewhere."""
    newer = Change.objects.filter(person=OuterRef("person"), kind=OuterRef("kind"), pk__gt=OuterRef("pk"))
    found = (
        ~Q(Exists(newer))
        & ~Q(rejected_by=F("proposed_by"))
        & Q(
            state=Change.State.REJECTED,
            rejected_at__gte=timezone.now() - _REMEMBERED,
            proposed_by__unit=user.unit_id,
        )
    )
    for condition in _elsewhere:
        found &= ~condition()
    return found


def leaving(user: User) -> Q:
    """People of the user's commune for whom another one asks, and against whose move the commune has said nothing."""
    moves = Q(kind=Change.Kind.MOVE, state=Change.State.PROPOSED, from_commune=user.unit_id, objection="")
    return moves & ~Q(proposed_by__unit=user.unit_id)


def ready_for(user: User, step: str) -> Q:
    """Changes with which the user may take a step ("appraise", "sign_off", "decide"), as it is offered for all at once.

    Nobody takes two steps of one change (whoever signs off may record what the Sở decided).
    """
    if step == "appraise":
        if user.role not in APPRAISERS:
            return Q(pk__in=[])
        return Q(state=Change.State.PROPOSED) & ~Q(proposed_by=user)
    unsigned = Q(needs_sign_off=True, signed_off_by__isnull=True)
    others = ~Q(proposed_by=user) & ~Q(appraised_by=user)
    if step == "sign_off":
        return Q(state=Change.State.APPRAISED) & unsigned & others if user.role in SIGNERS else Q(pk__in=[])
    policies = [policy for policy, roles in DECIDERS.items() if user.role in roles]
    return Q(state=Change.State.APPRAISED, policy__in=policies) & ~unsigned & others
