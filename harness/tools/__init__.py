"""Work beside a run: rescoring, leak searches, imports, exports, checks."""
