"""The servers of the local sandbox: how each is configured, started, and asked whether it works."""
