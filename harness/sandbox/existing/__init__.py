"""A sandbox in a cluster that exists: what is there is found and read, and only what this run made is removed.

`options` says what can be asked for, `context` chooses the cluster and refuses one that looks like
production, `podlog` and `filelog` observe the controller manager, `mysqlforward` leads to MySQL, `removal`
tidies up, and `sandbox` puts them together.
"""
