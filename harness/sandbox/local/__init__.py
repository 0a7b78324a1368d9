"""The local sandbox: servers as processes of this machine, owned by a supervisor of their own."""
