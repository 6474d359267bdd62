"""A paper put forward as evidence: a scan or a photograph."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from batosocial.jobs.models import StoredFile
from batosocial.staff.scoping import commune_scope
from beneficiaries.models.change import Change
from beneficiaries.models.person import Person


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: Any) -> "AttachmentQuerySet":
        return self.filter(commune_scope(user, "person__commune") | commune_scope(user, "change__from_commune"))


class Attachment(models.Model):
    """Kept in the database, never under the web root; opened only through its view, which asks for the scope."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="attachments")
    change = models.ForeignKey(Change, null=True, blank=True, on_delete=models.PROTECT, related_name="attachments")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("lúc", default=timezone.now)
    #: Taken back by whoever brought it; it stays to be read.
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = "tệp minh chứng"
        verbose_name_plural = "tệp minh chứng"
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.file.name
