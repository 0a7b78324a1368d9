"""Loads the harness's pytest plugin; what it does is in `harness/plugin.py`."""

pytest_plugins = ["harness.plugin"]
