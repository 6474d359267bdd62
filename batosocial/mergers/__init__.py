"""Mergers of administrative units: read from a file, checked, stored, and carried through everything on their day."""
