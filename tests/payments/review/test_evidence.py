"""Evidence: what may be attached, who opens it, and how it is handed out."""

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from batosocial.audit.models import Entry
from batosocial.staff.models import Role, User
from beneficiaries.attachments.checking import FileRefused, check_file, kind_of
from beneficiaries.models import Attachment
from payments.models import ReviewLine
from payments.review import services
from tests import factories as make
from tests.payments.review.files import HTML, JPEG, PDF, PNG
from tests.payments.review.rows import leader, line, officer, review, suspend
from tests.payments.rows import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def one() -> ReviewLine:
    return line(review())


def attached(one: ReviewLine, by: User | None = None, content: bytes = PDF, name: str = "khai-tu.pdf") -> Attachment:
    services.attach(actor=by or officer(), line_id=one.pk, name=name, content=content)
    return one.attachments.latest("pk")


def post(client: Client, one: ReviewLine, *files: SimpleUploadedFile, **values: str) -> tuple[int, str]:
    data = {"action": "keep", "note": "Đã gặp gia đình.", "evidence": list(files)} | values
    answer = client.post(reverse("payments:review_line", args=[one.pk]), data)
    return answer.status_code, answer.content.decode()


class TestContent:
    @pytest.mark.parametrize(("content", "label"), [(PDF, "PDF"), (JPEG, "JPEG"), (PNG, "PNG")])
    def test_the_content_tells_the_kind(self, content: bytes, label: str) -> None:
        kind = kind_of(content)
        assert kind is not None
        assert kind.label == label

    @pytest.mark.parametrize("content", [HTML, b"PK\x03\x04", b"GIF89a", b"%PDF-1.4 cut off", HTML + PDF, b"<svg/>"])
    def test_everything_else_is_refused(self, content: bytes) -> None:
        with pytest.raises(FileRefused, match="không phải PDF, JPEG, PNG"):
            check_file("giay.pdf", content)

    def test_an_empty_file(self) -> None:
        with pytest.raises(FileRefused, match="tệp trống"):
            check_file("giay.pdf", b"")

    def test_too_large(self, settings: LazySettings) -> None:
        settings.EVIDENCE_MAX_BYTES = 1024**2
        with pytest.raises(FileRefused, match="lớn hơn 1 MB"):
            check_file("giay.pdf", PDF + b" " * 1024**2 + b"%%EOF")

    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            ("../../khai tử.pdf", "khai tử.pdf"),
            ("C:\\anh\\a.PDF", "a.pdf"),
            ("giay.html", "giay.html.pdf"),
            ("a.jpg", "a.pdf"),
            ("", "tệp.pdf"),
        ],
    )
    def test_the_name_is_a_plain_one_with_the_ending_of_its_kind(self, name: str, kept: str) -> None:
        assert check_file(name, PDF)[0] == kept


class TestAttaching:
    def test_html_disguised_as_pdf(self, one: ReviewLine) -> None:
        client = signed_in(officer())
        status, page = post(client, one, SimpleUploadedFile("khai-tu.pdf", HTML, "application/pdf"))
        assert status == 422
        assert "khai-tu.pdf: không phải PDF, JPEG, PNG" in page
        # What was typed is still there, and nothing was stored.
        assert "Đã gặp gia đình." in page
        assert not one.attachments.exists()
        one.refresh_from_db()
        assert one.prepared_by is None

    def test_a_good_file_is_kept_even_where_a_field_is_wrong(self, one: ReviewLine) -> None:
        client = signed_in(officer())
        status, page = post(client, one, SimpleUploadedFile("a.pdf", PDF), action="suspend")
        assert status == 422
        assert one.attachments.get().file.name == "a.pdf"
        assert "a.pdf" in page

    def test_several_files_at_once(self, one: ReviewLine) -> None:
        client = signed_in(officer())
        files = SimpleUploadedFile("a.pdf", PDF), SimpleUploadedFile("b.png", PNG)
        assert post(client, one, *files)[0] == 302
        kinds = one.attachments.order_by("pk").values_list("file__content_type", flat=True)
        assert list(kinds) == ["application/pdf", "image/png"]

    def test_the_same_file_twice_is_kept_once(self, one: ReviewLine) -> None:
        by = officer()
        for _ in range(2):
            services.attach(actor=by, line_id=one.pk, name="a.pdf", content=PDF)
        assert one.attachments.count() == 1

    def test_no_more_than_a_line_may_have(self, one: ReviewLine, settings: LazySettings) -> None:
        settings.EVIDENCE_MAX_FILES = 1
        attached(one)
        with pytest.raises(services.LineRefused, match="tối đa 1 tệp"):
            attached(one, content=PNG)
        assert Attachment.objects.filter(person=one.person).count() == 1

    def test_taking_it_back(self, one: ReviewLine) -> None:
        by = officer()
        file = attached(one, by)
        client = signed_in(by)
        client.post(reverse("payments:review_line_detach", args=[one.pk, file.pk]))
        file.refresh_from_db()
        assert file.removed_at is not None
        assert "khai-tu.pdf" not in client.get(reverse("payments:review_line", args=[one.pk])).content.decode()

    def test_a_file_of_another_line_is_not_taken_back(self, one: ReviewLine) -> None:
        by = officer()
        file = attached(line(one.review), by)
        with pytest.raises(Attachment.DoesNotExist):
            services.detach(actor=by, line_id=one.pk, attachment_id=file.pk)


class TestOpening:
    def test_it_stands_on_the_page_of_the_change(self, one: ReviewLine) -> None:
        by = officer()
        suspend(by, one)
        file = attached(one, by)
        services.send_review(actor=leader(), review_id=one.review_id)
        page = signed_in(make.user(Role.CHAIRMAN)).get(reverse("beneficiaries:change", args=[one.changes.get().pk]))
        assert reverse("beneficiaries:attachment", args=[file.pk]) in page.content.decode()

    def test_it_comes_as_a_download_with_its_own_type(self, one: ReviewLine) -> None:
        file = attached(one)
        answer = signed_in(make.user()).get(reverse("beneficiaries:attachment", args=[file.pk]))
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert b"".join(answer.streaming_content) == PDF  # type: ignore[attr-defined]

    def test_opening_is_in_the_audit(self, one: ReviewLine) -> None:
        file, reader = attached(one), make.user()
        signed_in(reader).get(reverse("beneficiaries:attachment", args=[file.pk]))
        assert Entry.objects.filter(actor=reader, action="Mở minh chứng", row_id=file.pk).exists()

    @pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER])
    def test_another_commune_does_not_find_it(self, one: ReviewLine, role: str) -> None:
        reader = make.user(role, commune=make.commune("21538"))
        assert signed_in(reader).get(reverse("beneficiaries:attachment", args=[attached(one).pk])).status_code == 404

    @pytest.mark.parametrize("role", [Role.POLICE, Role.PAYER, Role.ADMIN])
    def test_never_for_police_payers_and_admins(self, one: ReviewLine, role: str) -> None:
        assert (
            signed_in(make.user(role)).get(reverse("beneficiaries:attachment", args=[attached(one).pk])).status_code
            == 403
        )

    def test_of_a_confidential_group_only_for_who_may_know_and_who_brought_it(self) -> None:
        person = make.person()
        one, by = line(review(), person, make.entitlement(person, "BTXH-8")), officer()
        url = reverse("beneficiaries:attachment", args=[attached(one, by).pk])
        readers = [make.user(), make.user(sees_confidential=True), by]
        assert [signed_in(reader).get(url).status_code for reader in readers] == [404, 200, 200]
