"""The scenario: what is sent, what is awaited, what is checked, what is known to go wrong.

`run` carries out the steps and remembers them, `checks` judges what they brought, `verdict` turns a failure
into a known issue where the profile expects it. The tests in `tests/acceptance` only name step and check.
"""
