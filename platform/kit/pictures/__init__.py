"""Pictures that strangers send: looked at, made small and clean in a process of its own for each, which may die of it.

What `asking.developed` gives has been decoded and written anew: nothing of the bytes that were sent is in it.
"""
