"""Who came from which unit when units merged."""

from django.db import models

from batosocial.territory.models import Unit, UnitMerger
from beneficiaries.models.person import Person


class UnitMove(models.Model):
    """A person whom a merger put from an old unit into a new one. They did not move house: it is no ``Change``.

    Lists of months before the merger find their people by it, and figures in the old boundaries.
    """

    merger = models.ForeignKey(UnitMerger, on_delete=models.PROTECT, related_name="moves")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="unit_moves")
    #: The merger's day, beside the person: what is asked is where somebody was before a day.
    day = models.DateField("từ ngày")
    from_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    to_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "người chuyển theo đơn vị"
        verbose_name_plural = "người chuyển theo đơn vị"
        constraints = [models.UniqueConstraint(fields=["person", "day"], name="unit_move_once")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.from_unit_id} → {self.to_unit_id}"
