"""Banks and wallets by the many names that people write."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from batosocial.lib.text import fold
from beneficiaries.models import Provider

#: A shorter name with something behind it is more likely another word.
_SHORTEST_BEGINNING = 3


@dataclass(slots=True)
class ProviderNames:
    """``by_name`` leads from a folded name to its provider, to None where two of them have it."""

    by_name: dict[str, Provider | None] = field(default_factory=dict)

    @classmethod
    def of(cls, providers: Iterable[Provider]) -> "ProviderNames":
        names: dict[str, Provider | None] = {}
        for provider in providers:
            for name in {fold(n) for n in (provider.bin, provider.short_name, provider.name, *provider.aliases)}:
                names[name] = None if name in names else provider
        return cls(names)

    @classmethod
    def load(cls) -> "ProviderNames":
        """One query."""
        return cls.of(Provider.objects.all())

    def find(self, written: str) -> Provider | None:
        """The provider of a name, an alias or one of them with the branch behind it; None where not one."""
        key = fold(written)
        if key in self.by_name:
            return self.by_name[key]
        known = [name for name in self.by_name if len(name) >= _SHORTEST_BEGINNING and key.startswith(f"{name} ")]
        return self.by_name[max(known, key=len)] if known else None

    def like(self, written: str, *, most: int = 5) -> list[str]:
        """Short names of those in whose names the words stand, to offer them."""
        words = fold(written).split()
        if not words:
            return []
        found = {
            provider.short_name
            for name, provider in self.by_name.items()
            if provider is not None and all(word in name for word in words)
        }
        return sorted(found)[:most]
