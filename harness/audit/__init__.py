"""The audit: does MySQL equal Kubernetes right now? It reads both, changes neither, and says where they differ.

`classification` judges, and is pure; `scan` reads a kind once, `recheck` looks again at what differed, `audit`
puts them together, `journal` keeps what was gathered. An `AuditResult` comes out, which `output` renders.
"""
