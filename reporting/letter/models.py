"""Templates of the letter in their versions, letters as they were made, and their signed copies. Nothing is deleted."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from batosocial.jobs.models import StoredFile
from batosocial.lib import months
from batosocial.staff.models import Role, User
from batosocial.staff.scoping import EVERYTHING, NOTHING
from batosocial.territory.models import Unit


def _district_scope(user: Any, path: str) -> Q:
    """Rows of the user's own upper unit; the system's (command line) are all."""
    if not isinstance(user, User) or not user.is_active:
        return NOTHING
    if user.role == Role.SYSTEM:
        return EVERYTHING
    return of_upper(path, user.unit_id) if user.in_district and user.unit_id else NOTHING


def of_upper(path: str, unit_id: int | None) -> Q:
    """Rows of an upper unit, and of those whose place it took."""
    return Q(**{path: unit_id}) | Q(**{f"{path}__heir": unit_id})


class LetterTemplateQuerySet(models.QuerySet["LetterTemplate"]):
    def visible_to(self, user: Any) -> "LetterTemplateQuerySet":
        return self.filter(_district_scope(user, "district"))

    def for_month(self, month: Any) -> "LetterTemplateQuerySet":
        """Versions that may apply to a month, the one in force first."""
        return self.filter(from_month__lte=month).order_by("-pk")


class LetterTemplate(models.Model):
    """A version of the template, for letters of ``from_month`` and later, until a newer one; without a file it is the
    default. Going back adds a version, so that what was in force when stays to be read."""

    district = models.ForeignKey(Unit, verbose_name="đơn vị", on_delete=models.PROTECT, related_name="+")
    from_month = models.DateField("áp dụng từ tháng")
    file = models.ForeignKey(
        StoredFile, verbose_name="tệp", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    restored_from = models.ForeignKey(
        "self", verbose_name="dùng lại của", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.CharField("ghi chú", max_length=200, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    objects = LetterTemplateQuerySet.as_manager()

    class Meta:
        verbose_name = "mẫu công văn"
        verbose_name_plural = "mẫu công văn"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(from_month__day=1), name="letter_template_month_is_first"),
        ]

    def __str__(self) -> str:
        return f"mẫu công văn từ {months.title(self.from_month)}"


class LetterQuerySet(models.QuerySet["Letter"]):
    def visible_to(self, user: Any) -> "LetterQuerySet":
        return self.filter(_district_scope(user, "district"))


class Letter(models.Model):
    """A letter as it was made: the docx beside the facts it was made from. Made again from the same facts and the same
    template it is the same one, to the byte."""

    district = models.ForeignKey(Unit, verbose_name="đơn vị", on_delete=models.PROTECT, related_name="+")
    month = models.DateField("tháng")
    facts = models.JSONField("số liệu")
    #: Of facts and template: what makes two letters the same.
    digest = models.CharField(max_length=64)
    template = models.ForeignKey(
        LetterTemplate, verbose_name="mẫu", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    file = models.ForeignKey(StoredFile, verbose_name="tệp", on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = "công văn"
        verbose_name_plural = "công văn"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["district", "month", "digest"], name="letter_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="letter_month_is_first"),
        ]

    def __str__(self) -> str:
        return f"công văn {months.title(self.month)}"


class SignedLetterQuerySet(models.QuerySet["SignedLetter"]):
    def visible_to(self, user: Any) -> "SignedLetterQuerySet":
        """The district's own, withdrawn ones too; communes read those that stand, as they are addressed to them."""
        scope = _district_scope(user, "letter__district")
        if isinstance(user, User) and user.is_active and user.in_commune and user.unit and user.unit.parent_id:
            scope = of_upper("letter__district", user.unit.parent_id) & Q(withdrawn_at__isnull=True)
        return self.filter(scope)

    def standing(self) -> "SignedLetterQuerySet":
        return self.filter(withdrawn_at__isnull=True)


class SignedLetter(models.Model):
    """The scan of a letter that was signed and numbered, beside the letter it was made from."""

    letter = models.ForeignKey(Letter, verbose_name="công văn", on_delete=models.PROTECT, related_name="signed")
    number = models.CharField("số", max_length=50)
    signed_on = models.DateField("ngày ký")
    signer = models.CharField("người ký", max_length=150)
    file = models.ForeignKey(StoredFile, verbose_name="tệp", on_delete=models.PROTECT, related_name="+")
    kept_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kept_at = models.DateTimeField(auto_now_add=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField("rút lúc", null=True, blank=True)
    withdrawn_why = models.CharField("lý do rút", max_length=300, blank=True)

    objects = SignedLetterQuerySet.as_manager()

    class Meta:
        verbose_name = "công văn đã ký"
        verbose_name_plural = "công văn đã ký"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawn_why="")
                | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_why="")),
                name="signed_letter_withdrawn_with_reason",
            ),
            models.UniqueConstraint(
                fields=["letter", "number", "signed_on"],
                condition=Q(withdrawn_at__isnull=True),
                name="signed_letter_number_once",
            ),
        ]

    def __str__(self) -> str:
        return f"công văn số {self.number}"
