"""Corrections of payees and accounts. Whose money goes where is never changed here: that takes a new route."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction

from batosocial.audit import services as audit
from batosocial.audit.models import Entry
from batosocial.lib import clock, months
from batosocial.lib.text import holder_key
from batosocial.staff.models import User
from beneficiaries.identity.services import check_people
from beneficiaries.models import Account, Payee, PayoutRoute
from beneficiaries.payout.entering import ENTERING_ROLES, locked_person

#: What says who a payee is; the rest is how to reach them and by which paper they receive.
IDENTITY = ("name", "cccd")
PAYEE_FIELDS = (*IDENTITY, "relation", "phone", "paper_number", "paper_date", "paper_valid_until")
#: Fields whose correction needs a reason; a paper is renewed without one.
EXPLAINED = frozenset({*IDENTITY, "relation"})

NEW_ROUTE_NEEDED = (
    "Tiền đang đi, hoặc đang chờ xác nhận để đi, qua người này: đổi sang người khác thì phải nhập nơi nhận mới để "
    "người khác xác nhận."
)


class CorrectionRefused(Exception):
    """What cannot be corrected so; ``field`` names the form's field, the message says in Vietnamese what to do."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class EditedMeanwhile(Exception):
    """Somebody changed the row since it was read; ``row`` is what stands now, ``entries`` say who did what."""

    def __init__(self, row: Any, version: int) -> None:
        super().__init__(str(row))
        self.row = row
        edits = Entry.objects.filter(table=row._meta.db_table, row_id=row.pk).exclude(changes={})
        self.entries = list(edits.select_related("actor").order_by("-at", "-pk")[: max(row.version - version, 1)])


@transaction.atomic
def edit_payee(*, actor: User, payee_id: int, version: int, values: Mapping[str, Any], reason: str = "") -> Payee:
    """Correct a guardian or authorised person, or renew their paper; returns the payee as it stands then.

    CorrectionRefused where it would make the payee of a running or waiting route somebody else, or lacks its
    reason; EditedMeanwhile for a version that is not the current one; Payee.DoesNotExist out of scope or for the
    person's own payee, which has nothing to correct; PermissionDenied without the role.
    """
    visible = Payee.objects.visible_to(actor).exclude(kind=Payee.Kind.OWN)
    locked_person(actor, visible.values_list("person_id", flat=True).get(pk=payee_id))
    payee = visible.select_for_update(of=("self",)).get(pk=payee_id)
    changes = audit.differences(payee, {name: values[name] for name in PAYEE_FIELDS if name in values})
    if not changes:
        # Sent a second time, or two who meant the same: nothing to tell.
        return payee
    if payee.version != version:
        raise EditedMeanwhile(payee, version)
    _check_identity(payee, changes)
    _need_reason(changes, EXPLAINED, payee, reason)
    saved = _save(actor, payee, changes, "Sửa người nhận tiền", reason)
    check_people([payee.person_id])
    return saved


@transaction.atomic
def correct_account(*, actor: User, account_id: int, version: int, values: Mapping[str, Any], reason: str) -> Account:
    """Correct the holder's name or the opening day of an account; its number never changes.

    A commune corrects an account that serves its own people only. Errors as in ``edit_payee``.
    """
    if actor.role not in ENTERING_ROLES or not actor.is_active:
        raise PermissionDenied
    account = Account.objects.visible_to(actor).select_for_update(of=("self",)).get(pk=account_id)
    changes = audit.differences(account, {name: values[name] for name in ("holder_name", "opened_on")})
    if not changes:
        return account
    if account.version != version:
        raise EditedMeanwhile(account, version)
    if actor.in_commune and serves_foreigners(account, actor):
        raise CorrectionRefused("Tài khoản này còn phục vụ người ở xã khác: hãy đề nghị Phòng LĐ-TB&XH sửa.")
    _need_reason(changes, frozenset(changes), account, reason)
    return _save(actor, account, changes, "Đính chính tài khoản", reason)


def serves_foreigners(account: Account, user: User) -> bool:
    """Whether money of people outside the user's scope goes, or is to go, to the account."""
    routes = account.routes.live_from(months.first(clock.today()))
    return routes.exclude(pk__in=PayoutRoute.objects.visible_to(user)).exists()


def _check_identity(payee: Payee, changes: Mapping[str, tuple[Any, Any]]) -> None:
    """The same person by another spelling, or by what was not known before, needs no new confirmation."""
    others = [name for name in IDENTITY if name in changes and not _same(name, *changes[name])]
    if not others:
        return
    routes = list(payee.routes.live_from(months.first(clock.today())).select_related("account"))
    if "name" in others and not payee.name and routes:
        # An imported guardian without a name: the holder that was confirmed tells it.
        new = holder_key(changes["name"][1])
        if all(route.account is not None and holder_key(route.account.holder_name) == new for route in routes):
            others.remove("name")
    if routes and others:
        raise CorrectionRefused(NEW_ROUTE_NEEDED, others[0])


def _same(name: str, old: Any, new: Any) -> bool:
    if name == "cccd":
        return not old
    return bool(old) and holder_key(old) == holder_key(new)


def _need_reason(
    changes: Mapping[str, tuple[Any, Any]], explained: frozenset[str], row: models.Model, reason: str
) -> None:
    replaced = [name for name in changes if name in explained and getattr(row, name)]
    if replaced and not reason.strip():
        raise CorrectionRefused("Hãy ghi lý do đính chính.", "ly_do")


def _save(actor: User, row: Any, changes: Mapping[str, tuple[Any, Any]], action: str, reason: str) -> Any:
    for name, (_, new) in changes.items():
        setattr(row, name, new)
    row.version += 1
    row.save(update_fields=[*changes, "version"])
    details = {"reason": reason.strip()} if reason.strip() else {}
    audit.record(actor=actor, action=action, row=row, changes=changes, details=details)
    return row
