"""Notifications: who is told of what, how and when; and what became of every message."""
