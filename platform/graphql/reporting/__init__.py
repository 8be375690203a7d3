"""Definitions of reports: each is a query against the schema, and how what it answers is laid out for people.

A new one is a file with a `Definition`, and a line in `registry.py`. Nothing here reads a table: what a report needs,
the API gives, so that both say the same. What makes files of them stands in `workers/reports`.
"""
