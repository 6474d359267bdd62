"""Papers brought as evidence: what a file is by its content, how it is kept, and who opens it."""
