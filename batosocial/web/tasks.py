from celery import shared_task

from batosocial.web import once


@shared_task(name="web.forget_submissions")
def forget_submissions() -> None:
    """Nightly: submissions that nobody will send again."""
    once.forget_old()
