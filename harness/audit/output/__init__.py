"""Renders an audit's result: console, page, Markdown, Prometheus' text format, JUnit. It reads no server.

`table` selects what every format shows; the findings themselves are in `findings.ndjson`, each on a line.
"""
