"""A record of loads, rendered: a page, Markdown, and the console."""
