"""Groups that are printed as plain "BTXH" (HIV/AIDS: đ.b k1 Điều 8 NĐ 20/2021), and who may see them."""

from typing import Any

from beneficiaries.models.catalogue import Category, Policy

HIDDEN_CODE = str(Policy.SOCIAL)
HIDDEN_NAME = str(Policy.SOCIAL.label)


def may_see(user: Any) -> bool:
    return bool(getattr(user, "sees_confidential", False))


def shown_code(category: Category, user: Any) -> str:
    """The category's code as this user may read it."""
    return HIDDEN_CODE if category.confidential and not may_see(user) else category.code


def shown_name(category: Category, user: Any) -> str:
    """The category's name as this user may read it."""
    return HIDDEN_NAME if category.confidential and not may_see(user) else category.name
