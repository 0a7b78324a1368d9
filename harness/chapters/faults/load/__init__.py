"""The load: what its clients are going to do, do, and are answered; and what the rows look like meanwhile."""
