"""Tables as people have them: CSV in any encoding and packing, read row by row, with the place of every row known."""
