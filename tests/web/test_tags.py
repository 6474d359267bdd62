"""Filters and tags: figures, days and states as Vietnamese officials read them."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.paginator import Paginator
from django.template import TemplateSyntaxError, engines
from django.test import RequestFactory

from batosocial.web.pagination import paginate


def render(text: str, **context: Any) -> str:
    request = RequestFactory().get(context.pop("path", "/"))
    return engines["django"].from_string(text).render(context, request)


@pytest.mark.parametrize(
    ("text", "value", "shown"),
    [
        ("{{ v|number }}", 1492, "1.492"),
        ("{{ v|number }}", 0, "0"),
        ("{{ v|number }}", None, "-"),
        ("{{ v|amount }}", 2789000, "2.789.000 đ"),
        ("{{ v|amount }}", None, "-"),
        ("{{ v|rate }}", Decimal("29.7"), "29,7%"),
        ("{{ v|rate }}", Decimal(0), "0,0%"),
        ("{{ v|rate }}", None, "-"),
        ("{{ v|month }}", datetime.date(2024, 7, 1), "7/2024"),
        ("{{ v|month_title }}", datetime.date(2024, 7, 1), "tháng 7/2024"),
        ("{{ v|day }}", datetime.date(2024, 7, 2), "02/07/2024"),
        ("{{ v|day }}", None, "-"),
        ("{{ v|day }}", datetime.datetime(2024, 7, 1, 20, 0, tzinfo=datetime.UTC), "02/07/2024"),
        ("{{ v|moment }}", datetime.datetime(2024, 7, 1, 20, 5, tzinfo=datetime.UTC), "03:05 02/07/2024"),
        ("{{ v|masked }}", "051234567890", "•••• 7890"),
        ("{{ v|masked }}", "123", "••••"),
        ("{{ v|masked }}", "", "-"),
        ("{{ v|minutes }}", datetime.timedelta(minutes=15), "15"),
        ("{{ v|minutes }}", 61, "2"),
    ],
)
def test_filters(text: str, value: object, shown: str):
    assert render(text, v=value) == shown


def test_badge_escapes_and_names_its_tone():
    assert render("{% badge v 'danger' %}", v="<b>") == '<span class="badge tone-danger">&lt;b&gt;</span>'


def test_badge_knows_its_tones():
    with pytest.raises(TemplateSyntaxError, match="unknown tone"):
        render("{% badge 'x' 'red' %}")


def test_icon_is_decoration_unless_it_has_a_title():
    assert 'aria-hidden="true"' in render("{% icon 'home' %}")
    assert 'role="img" aria-label="Trang đầu"' in render("{% icon 'home' 'Trang đầu' %}")


def test_query_changes_one_parameter_and_keeps_the_rest():
    assert render("{% query trang=3 %}", path="/?q=Ph%E1%BA%A1m&trang=2") == "?q=Ph%E1%BA%A1m&amp;trang=3"
    assert render("{% query trang=None %}", path="/?q=a&trang=2") == "?q=a"


def test_heading_repeats_the_title():
    page = render('{% extends "base.html" %}{% block title %}Danh sách & bảng{% endblock %}')
    assert "<h1>Danh sách & bảng</h1>" in page
    assert "<title>Danh sách & bảng · " in page


@pytest.mark.parametrize(("asked", "given"), [("", 1), ("2", 2), ("99", 5), ("-1", 5), ("0", 5), ("x", 1), ("٣", 3)])
def test_bad_page_numbers_are_no_error(asked: str, given: int):
    assert paginate(RequestFactory().get("/", {"trang": asked}), range(45), 10).number == given


def test_pagination_keeps_the_filter_and_marks_the_page():
    html = render("{% pagination page %}", page=Paginator(range(45), 10).page(2), path="/?q=a&trang=2")
    assert 'href="?q=a&amp;trang=3"' in html
    assert 'aria-current="page"' in html
    assert "11–20 trong 45" in html


def test_one_page_needs_no_links():
    assert "<a" not in render("{% pagination page %}", page=Paginator(range(3), 10).page(1))
