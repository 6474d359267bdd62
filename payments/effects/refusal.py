"""How the services of this package say no."""

from collections.abc import Mapping


class Refused(Exception):
    """Not done; ``errors`` says in Vietnamese why, by field of the form ("" for the whole)."""

    def __init__(self, errors: Mapping[str, str] | str) -> None:
        self.errors = {"": errors} if isinstance(errors, str) else dict(errors)
        super().__init__(" ".join(self.errors.values()))
