"""Storing a merger, its day, and what everything that hangs on a unit is afterwards."""

import datetime
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.test import Client

from batosocial.audit.models import Entry
from batosocial.mergers import carrying, services
from batosocial.mergers.tasks import apply_due_mergers
from batosocial.staff.models import Role, User
from batosocial.territory.models import Unit, UnitMerger, unit_by_code
from beneficiaries.models import ImportBatch, Person, UnitMove
from payments.handover.points import Points
from payments.models import PaymentList, PayPoint, Review
from tests import factories as make
from tests.mergers import files
from tests.mergers.files import DAY
from tests.payments.cycle import AUGUST, JULY

pytestmark = pytest.mark.django_db


@pytest.fixture
def merged(settings: Any) -> UnitMerger:
    """The 19 units are 8 since 01/8/2024, and that is today."""
    settings.BUSINESS_DATE = DAY
    return files.store()


def _unit(code: str, month: datetime.date) -> Unit:
    unit = unit_by_code(code, month)
    assert unit is not None
    return unit


# --- planned -----------------------------------------------------------------------------------------------------


def test_a_merger_of_a_day_to_come_changes_nothing_of_today() -> None:
    people = dict(Person.objects.values_list("pk", "commune"))
    users = dict(User.objects.values_list("pk", "unit"))
    merger = files.store(day=datetime.date(2025, 7, 1))
    assert merger.state == "planned"
    assert Unit.objects.current().communes().count() == 19
    assert Unit.objects.at(datetime.date(2025, 6, 1)).communes().count() == 19
    assert Unit.objects.at(datetime.date(2025, 7, 1)).communes().count() == 8
    assert dict(Person.objects.values_list("pk", "commune")) == people
    assert dict(User.objects.values_list("pk", "unit")) == users
    assert not UnitMove.objects.exists()


def test_a_code_means_the_unit_of_its_month() -> None:
    files.store(day=datetime.date(2025, 7, 1))
    assert str(unit_by_code("21484", datetime.date(2025, 6, 1))) == "Thị trấn Ba Tơ"
    assert str(unit_by_code("21484", datetime.date(2025, 7, 1))) == "Xã Ba Tơ"
    assert str(unit_by_code("21511", datetime.date(2025, 6, 1))) == "Xã Ba Cung"
    assert unit_by_code("21511", datetime.date(2025, 7, 1)) is None


def test_a_merger_whose_day_has_come_takes_effect_at_once(merged: UnitMerger) -> None:
    assert merged.state == "applied"
    assert merged.applied_by == User.objects.system()
    assert Unit.objects.current().communes().count() == 8


def test_a_planned_merger_takes_effect_in_the_night_of_its_day(settings: Any) -> None:
    merger = files.store()
    apply_due_mergers()
    merger.refresh_from_db()
    assert merger.state == "planned"
    settings.BUSINESS_DATE = DAY
    apply_due_mergers()
    merger.refresh_from_db()
    assert merger.state == "applied"
    assert not Person.objects.filter(commune__valid_to__isnull=False).exists()


def test_applying_before_the_day_is_refused_and_twice_is_once(settings: Any) -> None:
    merger = files.store()
    with pytest.raises(services.MergerRefused, match="Chưa đến ngày 01/08/2024"):
        services.apply_merger(actor=User.objects.system(), merger_id=merger.pk)
    settings.BUSINESS_DATE = DAY
    services.apply_merger(actor=User.objects.system(), merger_id=merger.pk)
    services.apply_merger(actor=User.objects.system(), merger_id=merger.pk)
    assert Entry.objects.filter(action="Thực hiện sáp nhập đơn vị").count() == 1


def test_a_cancelled_merger_leaves_the_units_as_they_were() -> None:
    before = list(Unit.objects.order_by("pk").values())
    merger = files.store(upper="51")
    merger = services.cancel_merger(actor=User.objects.system(), merger_id=merger.pk)
    assert merger.state == "cancelled"
    assert list(Unit.objects.order_by("pk").values()) == before
    assert Entry.objects.filter(action="Hủy đợt sáp nhập đơn vị").count() == 1
    files.store()


def test_what_took_effect_is_not_taken_back(merged: UnitMerger) -> None:
    with pytest.raises(services.MergerRefused, match="không rút lại được"):
        services.cancel_merger(actor=User.objects.system(), merger_id=merged.pk)


def test_a_file_with_an_error_changes_nothing() -> None:
    before = list(Unit.objects.order_by("pk").values())
    with pytest.raises(services.MergerRefused) as refused:
        files.store(files.file(*files.BA_VINH, ("99999", "21490", "Ba Vinh", "Xã")))
    assert refused.value.plan is not None
    assert list(Unit.objects.order_by("pk").values()) == before
    assert not UnitMerger.objects.exists()


@pytest.mark.parametrize("role", [Role.DISTRICT_OFFICER, Role.CHAIRMAN, Role.COMMUNE_LEADER])
def test_only_the_admin_merges_units(role: str) -> None:
    with pytest.raises(PermissionDenied):
        services.store_merger(actor=make.user(role), file=files.sample(), file_name="a.csv", day=DAY)


# --- what goes with it -------------------------------------------------------------------------------------------


def test_every_reference_to_a_unit_is_carried_or_kept_on_purpose() -> None:
    found = {
        f"{model._meta.app_label}.{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model._meta.managed
        for field in model._meta.concrete_fields
        if field.related_model is Unit
    }
    assert found == carrying.CARRIED | set(carrying.KEPT)


def test_people_go_with_their_unit_and_it_is_kept_where_they_came_from(settings: Any) -> None:
    before = dict(Person.objects.values_list("pk", "commune__code"))
    settings.BUSINESS_DATE = DAY
    merger = files.store()
    after = dict(Person.objects.values_list("pk", "commune__code"))
    becomes = {row["old_code"]: row["new_code"] for row in merger.rows}
    assert after == {pk: becomes[code] for pk, code in before.items()}
    moves = UnitMove.objects.values_list("person", "from_unit__code", "to_unit__code", "day")
    assert {(pk, old, new) for pk, old, new, _ in moves} == {(pk, code, becomes[code]) for pk, code in before.items()}
    assert {day for *_, day in moves} == {DAY}
    assert merger.carried["người"] == len(before)


def test_old_lists_keep_their_names(merged: UnitMerger) -> None:
    july = PaymentList.objects.filter(period__month=JULY, period__policy="NCC")
    assert july.count() == 19
    assert july.get(commune__code="21511").commune_name == "Xã Ba Cung"


def test_users_of_the_old_units_work_for_the_new_one(merged: UnitMerger) -> None:
    town = _unit("21484", AUGUST)
    assert set(User.objects.filter(unit=town).values_list("username", flat=True)) >= {
        f"{who}{code}" for who in ("cb", "ld") for code in ("21484", "21511", "21526")
    }
    assert User.objects.get(username="phong").unit == make.district()


def test_the_district_goes_with_the_upper_unit(settings: Any) -> None:
    settings.BUSINESS_DATE = DAY
    files.store(upper="51")
    province = Unit.objects.get(code="51")
    for name in ("phong", "truongphong", "chutich", "congan"):
        assert User.objects.get(username=name).unit == province
    district = Unit.objects.get(code="535")
    assert (district.valid_to, district.successor, district.heir) == (DAY, province, province)


def test_pay_points_go_along_and_each_keeps_to_its_people(settings: Any) -> None:
    cung, bich = make.commune("21511"), make.commune("21526")
    PayPoint.objects.create(commune=cung, name="Nhà văn hóa", hamlets=["Thôn Gò"])
    PayPoint.objects.create(commune=cung, name="UBND xã")
    PayPoint.objects.create(commune=bich, name="nhà văn hóa", hamlets=["Thôn Đồng"])
    make.person(commune=cung, hamlet="Thôn Rừng")
    settings.BUSINESS_DATE = DAY
    files.store()
    town = _unit("21484", AUGUST)
    points = {point.name: point for point in PayPoint.objects.filter(commune=town)}
    assert set(points) == {"Nhà văn hóa (Ba Cung)", "nhà văn hóa (Ba Bích)", "UBND xã"}
    assert "Thôn Rừng" in points["UBND xã"].hamlets
    assert "Thôn Gò" not in points["UBND xã"].hamlets
    found = Points.of_communes([town.pk, cung.pk])
    assert found.of(town.pk, "", "Thôn Đồng").name == "nhà văn hóa (Ba Bích)"
    assert found.of(cung.pk, "", "Thôn Gò").name == "Nhà văn hóa (Ba Cung)"


def test_what_is_under_way_goes_along(settings: Any) -> None:
    cung = make.commune("21511")
    officer = User.objects.get(username="cb21511")
    file = make_file(officer)
    waiting = ImportBatch.objects.create(commune=cung, policy="NCC", file=file, uploaded_by=officer, state="previewed")
    gone = ImportBatch.objects.create(commune=cung, policy="NCC", file=file, uploaded_by=officer, state="withdrawn")
    person = make.person(commune=make.commune("21538"))
    move = make.proposal(person, kind="move", policy="", from_commune=person.commune, to_commune=cung)
    review = Review.objects.create(commune=cung, month=AUGUST)
    settings.BUSINESS_DATE = DAY
    files.store()
    town = _unit("21484", AUGUST)
    for row in (waiting, gone, move, review):
        row.refresh_from_db()
    assert waiting.commune == town
    assert gone.commune == cung
    assert move.to_commune == town
    assert move.from_commune == _unit("21538", AUGUST)
    assert review.commune == cung
    officer.refresh_from_db()
    assert Review.objects.visible_to(officer).filter(pk=review.pk).exists()


# --- who sees what -----------------------------------------------------------------------------------------------


def test_the_new_officer_sees_what_all_the_old_ones_saw(settings: Any) -> None:
    codes = ("21484", "21511", "21526")
    lists = set(PaymentList.objects.filter(commune__code__in=codes).values_list("pk", flat=True))
    people = set(Person.objects.filter(commune__code__in=codes).values_list("pk", flat=True))
    settings.BUSINESS_DATE = DAY
    files.store()
    officer = User.objects.get(username="cb21511")
    assert set(PaymentList.objects.visible_to(officer).values_list("pk", flat=True)) == lists
    assert set(Person.objects.visible_to(officer).values_list("pk", flat=True)) == people


@pytest.mark.parametrize("upper", ["", "51"])
def test_the_upper_unit_sees_everything_as_before(settings: Any, upper: str) -> None:
    settings.BUSINESS_DATE = DAY
    files.store(upper=upper)
    officer = User.objects.get(username="phong")
    assert PaymentList.objects.visible_to(officer).count() == PaymentList.objects.count()
    assert Person.objects.visible_to(officer).count() == Person.objects.count()


def test_a_commune_that_did_not_merge_with_it_stays_foreign(merged: UnitMerger, client: Client) -> None:
    officer = User.objects.get(username="cb21511")
    client.force_login(officer)
    foreign = PaymentList.objects.filter(commune__code="21538").first()
    own = PaymentList.objects.filter(commune__code="21526").first()
    assert foreign is not None and own is not None
    assert client.get(f"/chi-tra/{foreign.pk}/").status_code == 404
    assert client.get(f"/chi-tra/{own.pk}/").status_code == 200


def test_a_second_merger_passes_everything_on(settings: Any) -> None:
    settings.BUSINESS_DATE = DAY
    files.store()
    later = datetime.date(2024, 9, 1)
    settings.BUSINESS_DATE = later
    files.store(
        files.file(("21484", "21490", "Ba Vinh", "Xã"), ("21490", "21490", "Ba Vinh", "Xã")),
        day=later,
    )
    heir = _unit("21490", later)
    assert set(Unit.objects.filter(heir=heir).values_list("code", "valid_from__year")) == {
        *((code, 1900) for code in ("21484", "21511", "21526", "21490", "21487")),
        ("21484", 2024),
        ("21490", 2024),
    }
    officer = User.objects.get(username="cb21487")
    assert officer.unit == heir
    assert PaymentList.objects.visible_to(officer).filter(commune__code="21511").exists()


def make_file(user: User) -> Any:
    from batosocial.jobs.models import StoredFile

    return StoredFile.keep(name="ds.xlsx", content_type="x", content=b"x", created_by=user)
