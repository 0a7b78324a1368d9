"""The preflight: is everything there that a run needs, and what is the way out where it is not?

`local` looks at this machine, `existing` at a cluster; both return findings, which `finding` renders on one
screen. Nothing is changed, fetched or built.
"""
