"""Where cash is paid: the points of a commune, by hamlet."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from batosocial.audit import services as audit
from batosocial.lib.text import accent_key, clean
from batosocial.staff.models import COMMUNE_ROLES, DISTRICT_ROLES, Role, User
from batosocial.territory.models import Unit
from batosocial.territory.places import kin_by_unit
from beneficiaries.models import Person
from payments.models import PayPoint

EDITORS = frozenset({Role.COMMUNE_OFFICER, Role.DISTRICT_OFFICER})


class PointRefused(Exception):
    """Not stored; ``errors`` says why by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        self.errors = errors
        super().__init__(" ".join(errors.values()))


@dataclass(frozen=True)
class Place:
    #: The order in which points stand below their commune.
    place: int
    name: str


class Points:
    """The point of a hamlet: the one that names it, else the commune's point without hamlets, else the commune."""

    def __init__(self, points: Iterable[tuple[int, PayPoint]]) -> None:
        """``points`` with the commune whose people go there, which has merged with the point's own perhaps."""
        self._by_hamlet: dict[tuple[int, str], Place] = {}
        self._rest: dict[int, Place] = {}
        for place, (commune_id, point) in enumerate(points):
            found = Place(place, point.name)
            if not point.hamlets:
                self._rest.setdefault(commune_id, found)
            for hamlet in point.hamlets:
                self._by_hamlet.setdefault((commune_id, accent_key(hamlet)), found)

    @classmethod
    def of_communes(cls, commune_ids: Iterable[int]) -> "Points":
        """A list of months before a merger finds the points where they stand now, one made before its day those of
        the units that will be one."""
        wanted = kin_by_unit(list(commune_ids))
        rows = PayPoint.objects.filter(commune__in={unit for kin in wanted.values() for unit in kin})
        points = sorted(rows, key=lambda point: (point.name, point.pk))
        return cls(
            (commune_id, point)
            for commune_id, kin in wanted.items()
            # Its own before those of others.
            for point in sorted(points, key=lambda point: point.commune_id != commune_id)
            if point.commune_id in kin
        )

    def of(self, commune_id: int, commune_name: str, hamlet: str) -> Place:
        named = self._by_hamlet.get((commune_id, accent_key(hamlet)))
        return named or self._rest.get(commune_id) or Place(-1, commune_name)


def hamlets_of(commune: Unit) -> list[str]:
    """The hamlets in which people of the register live."""
    names = Person.objects.filter(commune=commune).exclude(hamlet="").values_list("hamlet", flat=True).distinct()
    return sorted(names.order_by("hamlet"), key=_natural)


def _natural(name: str) -> tuple[str, int, str]:
    """ "Thôn 2" before "Thôn 10"."""
    word, _, number = accent_key(name).rpartition(" ")
    return (word, int(number), "") if number.isdecimal() else (accent_key(name), 0, name)


@transaction.atomic
def save_point(
    *, actor: User, commune: Unit, name: str, hamlets: Iterable[str], point_id: int | None = None
) -> PayPoint:
    """Add or change a point of a commune. PointRefused with the errors by field; PermissionDenied outside the actor's
    scope, PayPoint.DoesNotExist for a point of another commune."""
    _check(actor, commune)
    # One at a time in a commune, so that a hamlet goes to one point.
    Unit.objects.select_for_update().get(pk=commune.pk)
    others = PayPoint.objects.filter(commune=commune)
    row = others.get(pk=point_id) if point_id else PayPoint(commune=commune)
    others = others.exclude(pk=row.pk)
    new = {"name": clean(name), "hamlets": sorted({clean(hamlet) for hamlet in hamlets} - {""}, key=_natural)}
    if errors := _objections(list(others), str(new["name"]), list(new["hamlets"])):
        raise PointRefused(errors)
    changes = audit.differences(row, new)
    if row.pk and not changes:
        return row
    action = "sửa điểm chi trả" if row.pk else "thêm điểm chi trả"
    row.name, row.hamlets = str(new["name"]), list(new["hamlets"])
    row.save()
    audit.record(actor=actor, action=action, row=row, changes=changes, details={"xã": commune.full_name})
    return row


def _objections(others: list[PayPoint], name: str, hamlets: list[str]) -> dict[str, str]:
    if not name:
        return {"name": "Hãy ghi tên điểm chi trả, ví dụ “Nhà văn hóa thôn Tân Long”."}
    if len(name) > 150:
        return {"name": "Tên dài quá 150 ký tự."}
    for other in others:
        if accent_key(other.name) == accent_key(name):
            return {"name": "Xã đã có điểm chi trả tên này; hãy sửa điểm đó hoặc đặt tên khác."}
        if not hamlets and not other.hamlets:
            return {"hamlets": f"Điểm “{other.name}” đã nhận mọi thôn còn lại; hãy chọn thôn cho điểm này."}
        taken = {accent_key(hamlet) for hamlet in other.hamlets}
        double = [hamlet for hamlet in hamlets if accent_key(hamlet) in taken]
        if double:
            return {"hamlets": f"{', '.join(double)} đã thuộc điểm “{other.name}”; mỗi thôn chỉ thuộc một điểm."}
    return {}


@transaction.atomic
def delete_point(*, actor: User, point_id: int) -> str:
    """Remove a point and return its name; lists that were handed over keep it. PayPoint.DoesNotExist out of scope."""
    row = PayPoint.objects.visible_to(actor).select_for_update(of=("self",)).select_related("commune").get(pk=point_id)
    _check(actor, row.commune)
    audit.record(
        actor=actor,
        action="xóa điểm chi trả",
        row=row,
        details={"xã": row.commune.full_name, "tên": row.name, "các thôn": row.hamlets},
    )
    row.delete()
    return row.name


def _check(actor: User, commune: Unit) -> None:
    if actor.role not in EDITORS or not communes_of(actor).filter(pk=commune.pk).exists():
        raise PermissionDenied


def communes_of(user: User) -> QuerySet[Unit]:
    """The communes in whose points the user has a say: the own one, or all of the own district."""
    units = Unit.objects.current().communes()
    if user.role in COMMUNE_ROLES:
        return units.filter(pk=user.unit_id or 0)
    return units.filter(parent=user.unit_id) if user.role in DISTRICT_ROLES else units.none()
