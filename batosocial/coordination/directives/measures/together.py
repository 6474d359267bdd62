"""What is done together as measures: questions answered in time, sessions of outreach held."""

from decimal import Decimal

from django.db.models import Count
from django.urls import reverse

from batosocial.coordination.directives.measures.registry import Kind, Measure, Value, Values, Wanted, register
from batosocial.coordination.models import Question
from batosocial.coordination.questions.forms import OVERDUE


def questions(wanted: Wanted) -> Values:
    """Questions to the district that wait past their day. One query."""
    asked = Question.objects.filter(upper=wanted.district).overdue().aggregate(late=Count("pk"))
    late = int(asked["late"])
    text = f"{late} vướng mắc quá hạn trả lời" if late else "Không có vướng mắc quá hạn trả lời"
    value = Value(late, None, text, f"{reverse('coordination:questions')}?trang_thai={OVERDUE}")
    return {(None, one): value for one in wanted.months}


def register_all() -> None:
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
