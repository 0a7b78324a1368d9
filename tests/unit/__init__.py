"""The parts by themselves: no sandbox, no network."""
