"""Of whatever the police can open, nothing has an account or an amount in it: every page of the table of access with
rows of real people, and every page, form and file that links lead to, read as the user's programs would read it."""

import datetime
import html
import io
import re
import zipfile
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.coordination.rounds.answering import answer_rows
from batosocial.coordination.rounds.files import services as files_services
from batosocial.jobs.models import StoredFile
from batosocial.staff.models import Role, User
from beneficiaries.models import Account, IdentityAnswer, Person
from payments.models import Payment, PaymentLine
from tests import factories as make
from tests import test_access as access
from tests.coordination import answer_files as files
from tests.coordination.asked import given

pytestmark = pytest.mark.django_db

#: Pages of a walk; what links lead to beyond it is more of the same with other numbers.
_MOST_PAGES = 120
_MASKED = re.compile(r"•••• ?(\w{4})")
_DIGITS = re.compile(r"\d+")
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:[.,]\d{3})+(?![\d])")
_LINK = re.compile(r'\b(?:href|hx-get)="(/[^"#]*)')
_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
_PERIOD = datetime.date(2024, 5, 1)


class Secrets:
    """Accounts and amounts of everybody in the demo."""

    def __init__(self) -> None:
        self.accounts = set(Account.objects.values_list("number", flat=True))
        holders = Account.objects.exclude(holder_name="").values_list("holder_name", flat=True)
        self.holders = {name for name in holders if name.isupper() and name.isascii()}
        amounts = set(Payment.objects.values_list("total", flat=True).distinct())
        amounts |= set(PaymentLine.objects.values_list("amount", flat=True).distinct())
        # Five digits are a number of anything.
        self.amounts = {str(amount) for amount in amounts if amount >= 100_000}
        cards = Person.objects.values_list("cccd", "cmnd")
        self.card_ends = {number[-4:] for pair in cards for number in pair if number}

    def found_in(self, text: str) -> set[str]:
        """What of it stands in a text, whichever way it is written."""
        digits = set(_DIGITS.findall(text))
        grouped = {re.sub(r"\D", "", number) for number in _GROUPED.findall(text)}
        found = (digits & self.accounts) | ((digits | grouped) & self.amounts)
        found |= {name for name in self.holders if name in text}
        # What is masked is a number of a card; an account's end is that only by chance.
        return found | {f"•••• {end}" for end in _MASKED.findall(text) if end not in self.card_ends}


def _text(content: bytes, content_type: str) -> str:
    """What somebody who opens it reads: archives unpacked, entities decoded."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = [archive.read(name) for name in archive.namelist()]
        text = "\n".join(part.decode("utf-8", "replace") for part in parts)
        # Runs of a paragraph, cells of a sheet: tags part nothing and everything.
        text = f"{text}\n{re.sub(r'<[^>]+>', '', text)}"
    else:
        text = content.decode("utf-8", "replace")
    return html.unescape(text).replace("\xa0", " ")


def _body(response: object) -> tuple[bytes, str]:
    content = response.getvalue() if getattr(response, "streaming", False) else response.content  # type: ignore[attr-defined]
    return content, response.headers.get("Content-Type", "")  # type: ignore[attr-defined]


def _walk(client: Client, *first: str) -> Iterator[tuple[str, str]]:
    """Address and text of every page that links lead to from the home page, and of every file its forms answer.

    ``first`` are addresses to begin with, so that they are among those that are visited.
    """
    waiting, seen, posted, visited = ["/", *first], {"/", *first}, set(), 0
    while waiting and visited < _MOST_PAGES:
        address = waiting.pop(0)
        visited += 1
        response = client.get(address)
        if response.status_code in (301, 302):
            waiting += [response["Location"]] if response["Location"] not in seen else []
            seen.add(response["Location"])
            continue
        if response.status_code != 200:
            continue
        content, kind = _body(response)
        text = _text(content, kind)
        yield address, text
        if not kind.startswith("text/html"):
            continue
        page = content.decode()
        for link in map(html.unescape, _LINK.findall(page)):
            if link not in seen and not link.startswith(("/static/", "/dang-xuat", "/doi-mat-khau")):
                seen.add(link)
                waiting.append(link)
        for attributes, inside in _FORM.findall(page):
            action = re.search(r'action="([^"]+)"', attributes)
            if "data-download" in attributes and action and (path := html.unescape(action[1])) not in posted:
                posted.add(path)
                answer = client.post(path, {name: html.unescape(value) for name, value in _HIDDEN.findall(inside)})
                if answer.status_code == 200:
                    yield f"POST {path}", _text(*_body(answer))


@pytest.fixture
def worked_round() -> IdentityRound:
    """A round about people who are paid through accounts, with each kind of answer, by form and by file."""
    paid = Person.objects.filter(commune__code="21496", payments__account_number__gt="").exclude(cccd="")
    people = list(Person.objects.filter(commune__code="21538").order_by("pk")[:4])
    people += list(paid.distinct().order_by("pk")[:8])
    round_ = files.round_(people, name="Đợt thử riêng tư")
    congan = User.objects.get(username="congan")
    said = [
        given(people[-1], "match", round_),
        given(people[-2], "differs", round_, right={"name": "Phạm Thị Khác Tên"}),
        given(people[-3], "dead", round_, died_month=_PERIOD),
        given(people[-4], "no_cccd", round_),
        given(people[-5], "not_found", round_),
    ]
    answer_rows(actor=congan, round_id=round_.pk, given=said)
    return round_


def test_the_search_finds_accounts_and_amounts_where_there_are_some(worked_round: IdentityRound, client: Client):
    """Else the tests below would find nothing anywhere."""
    secrets = Secrets()
    assert len(secrets.accounts) > 500
    assert len(secrets.amounts) > 20
    officer = User.objects.get(username="cb21496")
    client.force_login(officer)
    payment = Payment.objects.filter(person__commune__code="21496").exclude(account_number="").order_by("pk")[0]
    page = client.get(reverse("beneficiaries:person", args=[payment.person_id]))
    masked = secrets.found_in(_text(*_body(page)))
    assert f"•••• {payment.account_number[-4:]}" in masked or payment.account_number[-4:] in secrets.card_ends
    full = client.post(reverse("beneficiaries:person_in_full", args=[payment.person_id]))
    assert payment.account_number in secrets.found_in(_text(*_body(full)))
    downloaded = client.post(reverse("payments:download_list", args=[payment.payment_list_id]))
    if downloaded.status_code == 405:
        downloaded = client.get(reverse("payments:download_list", args=[payment.payment_list_id]))
    assert downloaded.status_code == 200
    found = secrets.found_in(_text(*_body(downloaded)))
    assert found & secrets.amounts
    ended = {one for _, text in _walk(client) for one in secrets.found_in(text)}
    assert ended & secrets.amounts


@pytest.mark.parametrize("who", ["congan", "21496", "21538"])
def test_nothing_that_links_lead_to_has_an_account_or_an_amount(who: str, worked_round: IdentityRound, client: Client):
    secrets = Secrets()
    user = User.objects.get(username="congan") if who == "congan" else files.police(make.commune(who))
    files.brought(files.exported(worked_round, user, everybody=True), worked_round, user)
    client.force_login(user)
    first = [reverse(f"coordination:{name}", args=[worked_round.pk]) for name in ("round", "round_report")]
    walked = dict(_walk(client, *first, reverse("beneficiaries:identity"), reverse("coordination:answer_files")))
    found = {address: secrets.found_in(text) for address, text in walked.items() if secrets.found_in(text)}
    assert not found
    assert any("/dot-xac-minh/" in address for address in walked)
    files_taken = [address for address in walked if address.startswith("POST ")]
    assert {"tep", "xlsx", "docx"} <= {address.rstrip("/").rsplit("/", 1)[1] for address in files_taken}
    names = set(RoundPerson.objects.visible_to(user).filter(round=worked_round).values_list("person__name", flat=True))
    assert names & {name for name in names if any(name in text for text in walked.values())}


@pytest.mark.parametrize("name", sorted(name for name, (roles, _) in access.TABLE.items() if Role.POLICE in roles))
def test_no_address_of_the_table_tells_the_police_of_money(name: str, client: Client):
    """Each with rows of real people, by GET and, where it takes that, by POST."""
    secrets = Secrets()
    user = User.objects.get(username="congan")
    rows = access._rows(user, own=True)
    # What somebody attaches is theirs to answer for; the table's rows have a list with amounts in the place of it.
    StoredFile.objects.filter(size=len(access._workbook())).update(content=files.typed(["Họ và tên"], ["Phạm Thị A"]))
    client.force_login(user)
    url = access._url(name, rows)
    texts = []
    for response in (client.get(url), client.post(url, {"reason": "thử"})):
        if response.status_code != 405:
            texts.append(_text(*_body(response)))
    assert texts
    assert not [found for text in texts if (found := secrets.found_in(text))]


def test_the_polices_own_file_comes_back_as_they_brought_it(worked_round: IdentityRound, client: Client):
    user = files.police()
    content = files.filled(files.exported(worked_round, user, everybody=True), {0: {"answer": "có lẽ"}})
    file = files_services.check_file(
        file_id=files_services.bring_file(actor=user, round_id=worked_round.pk, filename="a.xlsx", content=content).pk
    )
    client.force_login(user)
    secrets = Secrets()
    for step in ("marked", "original"):
        answer = client.post(reverse(f"coordination:answer_file_{step}", args=[file.pk]))
        assert not secrets.found_in(_text(*_body(answer)))


def test_what_the_police_answered_holds_no_money_either(worked_round: IdentityRound):
    secrets = Secrets()
    for answer in IdentityAnswer.objects.filter(asked_in__round=worked_round):
        assert not secrets.found_in(str(vars(answer)))
