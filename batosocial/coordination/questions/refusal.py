class Refused(Exception):
    """Not done; ``errors`` says why by field ("" for the whole), in Vietnamese, and what to do."""

    def __init__(self, **errors: str) -> None:
        self.errors = errors
        super().__init__(" ".join(errors.values()))
