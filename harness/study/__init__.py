"""Recipes, plans, the store, the runner and result rows."""
