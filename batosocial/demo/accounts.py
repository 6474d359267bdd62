"""Sign-ins of the demo district. They exist only where the demo is loaded, which production refuses."""

from batosocial.staff.models import Role

#: The same for everybody in the demo, so that a visitor has one thing to remember.
PASSWORD = "MinhHoa-BaTo-2024"  # noqa: S105

#: username, full name, role; commune users are made for every commune (see ``commune_accounts``).
DISTRICT_ACCOUNTS = [
    ("phong", "Trần Thị Thu Hà", Role.DISTRICT_OFFICER),
    ("phong2", "Lê Quang Vinh", Role.DISTRICT_OFFICER),
    ("truongphong", "Nguyễn Văn Thành", Role.DISTRICT_LEADER),
    ("chutich", "Lữ Minh Tâm", Role.CHAIRMAN),
    ("congan", "Phạm Văn Dũng", Role.POLICE),
]
PAYER_ACCOUNTS = [
    ("buudien", "Võ Thị Ngọc", "BUUDIEN"),
    ("agribank", "Đinh Thị Hương", "AGRIBANK"),
]
#: Police of a commune: username, full name, the commune's code. In Ba Xa somebody has no CCCD yet.
COMMUNE_POLICE = [("ca21538", "Công an xã Ba Xa", "21538")]
ADMIN_ACCOUNT = ("quantri", "Phạm Quốc Bảo")


def commune_accounts(code: str) -> tuple[str, str]:
    """Usernames of a commune's officer and leader."""
    return f"cb{code}", f"ld{code}"


#: One for each role, as `make run` prints them: role and place, username, password.
SIGN_INS: list[tuple[str, str, str]] = [
    ("Công chức xã Ba Động", "cb21496", PASSWORD),
    ("Lãnh đạo UBND xã Ba Động", "ld21496", PASSWORD),
    ("Chuyên viên Phòng LĐ-TB&XH", "phong", PASSWORD),
    ("Trưởng phòng LĐ-TB&XH", "truongphong", PASSWORD),
    ("Lãnh đạo UBND huyện", "chutich", PASSWORD),
    ("Công an huyện", "congan", PASSWORD),
    ("Công an xã Ba Xa", "ca21538", PASSWORD),
    ("Bưu điện", "buudien", PASSWORD),
    ("Quản trị hệ thống", "quantri", PASSWORD),
]
