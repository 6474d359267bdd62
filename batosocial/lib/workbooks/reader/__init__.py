"""Opens files from outside; run by `child.py` in a process of its own, where it imports nothing of the project."""
