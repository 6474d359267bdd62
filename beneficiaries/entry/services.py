"""Writing a person: adding, editing, comparing with a scanned card. Nothing is deleted, everything is in the audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import QuerySet

from batosocial.audit import services as audit
from batosocial.lib import clock
from batosocial.lib.dates import parse_partial
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit
from beneficiaries.entry import known
from beneficiaries.entry.card import Given
from beneficiaries.entry.values import COMPARED, IDENTITY, LABELS, Values, columns, differs_from_card, texts
from beneficiaries.identity.services import check_people
from beneficiaries.models import Person

#: Who enters and corrects people; officers of a commune only their own, which scope sees to.
ENTRY_ROLES = frozenset({Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER})

ADDED, EDITED, CORRECTED, SCANNED = "Thêm người hưởng", "Sửa thông tin", "Đính chính nhân thân", "Quét thẻ đối chiếu"
UNSHARED = "Số CCCD không còn trùng"
SEEN_ELSEWHERE = "Tra số CCCD từ xã khác"

_NUMBER_LOCK = 7401


class NumberTaken(Exception):
    """Somebody else has this CCCD."""

    def __init__(self, found: known.Known) -> None:
        super().__init__(f"Số CCCD này đã là {found.words}.")
        self.found = found


class EditConflict(Exception):
    """The person was changed since the page was opened."""


@dataclass(frozen=True)
class Compared:
    """What a scanned card says beside the file; ``changed`` where it was news."""

    person: Person
    changed: bool
    differs: bool


def communes_of(user: User) -> QuerySet[Unit]:
    """The communes for which the user may enter people."""
    communes = Unit.objects.current().communes()
    if user.role == Role.COMMUNE_OFFICER:
        return communes.filter(pk=user.unit_id or 0)
    if user.role == Role.DISTRICT_OFFICER:
        return communes.filter(parent=user.unit_id)
    return communes.none()


@transaction.atomic
def add_person(*, actor: User, commune: Unit, values: Mapping[str, Any], source: str = "") -> Person:
    """Enter a new person, not yet entitled to anything. ``values`` by columns; ``source`` says where they are from.

    PermissionDenied without the role or for another commune, NumberTaken for a CCCD that the register has.
    """
    _require_role(actor)
    if not communes_of(actor).filter(pk=commune.pk).exists():
        raise PermissionDenied
    person = Person(commune=commune, **values)
    _hold_number(person.cccd)
    if found := known.with_cccd(actor, person.cccd):
        raise NumberTaken(found)
    person.cccd_state = _number_state(person)
    person.identity_status = _identity_status(person)
    person.set_keys()
    person.save(force_insert=True)
    changes = {name: ("", text) for name, text in texts(person).items() if text}
    audit.record(actor=actor, action=ADDED, row=person, changes=changes, details={"source": source} if source else None)
    check_people([person.pk])
    return person


@transaction.atomic
def edit_person(
    *,
    actor: User,
    person_id: int,
    version: int,
    values: Mapping[str, Any],
    reason: str = "",
    shared_number: bool = False,
) -> bool:
    """Change a person's own fields; False where nothing is different.

    A correction of who somebody is (``values.IDENTITY``) needs ``reason``: ValueError without. EditConflict when the
    row is no longer of ``version``; NumberTaken for a CCCD of somebody else, unless ``shared_number`` says that the
    papers do have it: then both stay, and this one is flagged. Person.DoesNotExist out of scope.
    """
    person = _locked(actor, person_id)
    if person.version != version:
        raise EditConflict
    before = texts(person)
    old_number = person.cccd
    for name, value in values.items():
        setattr(person, name, value)
    after = texts(person)
    changed = {name for name in LABELS if before[name] != after[name]}
    if not changed:
        return False
    corrected = changed & IDENTITY
    if corrected and not reason:
        raise ValueError("Sửa nhân thân thì phải ghi lý do.")
    if "cccd" in changed:
        _hold_number(person.cccd)
        found = known.with_cccd(actor, person.cccd, apart_from=person.pk)
        if found and not (shared_number and reason):
            raise NumberTaken(found)
        person.cccd_duplicate = bool(found)
        person.cccd_state = _number_state(person)
    if changed & COMPARED:
        person.identity_status = _identity_status(person)
    _store(person)
    details: Values = {"version": person.version}
    if reason:
        details["reason"] = reason
    if person.cccd_duplicate and "cccd" in changed:
        details["shared_number"] = True
    changes = {name: (before[name], after[name]) for name in LABELS if name in changed}
    audit.record(actor=actor, action=CORRECTED if corrected else EDITED, row=person, changes=changes, details=details)
    left = _end_sharing(actor, old_number) if "cccd" in changed else []
    check_people([person.pk, *left])
    return True


@transaction.atomic
def compare_with_card(*, actor: User, person_id: int, card: Given) -> Compared:
    """Store what a scanned card says on the card's side, and the number where there is none yet.

    Only the police say that somebody is "sạch"; a scan shows what differs. ValueError for another person's card,
    NumberTaken where the new number is somebody else's. Person.DoesNotExist out of scope.
    """
    person = _locked(actor, person_id)
    if not card.scanned:
        raise ValueError("Hãy quét mã QR trên thẻ.")
    if person.cccd and person.cccd != card.cccd:
        raise ValueError("Thẻ này mang số CCCD khác số trong hồ sơ.")
    before = texts(person)
    birth, _ = parse_partial(card.birth, today=clock.today())
    if not person.cccd:
        _hold_number(card.cccd)
        if found := known.with_cccd(actor, card.cccd, apart_from=person.pk):
            raise NumberTaken(found)
        person.cccd, person.cccd_missing_reason = card.cccd, ""
        person.cccd_state = _number_state(person)
    values = columns({"card_name": card.name, "card_birth": birth})
    for name, value in values.items():
        setattr(person, name, value)
    if not person.cmnd:
        person.cmnd = card.cmnd
    after = texts(person)
    changed = {name: (before[name], after[name]) for name in LABELS if before[name] != after[name]}
    if changed:
        if changed.keys() & COMPARED:
            person.identity_status = _identity_status(person)
        _store(person)
    audit.record(actor=actor, action=SCANNED, row=person, changes=changed, details={"version": person.version})
    check_people([person.pk])
    return Compared(person, bool(changed), differs_from_card(person))


def record_number_seen_elsewhere(*, actor: User, number: str) -> None:
    """Somebody was told in which commune a number is: that stands in the audit of its person."""
    _require_role(actor)
    for person in Person.objects.filter(cccd=number):
        audit.record(actor=actor, action=SEEN_ELSEWHERE, row=person, details={"unit": str(actor.unit)})


def _require_role(actor: User) -> None:
    if actor.role not in ENTRY_ROLES or not actor.is_active:
        raise PermissionDenied


def _locked(actor: User, person_id: int) -> Person:
    _require_role(actor)
    rows = Person.objects.visible_to(actor).select_for_update(no_key=True, of=("self",))
    return rows.get(pk=person_id)


def _hold_number(number: str) -> None:
    """Two who enter the same number take turns; the second then finds the first's person."""
    if number:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_NUMBER_LOCK, number])


def _number_state(person: Person) -> str:
    return Person.CccdState.CLAIMED if person.cccd else Person.CccdState.MISSING


def _identity_status(person: Person) -> str:
    """Of what is new: nobody has compared it yet, so that a former "sạch" ends with it; the check tells the rest."""
    return Person.IdentityStatus.UNCHECKED if person.cccd else Person.IdentityStatus.MISSING


def _store(person: Person) -> None:
    person.set_keys()
    person.version += 1
    person.save()


def _end_sharing(actor: User, number: str) -> list[int]:
    """A number that one person alone has left is no duplicate any more; returns who has it."""
    left = list(Person.objects.filter(cccd=number).select_for_update(no_key=True).order_by("pk")) if number else []
    if len(left) == 1 and left[0].cccd_duplicate:
        left[0].cccd_duplicate = False
        left[0].save(update_fields=["cccd_duplicate", "updated_at"])
        audit.record(actor=actor, action=UNSHARED, row=left[0], changes={"cccd_duplicate": (True, False)})
    return [person.pk for person in left]
