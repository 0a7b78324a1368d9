"""One object under test: what was sent, its versions, its row, the log lines about it."""
