"""What waits of grants, receivables and stop orders: one query for each kind."""

from django.db.models import Count, Q
from django.urls import reverse

from batosocial.staff.models import Role, User
from batosocial.web.todo import Todo
from beneficiaries.changes.services import DECIDERS
from beneficiaries.models import Policy
from payments.effects.claims import OPEN, excess_of
from payments.effects.forms import EXCESS, GROUNDLESS
from payments.effects.grants import NOT_DEAD
from payments.effects.stops import visible_orders
from payments.models import Grant, Receivable, StopOrder

_READERS = frozenset({Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER, Role.CHAIRMAN})


def effects(user: User) -> list[Todo]:
    """By role: files to complete, to appraise, to decide; money to ask back; orders to answer."""
    found: list[Todo] = []
    if user.role in _READERS:
        found += _grants(user)
    if user.role in _READERS - {Role.COMMUNE_OFFICER}:
        found += _receivables(user)
    if user.role in (Role.PAYER, Role.DISTRICT_OFFICER):
        found += _orders(user)
    return found


def _policies(user: User) -> list[str]:
    return [policy.value for policy in Policy if user.role in DECIDERS[policy]]


def _decided_by(user: User) -> str:
    """The rest of an address, where the user decides one policy only."""
    policies = _policies(user)
    return f"&chinh_sach={policies[0]}" if len(policies) == 1 else ""


def _grants(user: User) -> list[Todo]:
    url, state = reverse("payments:grants"), Grant.State
    decides = Q(state=state.APPRAISED, category__policy__in=_policies(user))
    counts = Grant.objects.visible_to(user).aggregate(
        open=Count("pk", filter=Q(state=state.OPEN)),
        proposed=Count("pk", filter=Q(state=state.PROPOSED) & ~Q(proposed_by=user)),
        groundless=Count("pk", filter=Q(state=state.DECIDED, reason=NOT_DEAD)),
        appraised=Count("pk", filter=decides & ~Q(proposed_by=user) & ~Q(appraised_by=user)),
    )
    if user.role == Role.COMMUNE_OFFICER:
        hint = "Ghi người nhận và giấy tờ rồi gửi Phòng trong 2 ngày làm việc (BTXH), 5 ngày (NCC)."
        return [
            Todo(
                "hồ sơ mai táng phí, trợ cấp khi chết cần lập",
                counts["open"],
                f"{url}?trang_thai=open",
                "warning",
                hint,
            )
        ]
    found = []
    if user.role == Role.DISTRICT_OFFICER:
        found.append(
            Todo("hồ sơ mai táng phí chờ thẩm định", counts["proposed"], f"{url}?trang_thai=proposed", "warning")
        )
        hint = "Sổ đã đính chính là còn sống: chưa chi thì báo tổ chức chi trả dừng, đã chi thì thu hồi."
        found.append(
            Todo(
                "trợ cấp khi chết của người còn sống",
                counts["groundless"],
                f"{url}?trang_thai={GROUNDLESS}",
                "danger",
                hint,
            )
        )
    label = "hồ sơ mai táng phí chờ quyết định"
    if user.role != Role.CHAIRMAN:
        label = "hồ sơ mai táng phí NCC chờ ghi quyết định của Sở"
    found.append(Todo(label, counts["appraised"], f"{url}?trang_thai=appraised{_decided_by(user)}", "info"))
    return found


def _receivables(user: User) -> list[Todo]:
    visible, url = Receivable.objects.visible_to(user), reverse("payments:receivables")
    rows = visible.filter(state__in=OPEN, policy__in=_policies(user))
    found = [row for row in rows if row.state == Receivable.State.FOUND]
    label = "khoản truy thu chờ quyết định"
    if user.role != Role.CHAIRMAN:
        label = "khoản truy thu NCC chờ ghi quyết định của Sở"
    hint = "Sổ đã thay đổi sau quyết định: ghi quyết định sửa số phải thu."
    return [
        Todo(label, len(found), f"{url}?trang_thai=found{_decided_by(user)}", "info"),
        Todo(
            "khoản truy thu đòi nhiều hơn số chi thừa",
            len(excess_of(rows)),
            f"{url}?trang_thai={EXCESS}{_decided_by(user)}",
            "warning",
            hint,
        ),
    ]


def _orders(user: User) -> list[Todo]:
    url, answer = f"{reverse('payments:stop_orders')}?trang_thai=cho", StopOrder.Answer
    counts = visible_orders(user).aggregate(
        waiting=Count("pk", filter=Q(answer=answer.WAITING, lifted_at__isnull=True))
    )
    if user.role == Role.PAYER:
        hint = "Không chi các khoản này; trả lời đã dừng hay đã chi trước."
        return [Todo("lệnh dừng chi cần trả lời", counts["waiting"], url, "danger", hint)]
    return [Todo("lệnh dừng chi tổ chức chi trả chưa trả lời", counts["waiting"], url, "warning")]
