"""The executables that a local sandbox is made of: where they are, and how they are had where they are not."""
