"""A person's page; each section reads in a module of its own."""
