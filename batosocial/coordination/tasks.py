from celery import shared_task

from batosocial.coordination.notifications import fresh, storing


@shared_task(name="coordination.refresh_notices")
def refresh_notices() -> None:
    """Soon after something happened, every few minutes and in the morning: who has to be told of what."""
    fresh.look()


@shared_task(name="coordination.forget_notices")
def forget_notices() -> None:
    """Nightly: notices of work that was done long ago."""
    storing.forget_old()
