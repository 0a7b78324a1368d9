"""What versions do differently with the objects of a kind; the defaults are those of the seed report's version."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Behaviour:
    """How the ingester of one kind behaves, beyond what all versions share."""

    adds_finalizer: bool = False          # in a reconcile of its own, before the first row
    merges_finalizers: bool = False       # it takes its own off by a merge patch of the whole list
    tolerates_missing_row: bool = False   # a soft delete that finds no row is done
    deletes_first: bool = False           # the annotation: Kubernetes' delete, and the finalizer goes after it
    retains: bool = False                 # the row of a deleted object stays live, with the final state
    deletion_delay_s: float = 0.0         # from deletionTimestamp to the soft delete
