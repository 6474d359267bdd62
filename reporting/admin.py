"""Thresholds and targets are dated data: an admin adds a new one, old months keep theirs."""

from batosocial.web.admin import AuditedModelAdmin, register
from reporting.models import ClassThreshold, Target


@register(ClassThreshold)
class ClassThresholdAdmin(AuditedModelAdmin):
    list_display = ["valid_from", "high", "average"]


@register(Target)
class TargetAdmin(AuditedModelAdmin):
    list_display = ["rate", "value", "valid_from", "deadline", "source"]
    list_filter = ["rate"]
