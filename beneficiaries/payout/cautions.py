"""What deserves a second look before a route is entered: shown beside the field, passed with one tick.

None of it is an error: the law allows it or is silent, and a person who has seen the papers knows better.
"""

import datetime
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils import timezone

from batosocial.lib import clock, months
from batosocial.lib.dates import age_months
from batosocial.lib.national_id import check_cccd
from batosocial.lib.text import fold, holder_key
from batosocial.staff.models import User
from beneficiaries.models import Account, Payee, PayoutRoute, Person, Provider
from beneficiaries.months import first_open_month
from beneficiaries.payout import papers
from beneficiaries.payout.entering import NewPayee, Plan, place
from beneficiaries.payout.holders import holder_differs

#: Below this age a child's money is usually received by a guardian (trẻ em: dưới 16 tuổi, Điều 5 NĐ 20/2021).
ADULT_MONTHS = 16 * 12
#: Parents receive for their child by its birth certificate, not by a paper of their own.
_PARENTS = frozenset({"cha", "me", "bo"})
_NAMED = 3


@dataclass
class Cautions:
    """Texts by the form's field; ``digest`` changes when any of them does, so that nothing unseen is passed."""

    by_field: dict[str, list[str]] = field(default_factory=dict)

    def say(self, name: str, text: str) -> None:
        self.by_field.setdefault(name, []).append(text)

    def __bool__(self) -> bool:
        return bool(self.by_field)

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(sorted(self.by_field.items())).encode()).hexdigest()[:20]


def find_cautions(*, user: User, person: Person, plan: Plan, waiting: Iterable[PayoutRoute]) -> Cautions:
    """Everything about the plan that deserves a look. At most four queries."""
    found = Cautions()
    _about_waiting(found, waiting)
    _about_month(found, plan)
    _about_payee(found, person, plan)
    if isinstance(plan.payee, NewPayee):
        _about_new_payee(found, person, plan.payee)
    if plan.account is not None:
        _about_account(found, user, person, plan)
    return found


def unusual_length(provider: Provider, number: str) -> str:
    """A warning where accounts of the provider usually have another length (the table of banks, not a rule)."""
    if not provider.usual_lengths or len(number) in provider.usual_lengths:
        return ""
    usual = " hoặc ".join(str(length) for length in provider.usual_lengths)
    return f"Số này có {len(number)} chữ số, tài khoản {provider.short_name} thường có {usual}."


def is_child(person: Person, today: datetime.date) -> bool:
    return age_months(person.birth, today) < ADULT_MONTHS


def _about_waiting(found: Cautions, waiting: Iterable[PayoutRoute]) -> None:
    for route in waiting:
        found.say(
            "chinh_sach",
            f"{route.policy}: đang có đề nghị chờ xác nhận, {place(route)} từ {months.title(route.first_month)}, do "
            f"{route.entered_by} nhập ngày {timezone.localtime(route.entered_at):%d/%m/%Y}. Gửi tiếp thì đề nghị ấy bị "
            "thay bằng đề nghị này.",
        )


def _about_month(found: Cautions, plan: Plan) -> None:
    earliest = min(first_open_month(policy) for policy in plan.policies)
    if plan.first_month > earliest:
        before = months.title(months.add(plan.first_month, -1))
        found.say("tu_thang", f"Đến hết {before}, tiền vẫn đi theo nơi nhận hiện nay.")


def _about_payee(found: Cautions, person: Person, plan: Plan) -> None:
    if person.died_on:
        found.say("nguoi_nhan", f"Người hưởng đã chết {person.death}.")
    if plan.payee_kind == Payee.Kind.OWN and is_child(person, clock.today()):
        found.say("nguoi_nhan", "Người hưởng chưa đủ 16 tuổi: người nhận thường là người giám hộ, ở đây ghi chính chủ.")
    if plan.payee is None or plan.payee.kind == Payee.Kind.OWN:
        return
    where = "hieu_luc_den" if isinstance(plan.payee, NewPayee) else "nguoi_nhan"
    state = papers.state_of(plan.payee.paper_valid_until)
    if state is not None and plan.payee.paper_valid_until is not None:
        ends = f"{plan.payee.paper_valid_until:%d/%m/%Y}"
        text = f"Giấy tờ đã hết hạn ngày {ends}." if state.days < 0 else f"Giấy tờ sắp hết hạn, ngày {ends}."
        found.say(where, text)


def _about_new_payee(found: Cautions, person: Person, payee: NewPayee) -> None:
    if not payee.cccd:
        found.say("cccd", "Chưa ghi số CCCD của người nhận.")
    for problem in check_cccd(payee.cccd).problems:
        found.say("cccd", problem.message_vi)
    guardian_by_paper = payee.kind == Payee.Kind.GUARDIAN and fold(payee.relation) not in _PARENTS
    if guardian_by_paper and not payee.paper_number:
        found.say("so_giay", "Chưa ghi giấy tờ về việc giám hộ.")
    known = Payee.objects.filter(person=person, kind=payee.kind).exclude(name="")
    if any(holder_key(other.name) == holder_key(payee.name) for other in known):
        found.say(
            "ho_ten", f"Đã có {Payee.Kind(payee.kind).label.lower()} tên này ở trên; nếu là một thì hãy chọn ở đó."
        )


def _about_account(found: Cautions, user: User, person: Person, plan: Plan) -> None:
    new = plan.account
    assert new is not None  # noqa: S101
    if text := unusual_length(new.provider, new.number):
        found.say("so_tk", text)
    known = Account.objects.filter(provider=new.provider, number=new.number).first()
    payee = plan.payee if isinstance(plan.payee, Payee) else Payee(kind=plan.payee_kind, name=plan.payee_name(person))
    holder = (known.holder_name if known else "") or new.holder_name or holder_key(plan.payee_name(person))
    account = Account(provider=new.provider, number=new.number, holder_name=holder)
    if text := holder_differs(PayoutRoute(person=person, payee=payee, account=account)):
        found.say("ten_chu", text)
    if known is None:
        return
    others = list(
        known.routes.live_from(plan.first_month)
        .exclude(person=person)
        .select_related("person", "payee")
        .order_by("person__sort_key", "pk")
    )
    mine = set(PayoutRoute.objects.visible_to(user).filter(account=known).values_list("pk", flat=True))
    _about_known_holder(found, known, new.holder_name, in_scope=bool(mine))
    _about_known_day(found, known, new.opened_on)
    _about_others(found, plan, others, mine)


def _about_known_holder(found: Cautions, known: Account, typed: str, *, in_scope: bool) -> None:
    if not typed or not known.holder_name or holder_key(typed) == holder_key(known.holder_name):
        return
    told = f"là {known.holder_name}" if in_scope else "tên khác"
    found.say(
        "ten_chu",
        f"Sổ đã có tài khoản này, chủ tài khoản {told}; tên trong sổ được giữ. Nếu sổ sai thì đính chính sau.",
    )


def _about_known_day(found: Cautions, known: Account, typed: datetime.date | None) -> None:
    if typed and known.opened_on and typed != known.opened_on:
        found.say("mo_ngay", f"Sổ ghi tài khoản này mở ngày {known.opened_on:%d/%m/%Y}; ngày trong sổ được giữ.")


def _about_others(found: Cautions, plan: Plan, others: list[PayoutRoute], mine: set[int]) -> None:
    if not others:
        return
    names = list(dict.fromkeys(route.person.name for route in others if route.pk in mine))
    if len(names) > _NAMED:
        names = [*names[:_NAMED], f"{len(names) - _NAMED} người khác"]
    if any(route.pk not in mine for route in others):
        names.append("người ở xã khác")
    text = f"Tài khoản này cũng nhận tiền của {', '.join(names)}"
    kinds = {plan.payee_kind, *(route.payee.kind for route in others)}
    if kinds == {Payee.Kind.GUARDIAN}:
        text += "; với người giám hộ nhiều người thì đây là bình thường."
    else:
        text += ", không phải đều với tư cách người giám hộ; hãy kiểm tra lại."
    found.say("so_tk", text)
