"""Validation and acceptance tests for Michelangelo's Ingester: Kubernetes objects in, MySQL rows out."""

__version__ = "0.1.0"
