"""Reporting: reports that merchants ask for or have made by a schedule, and where their files are.

What a report is about is no business of this floor: definitions are queries, and stand where the schema is.
"""
