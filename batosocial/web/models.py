"""What pages need to remember by themselves: which forms have arrived."""

from django.conf import settings
from django.db import models


class Submission(models.Model):
    """A form that arrived, by the token it carried, and the page it led to; see ``batosocial.web.once``."""

    token = models.UUIDField(primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    #: Empty while the work of the form is being done, and only inside its transaction.
    url = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = "biểu mẫu đã gửi"
        verbose_name_plural = "biểu mẫu đã gửi"

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M} {self.url}"
