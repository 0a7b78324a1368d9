"""What both ends of the local sandbox share: its folder, plan, state, logs, channel, processes."""
