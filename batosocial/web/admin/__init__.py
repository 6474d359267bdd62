"""The administration pages: an own site for the role admin, and a base class that writes the audit.

Other apps write, in their ``admin.py``::

    @register(Rate)
    class RateAdmin(AuditedModelAdmin):
        ...
"""

# The first three register themselves.
from batosocial.web.admin import audit, staff, territory  # noqa: F401
from batosocial.web.admin.base import AuditedModelAdmin, ReadOnlyModelAdmin, register
from batosocial.web.admin.site import portal_admin

__all__ = ["AuditedModelAdmin", "ReadOnlyModelAdmin", "portal_admin", "register"]
