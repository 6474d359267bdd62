"""A person on benefits. Never deleted: NCC files are kept for good (Điều 127, 128.6 NĐ 131/2021)."""

import datetime
from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from batosocial.lib.dates import Death, PartialDate
from batosocial.lib.text import name_search_key, sort_key
from batosocial.staff.scoping import commune_scope
from batosocial.territory.models import Unit
from beneficiaries.models.fields import WordsField, words_of
from beneficiaries.querysets import PersonReads


class PersonQuerySet(PersonReads["Person"]):
    def visible_to(self, user: Any) -> "PersonQuerySet":
        return self.filter(commune_scope(user, "commune"))

    def receiving(self, policy: str, month: datetime.date) -> "PersonQuerySet":
        """People with a granted, unsuspended entitlement of the policy in the month."""
        from beneficiaries.models.entitlement import Entitlement

        return self.filter(pk__in=Entitlement.objects.due_in(month, policy).values("person_id"))


class Person(models.Model):
    class Sex(models.TextChoices):
        MALE = "M", "Nam"
        FEMALE = "F", "Nữ"

    class CccdState(models.TextChoices):
        MISSING = "missing", "Chưa có"
        CLAIMED = "claimed", "Khai báo"
        CONFIRMED = "confirmed", "Đã xác nhận"

    class IdentityStatus(models.TextChoices):
        """How far the person's data agree with the population database (rules.md 3)."""

        UNCHECKED = "unchecked", "Chưa đối chiếu"
        CLEAN = "clean", "Sạch"
        DIFFERS = "differs", "Sai lệch thông tin"
        MISSING = "missing", "Chưa có CCCD"

    class MissingReason(models.TextChoices):
        NOT_MADE = "not_made", "Chưa làm CCCD"
        CHILD = "child", "Trẻ em chưa cấp số định danh"
        OTHER = "other", "Lý do khác"

    name = models.CharField("họ và tên (hồ sơ)", max_length=150)
    card_name = models.CharField("họ và tên (CCCD)", max_length=150, blank=True)
    other_name = models.CharField("tên gọi khác", max_length=150, blank=True)
    search_key = models.CharField(max_length=700, editable=False)
    sort_key = models.CharField(max_length=900, editable=False, db_collation="C")
    birth_year = models.PositiveSmallIntegerField("năm sinh")
    birth_month = models.PositiveSmallIntegerField("tháng sinh", null=True, blank=True)
    birth_day = models.PositiveSmallIntegerField("ngày sinh", null=True, blank=True)
    card_birth_year = models.PositiveSmallIntegerField("năm sinh (CCCD)", null=True, blank=True)
    card_birth_month = models.PositiveSmallIntegerField("tháng sinh (CCCD)", null=True, blank=True)
    card_birth_day = models.PositiveSmallIntegerField("ngày sinh (CCCD)", null=True, blank=True)
    sex = models.CharField("giới tính", max_length=1, choices=Sex)
    cccd = models.CharField("số CCCD", max_length=12, blank=True)
    cccd_state = models.CharField("tình trạng CCCD", max_length=10, choices=CccdState, default=CccdState.CLAIMED)
    cccd_missing_reason = models.CharField("vì sao chưa có", max_length=10, choices=MissingReason, blank=True)
    #: Set only by a correction in the register: this claimed number also stands on another person.
    cccd_duplicate = models.BooleanField("trùng số CCCD", default=False)
    cmnd = models.CharField("số CMND cũ", max_length=9, blank=True)
    file_number = models.CharField("số hồ sơ", max_length=50, blank=True)
    ethnicity = models.CharField("dân tộc", max_length=30, blank=True)
    hamlet = models.CharField("thôn, tổ dân phố", max_length=100, blank=True)
    commune = models.ForeignKey(Unit, verbose_name="xã, thị trấn", on_delete=models.PROTECT, related_name="people")
    phone = models.CharField("điện thoại", max_length=15, blank=True)
    died_on = models.DateField("ngày chết", null=True, blank=True)
    #: Nobody knows the day yet: ``died_on`` is the first of the month. Show ``death``, which invents none.
    died_month_only = models.BooleanField("chỉ biết tháng chết", default=False, db_default=False)
    identity_status = models.CharField(
        "đối chiếu dân cư", max_length=10, choices=IdentityStatus, default=IdentityStatus.UNCHECKED
    )
    identity_note = models.CharField("ghi chú đối chiếu", max_length=300, blank=True)
    #: What the search box finds somebody by, kept by the database itself.
    words = models.GeneratedField(
        expression=words_of(
            spelled=["name", "hamlet", "card_name", "other_name"],
            folded=["name", "hamlet", "card_name", "other_name"],
            plain=["birth_year", "search_key"],
        ),
        output_field=WordsField(),
        db_persist=True,
        editable=False,
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = "người hưởng"
        verbose_name_plural = "người hưởng"
        ordering = ["sort_key", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(birth_year__gte=1900, birth_year__lte=2100), name="birth_year_sane"),
            models.CheckConstraint(
                condition=Q(birth_day__isnull=True) | Q(birth_month__isnull=False),
                name="birth_day_needs_month",
            ),
            models.CheckConstraint(
                condition=Q(birth_month__isnull=True) | Q(birth_month__gte=1, birth_month__lte=12),
                name="birth_month_sane",
            ),
            models.CheckConstraint(
                condition=Q(birth_day__isnull=True) | Q(birth_day__gte=1, birth_day__lte=31),
                name="birth_day_sane",
            ),
            models.CheckConstraint(condition=Q(cccd="") | Q(cccd__regex=r"^\d{12}$"), name="cccd_12_digits"),
            models.CheckConstraint(condition=Q(cmnd="") | Q(cmnd__regex=r"^\d{9}$"), name="cmnd_9_digits"),
            models.CheckConstraint(
                condition=Q(cccd="", cccd_state="missing") & ~Q(cccd_missing_reason="")
                | ~Q(cccd="") & Q(cccd_state__in=["claimed", "confirmed"]),
                name="cccd_missing_has_reason",
            ),
            models.UniqueConstraint(fields=["cccd"], condition=Q(cccd_state="confirmed"), name="confirmed_cccd_unique"),
            models.UniqueConstraint(
                fields=["cccd"],
                condition=~Q(cccd="") & Q(cccd_duplicate=False),
                name="cccd_unique_unless_flagged",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="person_has_name"),
            models.CheckConstraint(
                condition=Q(died_month_only=False) | Q(died_on__isnull=False, died_on__day=1),
                name="died_month_only_is_a_first",
            ),
        ]
        indexes = [
            GinIndex(fields=["words"], name="person_words"),
            # A walk in the order of the list that finds commune and words in the index itself: the first page of a
            # word that half of all people share.
            models.Index(fields=["sort_key", "id"], include=["commune", "words"], name="person_sorted"),
            models.Index(fields=["commune", "sort_key"], name="person_commune_sort"),
            models.Index(fields=["identity_status"], name="person_identity"),
            models.Index(fields=["died_on"], condition=Q(died_on__isnull=False), name="person_dead"),
            models.Index(fields=["birth_year", "birth_month"], name="person_birth_month"),
            GinIndex(
                OpClass(F("cccd"), name="gin_trgm_ops"),
                OpClass(F("cmnd"), name="gin_trgm_ops"),
                OpClass(F("phone"), name="gin_trgm_ops"),
                OpClass(Upper("file_number"), name="gin_trgm_ops"),
                name="person_numbers_trgm",
            ),
            models.Index(fields=["cmnd"], condition=~Q(cmnd=""), name="person_cmnd"),
            models.Index(fields=["file_number"], condition=~Q(file_number=""), name="person_file_number"),
            # For the search of doubles: who was born on the same day, who shares a flagged number.
            models.Index(
                fields=["birth_year", "birth_month", "birth_day"],
                condition=Q(birth_day__isnull=False),
                name="person_birth",
            ),
            models.Index(fields=["cccd"], condition=Q(cccd_duplicate=True), name="person_cccd_flagged"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.birth_text})"

    def set_keys(self) -> None:
        """Write the keys that follow from the names; whoever writes a name calls it before saving."""
        longest = Person._meta.get_field("search_key").max_length
        self.search_key = name_search_key(self.name, self.card_name, self.other_name)[:longest]
        self.sort_key = sort_key(self.name)

    @property
    def birth(self) -> PartialDate:
        return PartialDate(self.birth_year, self.birth_month, self.birth_day)

    @property
    def birth_text(self) -> str:
        return str(self.birth)

    @property
    def death(self) -> Death | None:
        """When the person died, as far as it is known."""
        return Death(self.died_on, self.died_month_only) if self.died_on else None

    @property
    def card_birth_text(self) -> str:
        if self.card_birth_year is None:
            return ""
        return str(PartialDate(self.card_birth_year, self.card_birth_month, self.card_birth_day))
