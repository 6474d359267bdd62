from batosocial.web.admin import AuditedModelAdmin, register
from beneficiaries.models import AgeRule, Category, ChangeReason, Provider, Rate


@register(Category)
class CategoryAdmin(AuditedModelAdmin):
    list_display = ["code", "name", "policy", "regime", "confidential"]
    list_display_links = ["code", "name"]
    list_filter = ["policy", "regime", "confidential"]
    search_fields = ["code", "name"]


@register(Rate)
class RateAdmin(AuditedModelAdmin):
    list_display = ["category", "level", "amount", "valid_from", "known_on", "legal_basis"]
    list_filter = ["category__policy", "valid_from"]
    list_select_related = ["category"]
    search_fields = ["category__code", "category__name"]
    autocomplete_fields = ["category"]
    ordering = ["category__code", "level", "-valid_from"]


@register(ChangeReason)
class ChangeReasonAdmin(AuditedModelAdmin):
    list_display = ["code", "name", "scope", "action", "legal_basis"]
    list_display_links = ["code", "name"]
    list_filter = ["scope", "action"]
    search_fields = ["code", "name"]


@register(Provider)
class ProviderAdmin(AuditedModelAdmin):
    list_display = ["bin", "short_name", "name", "payer"]
    list_display_links = ["bin", "short_name"]
    list_filter = ["payer"]
    list_select_related = ["payer"]
    search_fields = ["bin", "short_name", "name"]


@register(AgeRule)
class AgeRuleAdmin(AuditedModelAdmin):
    list_display = ["valid_from", "ages", "unknown_month", "unknown_day", "source"]
