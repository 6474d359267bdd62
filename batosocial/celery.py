"""The Celery application: `celery -A batosocial.celery worker|beat`."""

import os

from celery import Celery
from celery.schedules import crontab
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batosocial.settings")

app = Celery("batosocial")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    # Before anything else of the new day.
    "apply-due-mergers": {"task": "mergers.apply_due", "schedule": crontab(hour=0, minute=5)},
    "sweep-jobs": {"task": "jobs.sweep", "schedule": settings.JOB_SWEEP_SECONDS},
    "check-identity-nightly": {"task": "beneficiaries.check_identity_nightly", "schedule": crontab(hour=1, minute=0)},
    "roll-up-nightly": {"task": "reporting.roll_up_nightly", "schedule": crontab(hour=1, minute=30)},
    # Changed results start it at once; this finds what came by other ways, such as a confirmed account.
    "roll-up-changed": {"task": "reporting.roll_up_changed", "schedule": 120.0},
    # Twice a month: when it begins, and once the payers have reported (before the 20th, Điều 34 NĐ 20/2021).
    "prefill-reviews": {
        "task": "payments.prefill_reviews_monthly",
        "schedule": crontab(day_of_month="5,20", hour=2, minute=30),
    },
    # What happens starts it at once; deadlines come nearer by themselves, and the day begins with what it brings.
    "refresh-notices": {"task": "coordination.refresh_notices", "schedule": 300.0},
    "refresh-notices-morning": {"task": "coordination.refresh_notices", "schedule": crontab(hour=6, minute=0)},
    "forget-notices-nightly": {"task": "coordination.forget_notices", "schedule": crontab(hour=2, minute=20)},
    # On the first of a month before anybody is at work; on other days there is nothing to do.
    "open-directive-months": {"task": "coordination.open_directive_months", "schedule": crontab(hour=0, minute=20)},
    "forget-submissions-nightly": {"task": "web.forget_submissions", "schedule": crontab(hour=2, minute=10)},
}
