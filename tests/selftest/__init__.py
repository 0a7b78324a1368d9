"""The harness against ingesters that are broken on purpose: each fault must turn exactly the right cells red."""
