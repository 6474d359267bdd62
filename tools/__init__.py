"""What `make` runs; nothing of the portal itself."""
