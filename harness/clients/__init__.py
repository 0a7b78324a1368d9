"""The clients of the servers: Kubernetes, MySQL, Michelangelo's API server; each library is imported here only."""
