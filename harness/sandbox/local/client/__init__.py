"""The run's end of the local sandbox: it launches the supervisor, finds it again, and asks it."""
