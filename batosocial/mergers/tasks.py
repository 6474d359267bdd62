from celery import shared_task

from batosocial.mergers import services
from batosocial.staff.models import User


@shared_task(name="mergers.apply_due")
def apply_due_mergers() -> None:
    """Nightly, first of all: stored mergers whose day has come take effect."""
    services.apply_due(actor=User.objects.system())
