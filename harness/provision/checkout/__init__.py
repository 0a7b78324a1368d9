"""A Michelangelo checkout: read, built into the cache, and compared with what the harness expects."""
