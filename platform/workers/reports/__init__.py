"""Making reports: the query of a definition is asked in the shop, page by page, and what it answers becomes a file."""
