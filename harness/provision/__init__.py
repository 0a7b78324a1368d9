"""What a run needs before it starts: executables in the cache, and a Michelangelo checkout read and built."""
