"""The k3d sandbox's promises, kept with stand-ins for the programs that it starts."""
