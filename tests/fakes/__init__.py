"""Stand-ins that several tests share: a sandbox, a made-up product and a run with it, a growing log."""
