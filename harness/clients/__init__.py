"""The clients of the servers: Kubernetes, MySQL, Michelangelo's API server. Each names its library's only importers."""
