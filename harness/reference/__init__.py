"""An ingester of the project's own: the contract, executable, and something to try the harness against.

It is a process of its own (`python -m harness.reference`), started and configured like Michelangelo's
controller manager. Of the harness it knows only the vocabulary (`harness.spec.model`) and the facts
(`harness.spec.kinds`, the profiles): neither its checks nor its sandbox, so that the two can't agree on a mistake.

Read `reconciler` first (the contract of one reconcile), then `row` and `store` (what reaches MySQL),
`controller`, `workqueue` and `informer` (when that happens), and `process` (how it all comes together).
`business` simulates the controllers that share the process with the ingester.
"""
