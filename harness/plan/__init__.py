"""From a recipe to nodes and cells with their keys, and what running them would take."""
