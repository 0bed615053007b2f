"""Five-point templates, the similarity warp, and the rule from any image to any input."""
