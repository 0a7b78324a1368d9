"""The chapters of the report, one folder each."""
