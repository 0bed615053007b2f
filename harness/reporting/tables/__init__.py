"""Tables as data, and as Markdown, LaTeX and CSV."""
