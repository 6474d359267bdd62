"""The address on a card, as far as it tells where in the register somebody belongs."""

import re
from collections.abc import Iterable

from batosocial.lib.text import accent_key, clean
from batosocial.territory.models import Unit

_UNIT_KIND = re.compile(r"^(?:xã|thị trấn|tt\.?|phường) (?=\S)", re.IGNORECASE)
_HAMLET_KIND = re.compile(r"^(?:thôn|tổ|tdp|khu|làng|xóm|bản|ấp)\b", re.IGNORECASE)


def place_of(address: str, communes: Iterable[Unit]) -> tuple[Unit | None, str]:
    """The commune and the hamlet that an address names: "Thôn Nước Lầy, Ba Động, Ba Tơ, Quảng Ngãi".

    With all accents, as Ba Tơ and Ba Tô are two; somebody whose card names another place gets neither.
    """
    parts = [clean(part) for part in address.split(",")]
    # The last two are district and province, and the district of Ba Tơ has a town of that name.
    places = {accent_key(_UNIT_KIND.sub("", part)) for part in (parts[:-2] if len(parts) > 2 else parts)}
    commune = next((unit for unit in communes if accent_key(unit.name) in places), None)
    if commune is None:
        return None, ""
    return commune, parts[0] if _HAMLET_KIND.match(parts[0]) else ""
