"""The k3d sandbox: a cluster in Docker that Michelangelo's own `sandbox.py` makes and ends."""
