"""Merchandising in GraphQL: the tree of categories, attributes and facets, tags, collections, search, suggestions."""
