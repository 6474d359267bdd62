"""Directives (công văn, kế hoạch, thông báo) with their tasks, and how far each addressee is."""
