"""Filters and tags of every template (a builtin library): how Vietnamese officials read figures and states."""

import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.core.paginator import Page, Paginator
from django.template.context import Context
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockContext
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from batosocial.lib import money, months
from batosocial.web.pagination import PAGE_PARAMETER

register = template.Library()

ABSENT = "-"
TONES = ("success", "warning", "danger", "info", "neutral")


@register.filter
def number(value: int | None) -> str:
    """1492 → "1.492"."""
    return _or_absent(value, lambda v: money.format_number(int(v)))


@register.filter
def amount(value: int | None) -> str:
    """2789000 → "2.789.000 đ"."""
    return _or_absent(value, lambda v: money.format_amount(int(v)))


@register.filter
def rate(value: Decimal | int | None) -> str:
    """Decimal("29.7") → "29,7%"; nothing to divide by → "-"."""
    return _or_absent(value, lambda v: money.format_rate(Decimal(str(v))))


@register.filter
def month(value: datetime.date | None) -> str:
    """The month of a day: "7/2024"."""
    return _or_absent(value, months.label)


@register.filter
def month_title(value: datetime.date | None) -> str:
    """The month in a sentence: "tháng 7/2024"."""
    return _or_absent(value, months.title)


@register.filter
def day(value: datetime.date | datetime.datetime | None) -> str:
    """The day, "22/07/2024"; a moment is shown as the day it was in Vietnam."""
    if isinstance(value, datetime.datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    return _or_absent(value, lambda v: f"{v.day:02}/{v.month:02}/{v.year:04}")


@register.filter
def moment(value: datetime.datetime | None) -> str:
    """Time and day, "14:05 22/07/2024", in Vietnamese time."""
    if value is not None and value != "" and timezone.is_aware(value):
        value = timezone.localtime(value)
    return _or_absent(value, lambda v: f"{v:%H:%M} {day(v)}")


@register.filter
def masked(value: str | None) -> str:
    """A CCCD or account number with all but its last four characters hidden: "•••• 0123"."""
    text = str(value or "")
    if not text:
        return ABSENT
    return f"•••• {text[-4:]}" if len(text) > 4 else "••••"


@register.filter
def minutes(value: datetime.timedelta | int | None) -> int:
    """A duration (or seconds) in whole minutes, rounded up, at least one."""
    seconds = value.total_seconds() if isinstance(value, datetime.timedelta) else int(value or 0)
    return max(1, int(-(-seconds // 60)))


def _or_absent(value: Any, show: Any) -> str:
    return ABSENT if value is None or value == "" else show(value)


@register.simple_tag
def icon(name: str, title: str = "") -> SafeString:
    """A picture of the sprite. Decoration beside a word; with ``title`` it speaks for itself."""
    source = static("icons.svg")
    if title:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"/></svg>', title, source, name
        )
    return format_html('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>', source, name)


@register.simple_tag
def badge(text: Any, tone: str = "neutral") -> SafeString:
    """A status in words. ``tone`` only underlines it: success, warning, danger, info or neutral."""
    if tone not in TONES:
        raise template.TemplateSyntaxError(f"badge: unknown tone {tone!r}, one of {', '.join(TONES)}")
    return _badge(str(text), tone)


@lru_cache(maxsize=500)
def _badge(text: str, tone: str) -> SafeString:
    # A list repeats the same few a hundred times.
    return format_html('<span class="badge tone-{}">{}</span>', tone, text)


@register.simple_tag(takes_context=True)
def block_again(context: Context, name: str) -> SafeString:
    """The text of a block a second time: the heading repeats the page's title unless it has its own."""
    blocks: BlockContext | None = context.render_context.get(BLOCK_CONTEXT_KEY)
    node = blocks.get_block(name) if blocks is not None else None
    return node.nodelist.render(context) if node is not None else SafeString("")


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """The current query string with some parameters changed; one set to None or "" goes."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}"


@register.filter
def counted(paginator: Any) -> str:
    """How many rows a list has: "1.492", or "hơn 5.000" where nobody counted further."""
    if getattr(paginator, "is_open", False):
        return f"hơn {money.format_number(paginator.count // 1000 * 1000)}"
    return money.format_number(paginator.count)


@register.inclusion_tag("partials/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any]) -> dict[str, Any]:
    """Links to the other pages, keeping the filter; with htmx they swap ``#results`` only."""
    paginator = page.paginator
    numbers: list[Any] = list(paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))
    if getattr(paginator, "is_open", False) and len(numbers) > 2:
        # The last page that was counted is not the last there is.
        numbers = [*(numbers[:-2] if numbers[-2] == Paginator.ELLIPSIS else numbers[:-1]), Paginator.ELLIPSIS]
    links: list[dict[str, Any]] = [
        {"number": shown if isinstance(shown, int) else None, "url": query(context, **{PAGE_PARAMETER: shown})}
        for shown in numbers
    ]
    return {
        "page": page,
        "count": counted(paginator),
        "links": links,
        "previous_url": query(context, **{PAGE_PARAMETER: page.number - 1}) if page.has_previous() else "",
        "next_url": query(context, **{PAGE_PARAMETER: page.number + 1}) if page.has_next() else "",
    }
