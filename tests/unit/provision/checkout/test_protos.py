"""Promises of `harness.provision.checkout.protos`: what `.proto` files declare of a kind."""

from __future__ import annotations

from pathlib import Path

from harness.provision.checkout.protos import DeclaredIndex, DeclaredKind, read_declared

TEXT = """syntax = "proto3";

message GadgetSpec {
  option (michelangelo.api.no_default) = true;
  string owner = 1;
}

/* A gadget.
   Of several lines. */
message Gadget {
  option (michelangelo.api.resource) = {
    conversion: true  // option (michelangelo.api.index) = { path: "no", key: "no" };
    immutable: true
  };
  option (michelangelo.api.index) = {
      path: "spec.the_owner",
      key:  "owner",
  };
  option (michelangelo.api.index) = {
    path: "status.state", key: "state", type_override: "VARCHAR(768)"
  };
  GadgetSpec spec = 3;
}

message GadgetList {
  option (michelangelo.api.resource_list) = {};
}

message Widget {
  option (michelangelo.api.resource) = {};
}
"""
REFERENCE = {"properties": {"name": {"type": "string"}, "namespace": {"type": "string"}}}
SCHEMA = {
    "properties": {
        "spec": {"properties": {"theOwner": REFERENCE}},
        "status": {"properties": {"state": {"type": "string"}}},
    }
}


def test_kinds_are_read_with_their_options(tmp_path: Path) -> None:
    """Only messages that are resources are kinds; what is commented out does not count, and lines are right."""
    file = tmp_path / "proto/api/v2/gadget.proto"
    file.parent.mkdir(parents=True)
    file.write_text(TEXT)
    indexes = (DeclaredIndex("spec.the_owner", "owner"), DeclaredIndex("status.state", "state"))
    assert read_declared(tmp_path) == {
        "Gadget": DeclaredKind("Gadget", "proto/api/v2/gadget.proto:10", indexes, immutable=True),
        "Widget": DeclaredKind("Widget", "proto/api/v2/gadget.proto:29", (), immutable=False),
    }


def test_a_reference_has_two_columns(tmp_path: Path) -> None:
    """By the CRD: what has a name and a namespace there is stored as both."""
    indexes = (DeclaredIndex("spec.the_owner", "owner"), DeclaredIndex("status.state", "state"))
    assert DeclaredKind("Gadget", "", indexes, immutable=False).list_paths(SCHEMA) == {
        "owner_name": "spec.theOwner.name",
        "owner_namespace": "spec.theOwner.namespace",
        "state": "status.state",
    }
    assert read_declared(tmp_path) == {}
