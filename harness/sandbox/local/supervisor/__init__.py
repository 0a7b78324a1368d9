"""The process that owns a local sandbox: it starts its servers, watches them, and ends them."""
