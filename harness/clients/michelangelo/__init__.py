"""What needs the optional extra, the PyPI package `michelangelo`: the API server over gRPC, the proto column.

`package` finds the extra and is the only module that imports it, gRPC or protobuf; `proto` turns messages into
objects and back; `comparison` judges the proto column; `client` speaks to the API server.
"""
