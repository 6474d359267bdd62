"""How a file is refused."""


class Refusal(Exception):
    """The file is not taken; the argument is a code that `workbooks` has the words for."""
