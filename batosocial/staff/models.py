"""People who sign in, their role, and what they may see (DESIGN: one queryset method, closed by default)."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.db import models
from django.db.models import Q

from batosocial.territory.models import Unit


class Payer(models.Model):
    """An organisation that pays the benefits out: Bưu điện, Agribank (Điều 34 NĐ 20/2021)."""

    code = models.CharField("mã", max_length=20, unique=True)
    name = models.CharField("tên", max_length=100)
    pays_cash = models.BooleanField("chi tiền mặt", default=False)

    class Meta:
        verbose_name = "tổ chức chi trả"
        verbose_name_plural = "tổ chức chi trả"
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["pays_cash"], condition=Q(pays_cash=True), name="one_payer_of_cash"),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    COMMUNE_OFFICER = "commune_officer", "Công chức xã"
    COMMUNE_LEADER = "commune_leader", "Lãnh đạo UBND xã"
    DISTRICT_OFFICER = "district_officer", "Chuyên viên Phòng LĐ-TB&XH"
    DISTRICT_LEADER = "district_leader", "Trưởng phòng LĐ-TB&XH"
    CHAIRMAN = "chairman", "Lãnh đạo UBND huyện"
    POLICE = "police", "Công an"
    PAYER = "payer", "Tổ chức chi trả"
    ADMIN = "admin", "Quản trị hệ thống"
    SYSTEM = "system", "Hệ thống (dòng lệnh)"


COMMUNE_ROLES = frozenset({Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER})
DISTRICT_ROLES = frozenset({Role.DISTRICT_OFFICER, Role.DISTRICT_LEADER, Role.CHAIRMAN})
#: Roles that work with people on benefits and their money; police and admin do not.
BENEFIT_ROLES = COMMUNE_ROLES | DISTRICT_ROLES


class UserManager(DjangoUserManager["User"]):
    def system(self) -> "User":
        """The named user under which command-line actions run; it cannot sign in."""
        user, created = self.get_or_create(
            username="he-thong", defaults={"role": Role.SYSTEM, "full_name": "Hệ thống (dòng lệnh)"}
        )
        if created:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        return user


class User(AbstractUser):
    """Somebody who signs in. The role says what they do, the unit or payer where."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    full_name = models.CharField("họ và tên", max_length=150)
    role = models.CharField("vai trò", max_length=20, choices=Role)
    unit = models.ForeignKey(
        Unit, verbose_name="đơn vị", null=True, blank=True, on_delete=models.PROTECT, related_name="users"
    )
    payer = models.ForeignKey(
        Payer,
        verbose_name="tổ chức chi trả",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="users",
    )
    sees_confidential = models.BooleanField(
        "được xem nhóm cần giữ kín",
        default=False,
        help_text="Nhóm khoản 3, khoản 8 Điều 5 NĐ 20/2021 (đ.b k1 Điều 8).",
    )
    must_change_password = models.BooleanField("phải đổi mật khẩu", default=False)

    objects: ClassVar[UserManager] = UserManager()

    REQUIRED_FIELDS = ["full_name", "role"]

    class Meta:
        verbose_name = "người dùng"
        verbose_name_plural = "người dùng"
        ordering = ["username"]
        constraints = [
            models.CheckConstraint(
                name="user_scope_fits_role",
                condition=(
                    Q(role__in=sorted(COMMUNE_ROLES | DISTRICT_ROLES | {Role.POLICE}), payer__isnull=True)
                    & Q(unit__isnull=False)
                )
                | Q(role=Role.PAYER, unit__isnull=True, payer__isnull=False)
                | Q(role__in=[Role.ADMIN, Role.SYSTEM], payer__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.username

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name

    @property
    def in_commune(self) -> bool:
        return self.role in COMMUNE_ROLES

    @property
    def in_district(self) -> bool:
        return self.role in DISTRICT_ROLES
