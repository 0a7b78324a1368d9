"""What everything else may use: the record, outcomes, known issues, errors, settings, waiting, progress."""
