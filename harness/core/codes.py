"""What a finding may be, whatever its words: the codes that several chapters use.

A code is a noun and what is the matter with it. Known issues name a code, and so may a user's own filters, so that
a changed wording changes no verdict. A chapter adds codes of its own where it needs them.
"""

from __future__ import annotations

COMPONENT_STATE = "component.state"              # a component is not up, or was restarted
CONTROLLER_MISSING = "controller.missing"        # a kind without an Ingester controller
CONTROLLER_UNEXPECTED = "controller.unexpected"  # one that nobody expects, or twice
CONTROLLERMGR_STATE = "controllermgr.state"      # the controller manager does, or is, what it must not

TABLE_MISSING = "table.missing"
TABLE_COLUMN = "table.column"                    # a column that is missing or too narrow
TABLE_TRACE = "table.trace"                      # rows in a table where none belong

LOG_MISSING = "log.missing"                      # a line that the log lacks
LOG_LINE = "log.line"                            # a line that the log has
LOG_SECRET = "log.secret"  # noqa: S105            a password in it

REQUEST_REFUSED = "request.refused"              # what the API server does not accept
OBJECT_FIELD = "object.field"                    # a field is not what it was sent as, or should be
OBJECT_PRUNED = "object.pruned"                  # a field that the CRD does not know
OBJECT_VERSION = "object.version"                # its resourceVersion did not grow, or is none of its own
OBJECT_GONE = "object.gone"                      # it should be there
OBJECT_KEPT = "object.kept"                      # it should have left, or been let go of
FINALIZER_MISSING = "finalizer.missing"
FINALIZER_KEPT = "finalizer.kept"
ANNOTATION_MISSING = "annotation.missing"
ORDER = "order"                                  # what has to come first came second

ROW_MISSING = "row.missing"
ROW_BEHIND = "row.behind"                        # it has not reached the write that is awaited
ROW_LOST = "row.lost"                            # never synced, or gone for good
ROW_DUPLICATE = "row.duplicate"                  # more than one of an object, or more than one live of a name
ROW_STRAY = "row.stray"                          # in a table or namespace where it does not belong
ROW_VERSION = "row.version"                      # at a version that the object never had
ROW_OVERTAKEN = "row.overtaken"                  # back at an older version
ROW_COLUMN = "row.column"
ROW_JSON = "row.json"
ROW_PROTO = "row.proto"
ROW_LABELS = "row.labels"
ROW_ANNOTATIONS = "row.annotations"
ROW_TIME = "row.time"                            # create_time, update_time or delete_time
ROW_LIVE = "row.live"                            # it should be soft-deleted
ROW_DELETED = "row.deleted"                      # it should be live
ROW_CHANGED = "row.changed"                      # it should be as it was
ROW_REWRITTEN = "row.rewritten"                  # again and again, for no other version

ISSUE_UNKNOWN = "issue.unknown"                  # what another profile's known issue explained
