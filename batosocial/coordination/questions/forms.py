"""Forms of questions and of answers for all. What fits together, the services judge."""

from typing import Any

from django import forms
from django.db.models import F, QuerySet

from batosocial.coordination.models import GeneralAnswer, Question, Topic
from batosocial.coordination.questions.privacy import look_for_people
from batosocial.coordination.questions.publishing import MAX_BASIS, MAX_QUESTION
from batosocial.coordination.questions.services import MAX_SUBJECT, MAX_TEXT
from batosocial.lib import clock
from batosocial.territory.models import Unit
from batosocial.web import once
from batosocial.web.doubts import DoubtForm
from beneficiaries.attachments.forms import EvidenceField
from beneficiaries.forms import CommuneFilter, choices_with_all, commune_field

OVERDUE, IN_TIME, UNREAD = "qua-han", "con-han", "chua-doc"
_TOO_LONG = "Dài quá %(limit_value)d ký tự; hãy ghi ngắn lại."


def _text(label: str, *, rows: int = 6, longest: int = MAX_TEXT, **options: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=longest,
        widget=forms.Textarea(attrs={"rows": rows}),
        error_messages={"required": "Hãy ghi nội dung.", "max_length": _TOO_LONG},
        **options,
    )


def _topic() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Chủ đề",
        choices=[("", "Chọn chủ đề"), *Topic.choices],
        error_messages={"required": "Hãy chọn chủ đề.", "invalid_choice": "Hãy chọn một chủ đề trong danh sách."},
    )


class _Refusable(forms.Form):
    def refuse(self, errors: dict[str, str]) -> None:
        """Show a service's objections beside the fields."""
        for name, message in errors.items():
            self.add_error(name if name in self.fields else None, message)


class AskForm(_Refusable):
    topic = _topic()
    subject = forms.CharField(
        label="Câu hỏi",
        max_length=MAX_SUBJECT,
        help_text="Một câu ngắn, ví dụ “Người đã chuyển đi còn nhận tháng này không?”.",
        error_messages={"required": "Hãy ghi câu hỏi trong một câu.", "max_length": _TOO_LONG},
    )
    text = _text("Nội dung", help_text="Việc gì, đã làm gì, vướng ở đâu.")
    papers = EvidenceField(label="Tệp kèm theo")
    token = once.TokenField()


class MessageForm(_Refusable):
    """A turn of the talk; ``label`` names it for who writes."""

    text = _text("Nội dung", rows=4)
    papers = EvidenceField(label="Tệp kèm theo")
    token = once.TokenField()

    def __init__(self, *args: Any, label: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if label:
            self.fields["text"].label = label


class PublishForm(DoubtForm, _Refusable):
    """The question and answer as everybody will read them; names of people of the register are doubted."""

    topic = _topic()
    question = _text("Câu hỏi chung", rows=2, longest=MAX_QUESTION)
    answer = _text("Trả lời chung", rows=8)
    basis = forms.CharField(
        label="Căn cứ",
        required=False,
        max_length=MAX_BASIS,
        help_text="Ví dụ “khoản 2 Điều 8 NĐ 20/2021”.",
        error_messages={"max_length": _TOO_LONG},
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    token = once.TokenField()

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        for name in ("question", "answer", "basis"):
            for found in look_for_people(data.get(name) or "").names:
                self.doubt(name, f"“{found}” trùng tên một người trong sổ. Nếu đúng là người đó, hãy bỏ tên đi.")
        return data

    @property
    def values(self) -> dict[str, Any]:
        """For the service, after ``doubts_confirmed``."""
        kept = {name: self.cleaned_data[name] for name in ("topic", "question", "answer", "basis")}
        return kept | {"names_checked": bool(self.doubts)}


class WithdrawForm(_Refusable):
    reason = forms.CharField(
        label="Vì sao rút",
        max_length=300,
        error_messages={"required": "Hãy ghi vì sao rút.", "max_length": _TOO_LONG},
    )


class QuestionFilter(CommuneFilter):
    """The list of questions; the names of its fields are those of the URL."""

    trang_thai = forms.ChoiceField(
        label="Trạng thái",
        required=False,
        choices=choices_with_all(
            [
                (OVERDUE, "Quá hạn trả lời"),
                (IN_TIME, "Chờ trả lời, còn hạn"),
                (UNREAD, "Đã trả lời, bên hỏi chưa đọc"),
                *Question.State.choices,
            ],
            "Mọi trạng thái",
        ),
    )
    chu_de = forms.ChoiceField(label="Chủ đề", required=False, choices=choices_with_all(Topic.choices, "Mọi chủ đề"))
    ve = forms.ChoiceField(label="Hỏi về", required=False, choices=choices_with_all(Question.About.choices, "Tất cả"))
    ben = forms.ChoiceField(label="Bên hỏi", required=False, choices=choices_with_all(Question.Side.choices, "Tất cả"))
    xa = commune_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.user.in_district:
            del self.fields["ben"]

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def apply(self, rows: QuerySet[Question]) -> QuerySet[Question]:
        """The questions that fit, those the Phòng owes an answer to by their deadline first; none where the filter is
        wrong."""
        if not self.is_valid():
            return rows.none()
        chosen = self.cleaned_data
        asked: Any = rows
        if chosen["trang_thai"] == OVERDUE:
            asked = asked.overdue()
        elif chosen["trang_thai"] == IN_TIME:
            asked = asked.waiting().filter(due__gte=clock.today())
        elif chosen["trang_thai"] == UNREAD:
            asked = asked.unread()
        elif chosen["trang_thai"]:
            asked = asked.filter(state=chosen["trang_thai"])
        for name, field in (("chu_de", "topic"), ("ve", "about"), ("ben", "side")):
            if chosen.get(name):
                asked = asked.filter(**{field: chosen[name]})
        if chosen.get("xa"):
            units = Unit.objects.of_commune(chosen["xa"].pk).values("pk")
            asked = asked.filter(unit__in=units, side=Question.Side.COMMUNE)
        return asked.order_by(F("due").asc(nulls_last=True), "-moved_at", "-pk")


class AnswerFilter(forms.Form):
    """Answers for all."""

    tim = forms.CharField(
        label="Tìm",
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Từ trong câu hỏi, câu trả lời"}),
    )
    chu_de = forms.ChoiceField(label="Chủ đề", required=False, choices=choices_with_all(Topic.choices, "Mọi chủ đề"))

    @property
    def is_used(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def chosen(self) -> tuple[str, str]:
        """The text and the topic; a topic that is none filters nothing."""
        self.is_valid()
        return self.cleaned_data.get("tim", ""), self.cleaned_data.get("chu_de", "")


def starting_from(question: Question | None) -> dict[str, Any]:
    """What the form for publishing holds at first: the question and the Phòng's last answer, to be rewritten."""
    if question is None:
        return {}
    last = question.messages.filter(kind="answer").order_by("-pk").values_list("text", flat=True).first()
    return {"topic": question.topic, "question": question.subject, "answer": last or ""}


def values_of(row: GeneralAnswer) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("topic", "question", "answer", "basis", "version")}
