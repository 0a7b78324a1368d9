"""Where the system under test runs: real servers, the controller manager, and what keeps them."""
