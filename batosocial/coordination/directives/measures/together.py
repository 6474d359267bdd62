"""What is done together as measures: questions answered in time, sessions of outreach held."""

from decimal import Decimal

from django.db.models import Count
from django.urls import reverse
from django.utils.http import urlencode

from batosocial.coordination.directives.measures.registry import Kind, Measure, Value, Values, Wanted, register
from batosocial.coordination.models import Question
from batosocial.coordination.outreach.services import sessions_held
from batosocial.coordination.questions.forms import OVERDUE
from batosocial.lib import clock, months
from batosocial.territory.models import Unit


def questions(wanted: Wanted) -> Values:
    """Questions to the district that wait past their day. One query."""
    asked = Question.objects.filter(upper=wanted.district).overdue().aggregate(late=Count("pk"))
    late = int(asked["late"])
    text = f"{late} vướng mắc quá hạn trả lời" if late else "Không có vướng mắc quá hạn trả lời"
    value = Value(late, None, text, f"{reverse('coordination:questions')}?trang_thai={OVERDUE}")
    return {(None, one): value for one in wanted.months}


def outreach(wanted: Wanted) -> Values:
    """Sessions that communes held in the month, of the district all of them. Two queries a month."""
    values: Values = {}
    known = list(wanted.communes)
    if wanted.whole:
        below = Unit.objects.current().communes().filter(parent=wanted.district)
        known = sorted({*known, *below.values_list("pk", flat=True)})
    for one in wanted.months:
        month = one or months.first(clock.today())
        held = sessions_held(known, month)
        for unit in [*wanted.communes, *([None] if wanted.whole else [])]:
            number = sum(held.values()) if unit is None else held[unit]
            text = f"{number} buổi truyền thông {months.title(month)}"
            chosen = {"tu": months.label(month), "den": months.label(month)}
            chosen |= {"xa": wanted.communes[unit].code} if unit else {}
            url = f"{reverse('coordination:outreach')}?{urlencode(chosen)}"
            values[unit, one] = Value(number, None, text if number else f"Chưa có {text[2:]}", url)
    return values


def register_all() -> None:
    once = Decimal(1)
    register(Measure("outreach", "Buổi truyền thông trong tháng", "buổi", outreach, default_target=once))
    register(
        Measure(
            "questions",
            "Vướng mắc quá hạn trả lời",
            "câu hỏi",
            questions,
            kinds=frozenset({Kind.OFFICE}),
            default_target=Decimal(0),
            from_start=True,
            lower_is_better=True,
        )
    )
