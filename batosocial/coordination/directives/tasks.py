from celery import shared_task

from batosocial.coordination.directives import services


@shared_task(name="coordination.open_directive_months")
def open_directive_months() -> None:
    """Nightly: monthly tasks get the month that has begun."""
    services.open_months()
