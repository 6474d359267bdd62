"""Who has a number already: in full to those who may see them, else only where."""

from dataclasses import dataclass

from batosocial.staff.models import User
from beneficiaries.models import Person


@dataclass(frozen=True)
class Known:
    """``mine`` may be opened; of the others only their commune is told."""

    mine: list[Person]
    elsewhere: list[str]

    def __bool__(self) -> bool:
        return bool(self.mine or self.elsewhere)

    @property
    def words(self) -> str:
        """ "của Phạm Thị Dế (1942), Thôn Nước Lầy" or "của một người ở Xã Ba Vinh"."""
        if self.mine:
            person = self.mine[0]
            return f"của {person}, {person.hamlet or person.commune.full_name}"
        return f"của một người ở {self.elsewhere[0]}"


def with_cccd(user: User, number: str, *, apart_from: int | None = None) -> Known:
    """People with this CCCD, whatever its state."""
    return _known(user, "cccd", number, apart_from)


def with_cmnd(user: User, number: str, *, apart_from: int | None = None) -> Known:
    return _known(user, "cmnd", number, apart_from)


def _known(user: User, field: str, number: str, apart_from: int | None) -> Known:
    if not number:
        return Known([], [])
    people = list(
        Person.objects.filter(**{field: number}).exclude(pk=apart_from or 0).select_related("commune").order_by("pk")
    )
    if not people:
        return Known([], [])
    visible = set(Person.objects.visible_to(user).filter(**{field: number}).values_list("pk", flat=True))
    mine = [person for person in people if person.pk in visible]
    return Known(mine, sorted({row.commune.full_name for row in people if row.pk not in visible}))
