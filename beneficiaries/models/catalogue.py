"""What the law grants: policies, categories, dated rates, reasons for changes, and the providers of accounts."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from batosocial.staff.models import Payer


class Policy(models.TextChoices):
    """The two policies of the letter; a person counts once in each."""

    MERIT = "NCC", "Người có công"
    SOCIAL = "BTXH", "Bảo trợ xã hội"


class Category(models.Model):
    """A kind of benefit with its legal basis.

    ``regime`` decides what adds up: within trợ cấp xã hội only the highest is paid, khoản 4 may stand beside
    khoản 5, 6, 8 (khoản 2 Điều 6 NĐ 20/2021); chăm sóc nuôi dưỡng stands beside it; NCC adds up (Điều 6.3 Pháp
    lệnh 02/2020). ``only_highest_of`` names what of the last two does not: the cases of điểm a khoản 2 Điều 20 NĐ
    20/2021, and người phục vụ (Điều 6.3 Pháp lệnh 02/2020).
    """

    class Regime(models.TextChoices):
        ALLOWANCE = "allowance", "Trợ cấp xã hội hằng tháng"
        CARE = "care", "Hỗ trợ kinh phí chăm sóc, nuôi dưỡng hằng tháng"
        MERIT = "merit", "Ưu đãi người có công hằng tháng"
        ONE_OFF = "one_off", "Trợ cấp một lần, hằng năm"

    policy = models.CharField("chính sách", max_length=4, choices=Policy)
    regime = models.CharField("chế độ", max_length=10, choices=Regime)
    code = models.CharField("mã", max_length=20, unique=True)
    name = models.CharField("tên", max_length=255)
    legal_basis = models.CharField("căn cứ", max_length=255, blank=True)
    clause = models.PositiveSmallIntegerField(
        "khoản của Điều 5", null=True, blank=True, help_text="Chỉ cho trợ cấp xã hội, NĐ 20/2021."
    )
    confidential = models.BooleanField("giữ kín nhóm", default=False)
    per_dependant = models.BooleanField("tính theo người phụ thuộc", default=False)
    has_levels = models.BooleanField("có mức tỷ lệ", default=False)
    amount_by_decision = models.BooleanField("mức theo quyết định", default=False)
    only_highest_of = models.CharField(
        "nhóm chỉ hưởng mức cao nhất",
        max_length=20,
        blank=True,
        help_text="Trong các chế độ cùng nhóm, mỗi người chỉ được chi chế độ có mức cao nhất.",
    )
    #: Ages that fit, as [[from, below], …] in years; empty: any. A person outside is a warning, never an error.
    ages = models.JSONField("độ tuổi", default=list, blank=True)

    class Meta:
        verbose_name = "đối tượng, chế độ"
        verbose_name_plural = "đối tượng, chế độ"
        ordering = ["policy", "code"]

    def __str__(self) -> str:
        return self.code


class Rate(models.Model):
    """What a category (and level) is worth a month, in whole đồng.

    ``valid_from`` is from when it is owed, ``known_on`` the day the decree was signed: a list locked before that
    day still takes the older rate, and the difference becomes arrears.
    """

    category = models.ForeignKey(Category, verbose_name="đối tượng", on_delete=models.PROTECT, related_name="rates")
    level = models.PositiveSmallIntegerField("tỷ lệ (%)", default=0, help_text="0: không có mức tỷ lệ")
    amount = models.BigIntegerField("đồng/tháng")
    valid_from = models.DateField("áp dụng từ")
    known_on = models.DateField("ngày ban hành")
    legal_basis = models.CharField("căn cứ", max_length=255)
    #: A decree may be entered late: lists made before do not know of it either.
    entered_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "mức trợ cấp"
        verbose_name_plural = "mức trợ cấp"
        ordering = ["category", "level", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["category", "level", "valid_from", "known_on"], name="rate_of_a_day"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="rate_positive"),
            models.CheckConstraint(
                condition=Q(level=0) | Q(level__gte=21, level__lte=100), name="rate_level_21_to_100"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category_id} {self.level or ''} {self.amount}"


class AgeRule(models.Model):
    """Ages at which benefits begin, end or change, and the day from which a partial date of birth counts; dated, as
    both are practice rather than text of the law."""

    valid_from = models.DateField("áp dụng từ", unique=True)
    ages = ArrayField(models.PositiveSmallIntegerField(), verbose_name="các mốc tuổi", help_text="Ví dụ: 3,4,16,22")
    unknown_month = models.PositiveSmallIntegerField(
        "tháng, khi chỉ biết năm sinh", default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    unknown_day = models.PositiveSmallIntegerField(
        "ngày, khi không biết ngày sinh", default=1, validators=[MinValueValidator(1), MaxValueValidator(28)]
    )
    source = models.CharField("căn cứ", max_length=500)

    class Meta:
        verbose_name = "mốc tuổi"
        verbose_name_plural = "mốc tuổi"
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(
                name="age_rule_day_exists",
                condition=Q(unknown_month__gte=1, unknown_month__lte=12, unknown_day__gte=1, unknown_day__lte=28),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.valid_from:%d/%m/%Y}"


class ChangeReason(models.Model):
    """Why a benefit starts, stops, pauses or moves, with its source (TT 02/2021, NĐ 20/2021, PL 02/2020)."""

    scope = models.CharField("phạm vi", max_length=10)
    action = models.CharField("biến động", max_length=20)
    code = models.CharField("mã", max_length=20, unique=True)
    name = models.CharField("lý do", max_length=255)
    legal_basis = models.CharField("căn cứ", max_length=255, blank=True)
    effective_rule = models.CharField("thời điểm", max_length=255, blank=True)
    evidence = models.CharField("giấy tờ", max_length=255, blank=True)

    class Meta:
        verbose_name = "lý do biến động"
        verbose_name_plural = "lý do biến động"
        ordering = ["scope", "code"]

    def __str__(self) -> str:
        return self.name


class Provider(models.Model):
    """A bank or wallet in which accounts are held, and the payer through whom the district reaches it."""

    bin = models.CharField("mã BIN", max_length=6, unique=True)
    short_name = models.CharField("tên ngắn", max_length=50)
    name = models.CharField("tên", max_length=200)
    aliases = models.JSONField("tên khác", default=list, blank=True)
    usual_lengths = models.JSONField("độ dài số tài khoản thường gặp", default=list, blank=True)
    payer = models.ForeignKey(Payer, verbose_name="chi qua", on_delete=models.PROTECT, related_name="providers")

    class Meta:
        verbose_name = "ngân hàng, ví"
        verbose_name_plural = "ngân hàng, ví"
        ordering = [F("short_name")]

    def __str__(self) -> str:
        return self.short_name

    def clean(self) -> None:
        self.usual_lengths, self.aliases = self.usual_lengths or [], self.aliases or []
        lengths, names = self.usual_lengths, self.aliases
        if not isinstance(lengths, list) or not all(type(n) is int and 6 <= n <= 19 for n in lengths):
            raise ValidationError({"usual_lengths": "Ghi các số từ 6 đến 19 trong ngoặc vuông, ví dụ [12, 13]."})
        if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
            raise ValidationError({"aliases": 'Ghi các tên trong ngoặc vuông, ví dụ ["NHCSXH", "VBSP"].'})
