"""Importing: a file on its way into a shop, whatever it is about, with dry run, progress, cancelling and undoing."""
