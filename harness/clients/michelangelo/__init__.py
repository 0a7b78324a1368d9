"""Michelangelo's messages: the proto column, and its API server over gRPC, which needs the optional extra.

`package` finds the extra and is the only module that imports it, gRPC or protobuf; `descriptors` makes classes of
what a version's own code says, and `classes` chooses between the two; `proto` turns messages into objects and
back; `comparison` judges the proto column; `client` speaks to the API server.
"""
