"""Stand-ins that several tests share: a sandbox, an in-memory product, a growing log."""
