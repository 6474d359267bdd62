"""Moving inside the district: no new decision (khoản 3 Điều 8 NĐ 20/2021), and nothing shown that is not needed."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from beneficiaries.changes import services
from beneficiaries.changes.moves import masked_name
from beneficiaries.changes.proposal import Paper
from beneficiaries.changes.services import ProposalRefused
from beneficiaries.changes.todos import changes as todos
from beneficiaries.models import Change, Person
from payments.models import Payment
from payments.opening import open_month
from tests import factories as make
from tests.beneficiaries.changes import flow

pytestmark = pytest.mark.django_db
PAPER = Paper("Xác nhận thông tin về cư trú", "88", datetime.date(2024, 7, 15))
AUGUST = make.NEXT_MONTH


@pytest.fixture
def person() -> Person:
    return make.person("Đinh Thị Kín Đáo", birth="12/05/1944", hamlet="Thôn Suối Loa", phone="0905123456")


@pytest.fixture
def receiver() -> User:
    return make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))


def move(person: Person, by: User, **fields: object) -> Change:
    given = {"cccd": person.cccd, "to_commune": make.commune(make.BA_TO_TOWN), "paper": PAPER, "hamlet": "TDP 2"}
    return services.propose_move(actor=by, **(given | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "masked"), [("Đinh Thị Kín Đáo", "Đ. T. K. Đáo"), ("Hà", "Hà"), ("Lê Văn", "L. Văn"), ("", "")]
)
def test_a_masked_name_has_initials_and_the_given_name(name: str, masked: str) -> None:
    assert masked_name(name) == masked


def test_the_receiving_commune_learns_where_and_no_more(person: Person, receiver: User, client: Client) -> None:
    make.entitlement(person, "BTXH-5C")
    make.route(person, account=make.account("4505205777888"), confirmed_by=make.user())
    client.force_login(receiver)
    url = f"{reverse('beneficiaries:move_request')}?cccd={person.cccd}"
    pages = [client.get(url).content.decode()]
    change = move(person, receiver)
    for link in (
        url,
        reverse("beneficiaries:change", args=[change.pk]),
        f"{reverse('beneficiaries:changes')}?trang_thai=waiting",
    ):
        pages.append(client.get(link).content.decode())
    for page in pages:
        assert "Xã Ba Động" in page
        for secret in (
            "Đinh Thị",
            "Kín",
            "1944",
            "Suối Loa",
            "BTXH-5C",
            "500.000",
            "7888",
            "0905",
            f"/doi-tuong/{person.pk}/",
        ):
            assert secret not in page, secret
    assert "Đ. T. K. Đáo" in pages[0]
    # Nor is a name to be guessed by searching for it.
    assert "Đáo" not in client.get(f"{reverse('beneficiaries:changes')}?tim=Kín").content.decode()


def test_a_look_at_another_communes_person_stands_in_the_audit(person: Person, receiver: User) -> None:
    assert services.find_for_move(actor=receiver, cccd=person.cccd) is not None
    assert Entry.objects.get(actor=receiver).action == "Tra cứu người ở xã khác"
    services.find_for_move(actor=flow.officer(), cccd=person.cccd)
    assert Entry.objects.filter(action="Tra cứu người ở xã khác").count() == 1


def test_the_phòng_agrees_and_the_person_is_kept_there(person: Person, receiver: User) -> None:
    make.entitlement(person, "BTXH-5C")
    change = flow.appraised(move(person, receiver))
    assert (change.state, change.decision_number) == ("applied", "")
    version = person.version
    person.refresh_from_db()
    assert (person.commune.code, person.hamlet, person.version) == (make.BA_TO_TOWN, "TDP 2", version + 1)
    entry = Entry.objects.get(table="beneficiaries_person", row_id=person.pk, action="Chuyển xã")
    assert entry.changes == {
        "commune": ["Xã Ba Động", "Thị trấn Ba Tơ"],
        "hamlet": ["Thôn Suối Loa", "TDP 2"],
    }
    assert Person.objects.visible_to(receiver).filter(pk=person.pk).exists()
    # The giving commune still finds what became of the request.
    assert Change.objects.visible_to(flow.officer()).filter(pk=change.pk).exists()


def test_a_list_that_was_made_stays_and_the_next_one_is_the_new_communes(person: Person, receiver: User) -> None:
    """Khoản 3 Điều 8 NĐ 20/2021: paid at the new address."""
    other = make.person(birth="1940")
    for one in (person, other):
        make.entitlement(one, "BTXH-5C")
    flow.appraised(move(other, receiver))
    open_month(actor=flow.phong(), month=AUGUST)
    flow.appraised(move(person, receiver))
    lists = Payment.objects.filter(person__in=[person, other]).values_list("person", "payment_list__commune__code")
    assert dict(lists) == {person.pk: make.BA_DONG, other.pk: make.BA_TO_TOWN}


def test_the_giving_commune_may_say_that_it_is_not_so(person: Person, receiver: User) -> None:
    giving = flow.officer()
    change = move(person, receiver)
    assert [(todo.label, todo.count) for todo in todos(giving) if todo.count] == [
        ("người được đề nghị chuyển sang xã khác", 1)
    ]
    for other in (receiver, make.user(Role.COMMUNE_OFFICER, commune=make.commune(make.BA_TO_TOWN))):
        with pytest.raises(PermissionDenied):
            services.object_to_move(actor=other, change_id=change.pk, objection="?")
    services.object_to_move(actor=giving, change_id=change.pk, objection="Vẫn cư trú tại thôn")
    change.refresh_from_db()
    assert (change.objection, change.objected_by) == ("Vẫn cư trú tại thôn", giving)
    assert not [todo for todo in todos(giving) if todo.count]
    # The Phòng decides.
    flow.appraised(change)
    with pytest.raises(services.Refused):
        services.object_to_move(actor=giving, change_id=change.pk, objection="Muộn")


def test_the_giving_commune_and_the_phòng_ask_too(person: Person) -> None:
    change = services.propose_move(
        actor=flow.officer(), person_id=person.pk, to_commune=make.commune(make.BA_TO_TOWN), paper=PAPER
    )
    services.withdraw_change(actor=change.proposed_by, change_id=change.pk)
    assert services.propose_move(
        actor=flow.phong(), person_id=person.pk, to_commune=make.commune(make.BA_TO_TOWN), paper=PAPER
    )


def test_a_commune_asks_only_for_itself(person: Person, receiver: User) -> None:
    with pytest.raises(PermissionDenied):
        move(person, receiver, to_commune=make.commune("21538"))
    with pytest.raises(Person.DoesNotExist):
        move(person, receiver, person_id=person.pk)


@pytest.mark.parametrize("role", [Role.COMMUNE_LEADER, Role.CHAIRMAN, Role.POLICE, Role.PAYER, Role.ADMIN])
def test_other_roles_neither_look_nor_ask(person: Person, role: str) -> None:
    with pytest.raises(PermissionDenied):
        services.find_for_move(actor=make.user(role), cccd=person.cccd)
    with pytest.raises(PermissionDenied):
        move(person, make.user(role))


def test_what_is_refused_is_said_beside_its_field(person: Person, receiver: User) -> None:
    for fields, field in (
        ({"cccd": "096150999999"}, "cccd"),
        ({"cccd": "12"}, "cccd"),
        ({"paper": Paper()}, "paper_kind"),
        ({"paper": Paper("Đơn", "", datetime.date(2024, 7, 23))}, "paper_date"),
    ):
        with pytest.raises(ProposalRefused) as refusal:
            move(person, receiver, **fields)
        assert field in refusal.value.errors
    with pytest.raises(ProposalRefused, match="đang ở"):
        move(person, flow.officer(), to_commune=make.commune())
    move(person, receiver)
    with pytest.raises(ProposalRefused, match="Đã có đề nghị chuyển xã"):
        move(person, flow.phong())


def test_a_number_of_several_people_is_left_to_the_phòng(person: Person, receiver: User) -> None:
    make.person(cccd=person.cccd, cccd_duplicate=True)
    with pytest.raises(ProposalRefused, match="nhiều người"):
        move(person, receiver)


def test_somebody_who_moved_meanwhile_is_not_moved_from_there(person: Person, receiver: User) -> None:
    change = move(person, receiver)
    Person.objects.filter(pk=person.pk).update(commune=make.commune("21538"))
    outcome = services.appraise_changes(actor=flow.phong(), change_ids=[change.pk])
    assert "khác lúc đề nghị" in outcome.refused[0][1]


def test_the_page_asks_by_number_and_sends(person: Person, receiver: User, client: Client) -> None:
    client.force_login(receiver)
    url = reverse("beneficiaries:move_request")
    assert "Không có ai trong huyện" in client.get(f"{url}?cccd=096150999999").text
    assert client.get(f"{url}?cccd=12").status_code == 422
    page = client.get(f"{url}?cccd={person.cccd}")
    data = {"token": str(page.context["form"]["token"].value()), "to_commune": make.BA_TO_TOWN, "hamlet": "TDP 2"}
    assert client.post(f"{url}?cccd={person.cccd}", data).status_code == 422
    data["paper_kind"] = "Xác nhận cư trú"
    first = client.post(f"{url}?cccd={person.cccd}", data)
    again = client.post(f"{url}?cccd={person.cccd}", data)
    change = Change.objects.get(kind="move", person=person)
    assert first.headers["Location"] == again.headers["Location"] == reverse("beneficiaries:change", args=[change.pk])
