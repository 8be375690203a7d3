"""Notifications in the API: the centre in the app, rules, templates, preferences, and the log of all messages."""
