"""Jinja templates of a new plugin package, one file each."""
