"""Chapter 4: the same objects through Michelangelo's own API server, and the proto column."""
