"""Pages for entering and correcting a person."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_http_methods

from batosocial.lib.national_id import SEX_NAMES, describe
from batosocial.lib.text import fold
from batosocial.staff.models import User
from batosocial.web import once
from batosocial.web.access import StaffRequest, roles_required
from beneficiaries.entry import conflicts, known, services
from beneficiaries.entry.card import Given
from beneficiaries.entry.forms import ETHNICITIES, HAMLETS, AddForm, BoxForm, EditForm, number_taken
from beneficiaries.entry.services import ENTRY_ROLES
from beneficiaries.models import Person
from beneficiaries.services import record_full_view

_GIVEN = "given_cards"
#: Cards scanned in this session whose forms may still be open.
_KEPT_CARDS = 5
_WITHOUT_NUMBER = "chua-co-so"


@roles_required(*ENTRY_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: StaffRequest) -> HttpResponse:
    """First the CCCD: who has it is opened, and nobody is entered twice."""
    form = BoxForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form, "without_number": _form_url(_WITHOUT_NUMBER)}
    if request.method != "POST":
        return render(request, "beneficiaries/entry/start.html", context)
    if not form.is_valid():
        return render(request, "beneficiaries/entry/start.html", context, status=422)
    given: Given = form.cleaned_data["so"]
    user = request.user
    found = known.with_cccd(user, given.cccd) if given.cccd else known.with_cmnd(user, given.cmnd)
    if len(found.mine) == 1 and not found.elsewhere:
        messages.info(request, "Người này đã có trong sổ: đây là hồ sơ.")
        return redirect("beneficiaries:person", pk=found.mine[0].pk)
    if found:
        if found.elsewhere and given.cccd:
            services.record_number_seen_elsewhere(actor=user, number=given.cccd)
        context |= {"found": found, "given": given, "form_url": "" if given.cccd else _keep(request, given)}
        return render(request, "beneficiaries/entry/start.html", context, status=409)
    return redirect(_keep(request, given))


@roles_required(*ENTRY_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: StaffRequest) -> HttpResponse:
    key = request.GET.get("the", _WITHOUT_NUMBER)[:40]
    given = Given(**request.session.get(_GIVEN, {}).get(key, {}))
    form = AddForm(request.POST if request.method == "POST" else None, user=request.user, given=given)
    if request.method == "POST":
        if form.is_valid() and form.doubts_confirmed():
            try:
                return _add(request, form, given)
            except services.NumberTaken as taken:
                form.add_error("cccd", number_taken(taken.found, form.cleaned_data["cccd"]))
        if landed := once.earlier(request):
            return redirect(landed)
    context = {
        "form": form,
        "given": given,
        "told": _told(given.cccd),
        "draft": f"person-add-{key}",
        **_lists(request.user),
    }
    return render(request, "beneficiaries/entry/add.html", context, status=422 if form.is_bound else 200)


def _add(request: StaffRequest, form: AddForm, given: Given) -> HttpResponse:
    token, commune = form.cleaned_data["token"], form.commune(form.cleaned_data)
    assert commune is not None  # noqa: S101 (the form has asked for it)
    with transaction.atomic():
        if landed := once.claim(request.user, token):
            return redirect(landed)
        source = "Quét mã QR trên thẻ" if given.scanned else ""
        person = services.add_person(actor=request.user, commune=commune, values=form.values(), source=source)
        url = reverse("beneficiaries:person", args=[person.pk])
        once.finish(token, url)
    messages.success(request, f"Đã thêm {person.name} vào sổ.")
    return redirect(url)


@roles_required(*ENTRY_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    person = _find(request.user, pk)
    if request.method != "POST":
        # The form holds full numbers (rules.md 8.3).
        record_full_view(actor=request.user, person=person)
        form = EditForm(user=request.user, person=person, initial={"version": conflicts.Seen.of(person).packed()})
        return _edit_page(request, form)
    data = request.POST.copy()
    seen = conflicts.Seen.unpacked(data.get("version", ""))
    if seen.version != person.version:
        return _landed(request) or _conflict_page(request, data, seen, person)
    if "take" in data:
        return _conflict_page(request, data, seen, person, take=data.get("take", ""))
    form = EditForm(data, user=request.user, person=person)
    if form.is_valid() and form.doubts_confirmed():
        try:
            return _edit(request, form, seen.version)
        except services.EditConflict:
            return _conflict_page(request, data, seen, _find(request.user, pk))
        except services.NumberTaken as taken:
            form.number_is_taken = True
            form.add_error("cccd", number_taken(taken.found, form.cleaned_data["cccd"]))
    return _landed(request) or _edit_page(request, form, status=422)


def _edit(request: StaffRequest, form: EditForm, version: int) -> HttpResponse:
    token, pk = form.cleaned_data["token"], form.person.pk
    url = reverse("beneficiaries:person", args=[pk])
    with transaction.atomic():
        if landed := once.claim(request.user, token):
            return redirect(landed)
        changed = services.edit_person(
            actor=request.user,
            person_id=pk,
            version=version,
            values=form.values(),
            reason=form.cleaned_data["reason"],
            shared_number=form.cleaned_data["shared_number"],
        )
        once.finish(token, url)
    if changed:
        messages.success(request, "Đã lưu.")
    else:
        messages.info(request, "Không có gì thay đổi.")
    return redirect(url)


def _conflict_page(
    request: StaffRequest, data: QueryDict, seen: conflicts.Seen, person: Person, *, take: str = ""
) -> HttpResponse:
    """The same form with everything that was typed, and what somebody else changed meanwhile."""
    if not take:
        conflicts.merge(data, seen=seen, person=person)
    # What the second has not seen counts from the page that was opened first.
    first = conflicts.Seen.unpacked(data.get("was", "")) if data.get("was") else seen
    now = conflicts.Seen.of(person)
    if take in now.texts:
        data[take] = now.texts[take]
    data["was"], data["version"] = first.packed(), now.packed()
    form = EditForm(data, user=request.user, person=person)
    form.full_clean()
    form.doubts.clear()
    found = conflicts.clashes(data, seen=first, person=person)
    return _edit_page(request, form, status=409, clashes=found)


def _edit_page(request: StaffRequest, form: EditForm, *, status: int = 200, clashes: Any = ()) -> HttpResponse:
    if not clashes and form.is_bound and form.data.get("was"):
        clashes = conflicts.clashes(form.data, seen=conflicts.Seen.unpacked(form.data["was"]), person=form.person)
    context = {"form": form, "person": form.person, "clashes": clashes, **_lists(request.user, form.person)}
    return render(request, "beneficiaries/entry/edit.html", context, status=status)


@roles_required(*ENTRY_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: StaffRequest, pk: int) -> HttpResponse:
    """Scan the card and see at once where the file differs."""
    person = _find(request.user, pk)
    form = BoxForm(request.POST if request.method == "POST" else None)
    form.fields["so"].label = "Quét mã QR trên thẻ của người này"
    form.fields["so"].help_text = "Đặt con trỏ vào ô rồi quét mã QR ở mặt trước thẻ căn cước."
    context = {"person": person, "form": form}
    if request.method == "POST" and form.is_valid():
        card: Given = form.cleaned_data["so"]
        if not card.scanned:
            form.add_error("so", "Ở đây cần quét mã QR trên thẻ; số gõ tay thì ghi ở trang Sửa.")
        elif not person.cccd and fold(card.name) != fold(person.name) and request.POST.get("dung_nguoi") != card.cccd:
            # Nothing but the name says yet whose card it is.
            context["card"] = card
        else:
            try:
                compared = services.compare_with_card(actor=request.user, person_id=pk, card=card)
            except ValueError:
                form.add_error(
                    "so",
                    "Thẻ này mang số CCCD khác số trong hồ sơ. Kiểm tra có đúng thẻ của người này không; "
                    "nếu hồ sơ ghi sai số thì đính chính ở trang Sửa.",
                )
            except services.NumberTaken as taken:
                form.add_error("so", number_taken(taken.found, card.cccd))
            else:
                _tell_comparison(request, compared)
                return redirect("beneficiaries:person", pk=pk)
    return render(request, "beneficiaries/entry/compare.html", context, status=422 if form.is_bound else 200)


def _tell_comparison(request: HttpRequest, compared: services.Compared) -> None:
    if compared.differs:
        messages.warning(request, "Đã ghi theo thẻ. Hồ sơ khác thẻ ở những chỗ đánh dấu dưới đây.")
    else:
        messages.success(request, "Đã ghi theo thẻ. Hồ sơ khớp với thẻ; chờ Công an xác nhận “sạch”.")


def _landed(request: StaffRequest) -> HttpResponse | None:
    landed = once.earlier(request)
    return redirect(landed) if landed else None


def _find(user: User, pk: int) -> Person:
    return get_object_or_404(Person.objects.visible_to(user).select_related("commune"), pk=pk)


def _told(number: str) -> str:
    """What a number says by itself: "Quảng Ngãi, Nữ, sinh năm 1942"."""
    if not number:
        return ""
    province, sex, year = describe(number)
    return f"đăng ký khai sinh ở {province or 'nơi không có trong bảng mã tỉnh'}, {SEX_NAMES[sex]}, sinh năm {year}"


def _lists(user: User, person: Person | None = None) -> dict[str, Any]:
    """What the boxes of hamlet and ethnicity offer: what the commune's people have already."""
    people = Person.objects.visible_to(user)
    if person is not None:
        people = people.filter(commune=person.commune_id)
    pairs = people.exclude(hamlet="").order_by("commune__position", "hamlet")
    hamlets = pairs.values_list("hamlet", "commune__name").distinct()
    peoples = people.exclude(ethnicity="").order_by("ethnicity").values_list("ethnicity", flat=True).distinct()
    return {"hamlets": hamlets, "ethnicities": peoples, "HAMLETS": HAMLETS, "ETHNICITIES": ETHNICITIES}


def _form_url(key: str) -> str:
    return f"{reverse('beneficiaries:person_add_form')}?the={key}"


def _keep(request: StaffRequest, given: Given) -> str:
    """Keep what was read for the form's page. Its address names no number, and is the same for the same card.

    A number by itself has another one: what was typed for it must not cover what its card says.
    """
    read = "card" if given.scanned else "number"
    key = salted_hmac("beneficiaries.entry", f"{read}:{given.cccd or given.cmnd}").hexdigest()[:16]
    cards = {name: card for name, card in request.session.get(_GIVEN, {}).items() if name != key}
    request.session[_GIVEN] = dict([*cards.items(), (key, given.stored())][-_KEPT_CARDS:])
    return _form_url(key)
