"""Benchmarks: each prints its figures and, in the same run, those of a peer or of the limit."""
