"""Every number that counts people, on every page, sheet and letter: it opens a list, and the list is as long as it."""

import html
import io
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import docx
import openpyxl
import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve, reverse

from batosocial.staff.models import Role, User
from beneficiaries.documents import layout
from reporting.views import people_at
from tests import factories

pytestmark = pytest.mark.django_db

#: An address of ``reporting:people``.
PEOPLE = re.compile(r"/bao-cao/\d{4}-\d{2}/(?:NCC|BTXH|tat-ca)/[^/]+/[a-z_]+/(?:\?|$)")
_LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]+)"[^>]*>(.*?)</a>', re.DOTALL)
_NUMBER = re.compile(r"[+−-]?\d[\d.]*")
Numbers = list[tuple[str, int]]


def count_of(text: str) -> int | None:
    """The number that a link's text begins with ("581 tài khoản (của 590 người)" ends with what it counts)."""
    if counted := re.search(r"của ([\d.]+) người", text):
        return int(counted[1].replace(".", ""))
    found = _NUMBER.match(text.strip())
    return int(found[0].replace(".", "")) if found else None


def numbers_of_page(page: str) -> Iterator[tuple[str, int]]:
    for address, inside in _LINK.findall(page):
        number = count_of(html.unescape(re.sub(r"<[^>]+>", "", inside)))
        if PEOPLE.match(html.unescape(address)) and number is not None:
            yield html.unescape(address), number


def length_of(user: User, address: str) -> int:
    """How many people the page at an address lists, by what the page itself asks."""
    parts = urlsplit(address)
    found = resolve(parts.path)
    assert found.view_name == "reporting:people", address
    month, policy, place, measure = (found.kwargs[name] for name in ("month", "policy", "place", "measure"))
    chosen = dict(parse_qsl(parts.query))
    return people_at(user, month=month, policy=policy, place=place, measure=measure, chosen=chosen).rows.count()


def check(user: User, numbers: Numbers) -> None:
    known = {address: length_of(user, address) for address, _ in numbers}
    assert [(address, number, known[address]) for address, number in numbers if known[address] != number] == []
    # And the page says so too.
    address, number = max(numbers, key=lambda pair: pair[1])
    page = signed_in(user).get(address)
    assert page.context["page"].paginator.count == number


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("role", [Role.CHAIRMAN, Role.DISTRICT_OFFICER])
@pytest.mark.parametrize("query", ["thang=2024-07", "thang=2024-07&chinh_sach=NCC", "thang=2024-05"])
def test_the_districts_dashboards(role: Role, query: str) -> None:
    user = factories.user(role)
    client = signed_in(user)
    numbers = list(numbers_of_page(client.get(f"{reverse('reporting:dashboard')}?{query}").content.decode()))
    # Each commune, policy and headline has several.
    assert len(numbers) > 40
    check(user, numbers)


@pytest.mark.parametrize("role", [Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER])
@pytest.mark.parametrize("code", ["21538", "21496"])
def test_a_communes_dashboard(role: Role, code: str) -> None:
    user = factories.user(role, commune=factories.commune(code))
    client = signed_in(user)
    numbers = list(numbers_of_page(client.get(reverse("reporting:dashboard")).content.decode()))
    assert len(numbers) > 8
    check(user, numbers)


def test_the_letters_page_and_the_letter() -> None:
    user = factories.user(Role.DISTRICT_OFFICER)
    client = signed_in(user)
    page = client.get(reverse("reporting:letter", args=["2024-07"]))
    shown = list(numbers_of_page(page.content.decode()))
    letter = docx.Document(io.BytesIO(client.get(reverse("reporting:letter_docx", args=["2024-07"])).content))
    printed = links_of(letter)
    counts = [number for _, number in printed]
    assert {443, 1492, 684, 2320, 581, 1} <= set(counts)
    assert {443, 1492, 684, 2320, 581, 1} <= {number for _, number in shown}
    check(user, [*shown, *printed])


def test_the_appendix() -> None:
    user = factories.user(Role.DISTRICT_OFFICER)
    client = signed_in(user)
    content = client.get(reverse("reporting:appendix", args=["2024-07"])).content
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    numbers: Numbers = []
    for sheet in book:
        found = [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink and cell.hyperlink.target]
        assert found, sheet.title
        numbers += [(local(cell.hyperlink.target), int(cell.value)) for cell in found]
    assert len(numbers) > 300
    check(user, numbers)


@pytest.mark.parametrize("code", ["21538", "21496", "21529"])
def test_a_communes_notice(code: str) -> None:
    user = factories.user(Role.DISTRICT_OFFICER)
    client = signed_in(user)
    content = client.get(reverse("reporting:notice", args=["2024-07", code])).content
    printed = links_of(docx.Document(io.BytesIO(content)))
    assert len(printed) > 6
    check(user, printed)


def links_of(document: Any) -> Numbers:
    """Of the paragraphs and of those in tables."""
    cells = [cell for table in document.tables for row in table.rows for cell in row.cells]
    paragraphs = [*document.paragraphs, *(paragraph for cell in cells for paragraph in cell.paragraphs)]
    found = [(local(address), count_of(text)) for p in paragraphs for text, address in layout.links(p)]
    return [(address, number) for address, number in found if number is not None]


def local(address: str) -> str:
    assert address.startswith(settings.PORTAL_URL)
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
