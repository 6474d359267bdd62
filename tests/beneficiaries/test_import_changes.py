"""What an accepted list does to people, benefits and routes that the register knows already."""

import pytest

from batosocial.audit.models import Entry
from beneficiaries.models import Account, Change, Dependant, Entitlement, ImportBatch, Payee, PayoutRoute, Person
from tests import factories as make
from tests.beneficiaries import import_lists as lists
from tests.beneficiaries.import_lists import accept, check_rows, line, upload, workbook

pytestmark = pytest.mark.django_db
BANK = {"account": "4507205000001", "provider": "Agribank"}


def known(category: str = "BTXH-5C", birth: str = "1940", **benefit: object) -> tuple[Person, Entitlement]:
    person = make.person("Phạm Thị Nhập", birth=birth, hamlet="Thôn Thử", ethnicity="H're")
    return person, make.entitlement(person, category, **benefit)  # type: ignore[arg-type]


def load(*rows: list[object], policy: str = "BTXH") -> ImportBatch:
    batch = accept(upload(workbook(*rows, policy=policy), policy=policy))
    assert batch.state == "accepted", batch.failure
    # Whatever was written, the same list says now that nothing changes.
    assert {row.outcome for row in check_rows(*rows, policy=policy)} == {"unchanged"}
    return batch


def test_a_new_person_with_everything() -> None:
    batch = load(line(name="Phạm Thị Hòa (mẹ Huyền)", **BANK, owner="Người được ủy quyền", note="giấy số 5"))
    change = Change.objects.get(batch=batch)
    person = change.person
    assert (change.kind, change.state, change.first_load) == ("start", "applied", True)
    assert (person.name, person.other_name, person.cccd_state) == ("Phạm Thị Hòa", "mẹ Huyền", "claimed")
    assert "hoa" in person.search_key
    assert person.sort_key
    assert person.identity_status == "unchecked"
    entitlement = Entitlement.objects.get(person=person)
    assert (entitlement.granted_by, entitlement.months.lower, entitlement.months.upper) == (
        change,
        make.NEXT_MONTH,
        None,
    )
    assert change.entitlement == entitlement
    route = PayoutRoute.objects.get(person=person)
    assert (route.state, route.payee.kind, str(route.account)) == ("confirmed", "authorised", BANK["account"])
    assert (route.entered_by, route.confirmed_by) == (batch.uploaded_by, batch.accepted_by)


def test_what_a_district_officer_brings_and_accepts_waits_for_a_second_person() -> None:
    officer = make.user("district_officer")
    batch = accept(upload(workbook(line(**BANK, owner="chính chủ")), by=officer), by=officer)
    route = PayoutRoute.objects.get(person__changes__batch=batch)
    assert (route.state, route.confirmed_by) == ("entered", None)


def test_one_account_row_and_one_payee_each_for_a_familys_account() -> None:
    child = {"birth": 2018, "category": "BTXH-6D", "amount": 1_000_000, "owner": "người giám hộ"}
    batch = load(line(**BANK, owner="chính chủ"), line(**BANK, **child), line(**BANK, **child))
    assert Account.objects.filter(number=BANK["account"]).count() == 1
    kinds = Payee.objects.filter(person__changes__batch=batch).values_list("kind", flat=True)
    assert sorted(kinds) == ["guardian", "guardian", "own"]


def test_changed_fields_raise_the_version_and_stand_in_the_audit() -> None:
    person, _ = known()
    make.route(person)
    load(line(name="Phạm Thị Nhập Mới", cccd=person.cccd))
    now = Person.objects.get(pk=person.pk)
    assert (now.name, now.version) == ("Phạm Thị Nhập Mới", person.version + 1)
    assert "nhap moi" in now.search_key
    entry = Entry.objects.get(table="beneficiaries_person", row_id=person.pk)
    assert entry.changes == {"name": ["Phạm Thị Nhập", "Phạm Thị Nhập Mới"]}


def test_another_social_category_ends_the_old_benefit_and_begins_the_new_one() -> None:
    person, old = known("BTXH-6C", birth="1964")
    load(line(name=person.name, birth=1964, cccd=person.cccd, category="BTXH-6D", amount=1_000_000))
    old.refresh_from_db()
    assert old.months.upper == make.NEXT_MONTH
    new = Entitlement.objects.exclude(pk=old.pk).get(person=person)
    assert (new.category.code, new.months.lower) == ("BTXH-6D", make.NEXT_MONTH)
    assert old.ended_by == new.granted_by
    assert new.granted_by.kind == "adjust"
    assert person.entitlements.due_in(make.NEXT_MONTH).count() == 1


def test_a_correction_before_the_first_payment_replaces_the_benefit() -> None:
    number = make.cccd("F", 1940)
    load(line(cccd=number))
    load(line(cccd=number, category="BTXH-6B", amount=1_250_000))
    person = Person.objects.get(cccd=number)
    entitlement = Entitlement.objects.get(person=person)
    assert (entitlement.category.code, entitlement.months.lower) == ("BTXH-6B", make.NEXT_MONTH)
    assert [change.kind for change in person.changes.order_by("pk")] == ["start", "adjust"]


def test_a_single_parents_benefit_stands_beside_a_disabled_persons() -> None:
    person, old = known("BTXH-6A", birth="1985")
    load(
        line(name=person.name, birth=1985, cccd=person.cccd, category="BTXH-6A", amount=1_000_000),
        line(name=person.name, birth=1985, cccd=person.cccd, category="BTXH-4", amount=1_000_000),
    )
    old.refresh_from_db()
    assert old.months.upper is None
    assert Dependant.objects.filter(entitlement__person=person).count() == 2


def test_another_merit_category_adds_up() -> None:
    person, _ = known("NCC-9")
    load(
        line(name=person.name, cccd=person.cccd, category="NCC-10.2", amount=1_639_000),
        policy="NCC",
    )
    assert person.entitlements.due_in(make.NEXT_MONTH).count() == 2


def test_another_level_begins_anew() -> None:
    person, _ = known("NCC-6.1TB", birth="1950", level=21)
    load(line(name=person.name, birth=1950, cccd=person.cccd, category="NCC-6.1TB", amount=1_969_000), policy="NCC")
    levels = person.entitlements.order_by("months").values_list("level", flat=True)
    assert list(levels) == [21, 22]


@pytest.mark.parametrize(("amount", "count"), [(1_500_000, 3), (500_000, 1)])
def test_more_or_fewer_children(amount: int, count: int) -> None:
    person, benefit = known("BTXH-4", birth="1985", dependants=2)
    Dependant.objects.filter(entitlement=benefit).update(name="")
    load(line(name=person.name, birth=1985, cccd=person.cccd, category="BTXH-4", amount=amount))
    assert benefit.dependants.filter(months__contains=make.NEXT_MONTH).count() == count
    assert benefit.dependants.filter(months__contains=make.THIS_MONTH).count() == 2


def test_which_child_is_gone_only_the_register_can_tell() -> None:
    person, _ = known("BTXH-4", birth="1985", dependants=2)
    (row,) = check_rows(line(name=person.name, birth=1985, cccd=person.cccd, category="BTXH-4", amount=500_000))
    assert row.outcome == "error"


def test_another_account_takes_over_with_the_start_month() -> None:
    person, _ = known()
    old = make.route(person, account=make.account(), confirmed_by=make.user())
    load(line(cccd=person.cccd, **BANK, owner="chính chủ"))
    old.refresh_from_db()
    assert (old.state, old.months.upper) == ("confirmed", make.NEXT_MONTH)
    new = PayoutRoute.objects.exclude(pk=old.pk).get(person=person)
    assert (new.state, new.months.lower, str(new.account)) == ("confirmed", make.NEXT_MONTH, BANK["account"])


def test_an_unconfirmed_account_leaves_the_old_route_alone() -> None:
    person, _ = known()
    officer = make.user("district_officer")
    old = make.route(person, account=make.account(), confirmed_by=make.user())
    accept(upload(workbook(line(cccd=person.cccd, **BANK, owner="chính chủ")), by=officer), by=officer)
    old.refresh_from_db()
    assert old.months.upper is None
    assert PayoutRoute.objects.waiting().filter(person=person).count() == 1


def test_somebody_on_the_other_policy_joins_this_one() -> None:
    person, _ = known("NCC-9")
    (row,) = check_rows(line(cccd=person.cccd))
    assert row.changes == {"Đối tượng": ["", "BTXH-5C"]}
    load(line(cccd=person.cccd))
    assert Person.objects.filter(cccd=person.cccd).count() == 1
    assert PayoutRoute.objects.get(person=person, policy="BTXH").cash_reason == "other"


def test_a_contradiction_goes_to_the_identity_worklist() -> None:
    number = make.cccd("M", 1939)
    load(line(cccd=number))
    person = Person.objects.get(cccd=number)
    assert person.identity_status == "differs"
    assert "1939" in person.identity_note


def test_a_person_of_the_sample_in_another_communes_register_stays_there() -> None:
    town = make.commune(make.BA_TO_TOWN)
    make.person(commune=town, cccd="051148199127")
    counts = lists.check(lists.BTXH_SAMPLE.read_bytes()).counts
    assert (counts["new"], counts["error"]) == (149, 1)
