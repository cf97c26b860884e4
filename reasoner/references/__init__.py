"""Slow and plain ways to the same results, to test the incremental engines against.

Each file wraps one reference and turns its habits into our types. Nothing here runs while the twin runs.
"""
