"""The one door: how each kind of file or folder is known, and what opening it does.

A new kind is one file here and one line in `registry`.
"""
