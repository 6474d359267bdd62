"""`make papers`: the papers of the demo month, their formulas recomputed by LibreOffice, every page as a picture.

Apart from the tests, as it needs LibreOffice and poppler. What it makes stays in build/papers to be looked at.
"""
