"""Renders records: `report.json` and everything that is made from it. Nothing here runs or judges a check."""
