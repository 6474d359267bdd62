"""What differs by the police: by Mẫu 26 to the decision Mẫu 75 for people of NCC, by the commune for others."""

import datetime
from typing import Any

import docx
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.coordination.corrections import services, todos
from batosocial.coordination.corrections.request import make_request
from batosocial.coordination.models import Correction
from batosocial.lib.dates import PartialDate
from batosocial.staff.models import Role, User
from beneficiaries.entry.services import edit_person
from beneficiaries.identity.services import check_people
from beneficiaries.models import Person
from tests import factories as make
from tests.coordination import followed
from tests.coordination.asked import answered, identity_round

pytestmark = pytest.mark.django_db

DAY = datetime.date(2024, 7, 22)
RIGHT = {"name": "Phạm Thị Huyền", "birth": PartialDate(1951, 3, 2)}


def receiving(*categories: str, **fields: Any) -> Person:
    person = make.person(**({"name": "Phạm Thị Huyên", "birth": "1950"} | fields))
    for category in categories:
        make.entitlement(person, category)
    check_people([person.pk])
    return person


def differing(*categories: str, right: dict[str, Any] | None = None) -> Person:
    return answered(receiving(*categories), "differs", right=right or RIGHT)


def path(person: Person, name: str = "file") -> Correction:
    return Correction.objects.get(person=person, path=name)


def officer() -> User:
    return make.user(Role.COMMUNE_OFFICER)


def office() -> User:
    return make.user(Role.DISTRICT_OFFICER)


def take(found: Correction, what: str, **fields: Any) -> Correction:
    actor = officer() if what in ("requested", "restarted") else office()
    given: dict[str, Any] = {"day": DAY, "number": "12/LĐTBXH", "words": "CCCD chứng thực"}
    return services.take_step(actor=actor, correction_id=found.pk, what=what, **(given | fields))


def sent(person: Person) -> Correction:
    take(path(person), "requested")
    return take(path(person), "sent")


class TestPathsThatOpen:
    def test_ncc_goes_by_mau_26(self) -> None:
        person = differing("NCC-3.1")
        found = Correction.objects.get(person=person)
        assert (found.path, found.fields, found.state) == ("file", ["name", "birth"], "open")

    def test_btxh_is_mended_by_the_commune(self) -> None:
        assert path(differing("BTXH-5C"), "register").fields == ["name", "birth"]

    def test_both_policies_have_both_paths(self) -> None:
        person = differing("BTXH-5C", "NCC-3.1")
        assert set(Correction.objects.filter(person=person).values_list("path", flat=True)) == {"file", "register"}

    def test_a_number_of_ncc_is_no_matter_of_the_file(self) -> None:
        person = differing("NCC-3.1", right={"cccd": make.cccd("F", 1950)})
        found = Correction.objects.get(person=person)
        assert (found.path, found.fields) == ("register", ["cccd"])

    def test_another_answer_renews_the_path(self) -> None:
        person = receiving("NCC-3.1")
        round_ = identity_round(person)
        answered(person, "differs", round_=round_, right={"name": "Phạm Thị Huệ"})
        answered(person, "differs", round_=round_, right={"name": "Phạm Thị Huyền"})
        found = path(person)
        assert found.answer.name == "Phạm Thị Huyền"
        assert [step.what for step in found.steps.all()] == ["opened", "again"]

    def test_an_answer_that_is_taken_back_closes_it(self) -> None:
        person = receiving("NCC-3.1")
        round_ = identity_round(person)
        answered(person, "differs", round_=round_, right={"sex": "M", "name": "Phạm Văn Huyên"})
        answered(person, "no_cccd", round_=round_)
        assert path(person).state == "done"
        assert path(person).steps.latest("pk").words == "Công an trả lời lại, không còn báo khác."


class TestToTheDecision:
    def test_the_register_takes_the_right_values_over_and_the_flag_clears(self) -> None:
        person = differing("NCC-3.1")
        found = sent(person)
        assert found.due == datetime.date(2024, 8, 7)
        take(found, "forwarded", words="Cục Người có công")
        found = take(found, "returned")
        assert found.due == datetime.date(2024, 8, 7)
        found = take(found, "decided", number="75/QĐ-SLĐTBXH", values=RIGHT)
        person.refresh_from_db()
        assert (person.name, person.birth_text, person.identity_status) == ("Phạm Thị Huyền", "02/03/1951", "clean")
        assert (found.state, found.closed_on) == ("done", DAY)
        reason = Entry.objects.filter(table=Person._meta.db_table, row_id=person.pk, action="Đính chính nhân thân")
        assert "75/QĐ-SLĐTBXH" in reason.get().details["reason"]
        assert [step.what for step in found.steps.all()][-2:] == ["decided", "closed"]

    def test_other_values_than_the_right_ones_leave_it_open(self) -> None:
        person = differing("NCC-3.1")
        found = take(sent(person), "decided", values=RIGHT | {"name": "Phạm Thị Huyện"})
        person.refresh_from_db()
        assert (found.state, person.identity_status) == ("decided", "differs")

    def test_a_decision_that_was_typed_wrong_is_recorded_again(self) -> None:
        person = differing("NCC-3.1")
        found = take(sent(person), "decided", values=RIGHT | {"name": "Phạm Thị Huyện"})
        waits = [todo.count for todo in todos.corrections(office()) if "Mẫu 75" in todo.label]
        assert waits == [1]
        found = take(found, "amended", day=DAY, values=RIGHT)
        person.refresh_from_db()
        assert (found.state, person.name, person.identity_status) == ("done", "Phạm Thị Huyền", "clean")
        assert [step.what for step in found.steps.all()][-3:] == ["decided", "amended", "closed"]

    def test_a_decision_that_leaves_it_open_may_start_again(self) -> None:
        person = differing("NCC-3.1")
        found = take(sent(person), "decided", values=RIGHT | {"name": "Phạm Thị Huyện"})
        client = Client()
        client.force_login(office())
        page = client.get(reverse("coordination:correction", args=[found.pk])).content.decode()
        for text in ("Ghi lại quyết định Mẫu 75", "Lập lại đơn Mẫu 26", "Công an sửa trả lời trong"):
            assert text in page
        assert take(found, "restarted", words="Sở sẽ quyết định lại").state == "open"

    def test_a_refusal_starts_again(self) -> None:
        person = differing("NCC-3.1")
        take(sent(person), "refused", words="Thiếu giấy khai sinh")
        assert path(person).state == "refused"
        assert take(path(person), "restarted", words="Đã bổ sung").state == "open"

    def test_the_commune_that_edits_meanwhile_closes_it(self) -> None:
        person = differing("NCC-3.1")
        values = {"name": "Phạm Thị Huyền", "birth_year": 1951, "birth_month": 3, "birth_day": 2}
        edit_person(actor=officer(), person_id=person.pk, version=person.version, values=values, reason="CCCD")
        assert path(person).state == "done"

    def test_a_step_again_changes_nothing(self) -> None:
        person = differing("NCC-3.1")
        take(path(person), "requested")
        take(path(person), "requested")
        assert path(person).steps.filter(what="requested").count() == 1

    @pytest.mark.parametrize(
        ("what", "fields", "field"),
        [
            ("requested", {"words": " "}, "words"),
            ("requested", {"day": datetime.date(2024, 7, 23)}, "day"),
            ("requested", {"day": datetime.date(2024, 7, 21)}, "day"),
            ("sent", {}, ""),
        ],
    )
    def test_what_does_not_fit_is_refused(self, what: str, fields: dict[str, Any], field: str) -> None:
        person = differing("NCC-3.1")
        with pytest.raises(services.CannotDo) as refused:
            take(path(person), what, **fields)
        assert field in refused.value.errors

    def test_the_sos_decision_is_not_for_the_commune(self) -> None:
        from django.core.exceptions import PermissionDenied

        found = sent(differing("NCC-3.1"))
        with pytest.raises(PermissionDenied):
            services.take_step(actor=officer(), correction_id=found.pk, what="decided", day=DAY, values=RIGHT)


class TestOfTheCommune:
    def test_takes_the_right_values_over(self) -> None:
        person = differing("BTXH-5C")
        found = path(person, "register")
        services.take_right_values(actor=officer(), correction_id=found.pk, words="CCCD")
        person.refresh_from_db()
        assert (person.name, person.identity_status) == ("Phạm Thị Huyền", "clean")
        assert path(person, "register").state == "done"

    def test_leaves_to_the_decision_what_is_its_matter(self) -> None:
        person = differing("BTXH-5C", "NCC-3.1")
        with pytest.raises(services.CannotDo, match="Mẫu 75"):
            services.take_right_values(actor=officer(), correction_id=path(person, "register").pk, words="CCCD")
        take(sent(person), "decided", values=RIGHT)
        assert {one.state for one in Correction.objects.filter(person=person)} == {"done"}


class TestPages:
    def client(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def test_show_the_population_database_beside_the_file(self) -> None:
        found = path(differing("NCC-3.1"))
        page = self.client(officer()).get(reverse("coordination:correction", args=[found.pk])).content.decode()
        for text in ("Phạm Thị Huyền", "Phạm Thị Huyên", "02/03/1951", "Khác", "Mẫu 26"):
            assert text in page

    def test_the_decision_is_recorded_on_the_page(self) -> None:
        person = differing("NCC-3.1")
        url = reverse("coordination:correction_step", args=[sent(person).pk, "decided"])
        values = {"day": "22/07/2024", "number": "75/QĐ", "words": "", "name": RIGHT["name"], "birth": "02/03/1951"}
        client = self.client(office())
        assert client.post(url, values | {"number": ""}).status_code == 422
        assert client.post(url, values).status_code == 302
        person.refresh_from_db()
        assert person.identity_status == "clean"

    def test_overdue_ones_are_a_task_of_the_office(self) -> None:
        user = office()
        found = sent(differing("NCC-3.1"))
        Correction.objects.filter(pk=found.pk).update(since="2024-07-01", due="2024-07-17")
        late = next(todo for todo in todos.corrections(user) if todo.tone == "danger")
        assert late.count == 1
        page = self.client(user).get(late.url).content.decode()
        assert "Quá hạn" in page

    def test_the_request_is_filled_in(self, tmp_path: Any) -> None:
        found = path(differing("NCC-3.1"))
        name, content = make_request(actor=officer(), correction_id=found.pk)
        (tmp_path / name).write_bytes(content)
        document = docx.Document(str(tmp_path / name))
        text = "\n".join(paragraph.text for paragraph in document.paragraphs)
        cells = [cell.text for row in document.tables[0].rows for cell in row.cells]
        signs = document.tables[-1].rows[0].cells[1].text
        assert signs.startswith("……, ngày … tháng … năm 2024\nNGƯỜI ĐỀ NGHỊ")
        assert "Mẫu số 26" in text
        assert found.person.cccd in text
        assert {"Phạm Thị Huyên", "Phạm Thị Huyền", "02/03/1951"} <= set(cells)

    def test_list_takes_the_same_queries_for_one_and_for_many(self) -> None:
        client = self.client(office())

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(reverse("coordination:corrections")).status_code == 200
            return len(captured)

        followed.correction(make.person())
        few = queries()
        for _ in range(5):
            followed.correction(make.person())
        assert queries() == few
