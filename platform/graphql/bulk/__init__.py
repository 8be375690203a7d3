"""Bulk: a query read page by page to its end as lines, and a mutation done for every line of a file."""
