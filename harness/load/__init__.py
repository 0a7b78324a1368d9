"""How much the Ingester can take: load made by Locust, measured by the servers' own times, kept as a record.

Locust patches the standard library of its process, so that it runs in processes of its own: of these modules only
`locustfile` knows it, and nothing imports that.
"""
