"""The contract of one reconcile beyond creation and patch, and what a restart must catch up with."""
