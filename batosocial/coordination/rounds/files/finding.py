"""Which round the command line means."""

from batosocial.coordination.models import IdentityRound, RoundPerson
from batosocial.territory.models import Unit


def round_of(*, round_id: int | None = None, commune: Unit | None = None) -> IdentityRound:
    """The round of that id, else the newest open one that asks about somebody of the commune, or about anybody.

    Raises IdentityRound.DoesNotExist with a message for the user.
    """
    if round_id is not None:
        found = IdentityRound.objects.filter(pk=round_id).first()
        if found is None:
            raise IdentityRound.DoesNotExist(f"Không có đợt xác minh số {round_id}.")
        return found
    rows = RoundPerson.objects.filter(round__state=IdentityRound.State.OPEN)
    if commune is not None:
        rows = rows.filter(person__commune__in=Unit.objects.of_commune(commune.pk).values("pk"))
    found = IdentityRound.objects.filter(pk__in=rows.values("round")).order_by("-pk").first()
    if found is None:
        where = f" có hỏi về {commune.full_name}" if commune else ""
        raise IdentityRound.DoesNotExist(f"Không có đợt xác minh nào đang mở{where}; Phòng mở đợt trên cổng.")
    return found
