"""Outreach sessions (truyền thông) that communes hold."""
