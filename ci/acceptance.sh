#!/usr/bin/env bash
# The acceptance tests as a step of any CI system: installs the harness from this very checkout, runs it with the options
# given, and ends with its exit code. On GitHub it also leaves a step summary, annotations and outputs.
#
#   ci/acceptance.sh --michelangelo .          # any option of `ingester-acceptance run`
#
# INGESTER_ACCEPTANCE_VENV     where the harness is installed, or is already; a folder of the machine's temporary files
# INGESTER_ACCEPTANCE_EXTRAS   extras to install, such as [michelangelo]
# INGESTER_OPTION_REPORTS      where reports go (reports)
# PYTHON                       the interpreter to install it with (python3)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${INGESTER_ACCEPTANCE_VENV:-${RUNNER_TEMP:-${TMPDIR:-/tmp}}/ingester-acceptance-venv}
export INGESTER_OPTION_REPORTS=${INGESTER_OPTION_REPORTS:-reports}
record=$INGESTER_OPTION_REPORTS/latest/report.json

if [ ! -x "$venv/bin/ingester-acceptance" ]; then
  "${PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/pip" install --quiet "$here${INGESTER_ACCEPTANCE_EXTRAS:-}"
fi

before=$(readlink -f "$record" || true)
code=0
"$venv/bin/ingester-acceptance" run "$@" || code=$?
after=$(readlink -f "$record" || true)

if [ -f "$record" ] && [ "$before" != "$after" ]; then   # else the run came to no report of its own
  if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    "$venv/bin/ingester-acceptance" report summary "$record" >>"$GITHUB_STEP_SUMMARY"
  fi
  if [ "${GITHUB_ACTIONS:-}" = true ]; then
    "$venv/bin/ingester-acceptance" report annotations "$record"
  fi
  if [ -n "${GITHUB_OUTPUT:-}" ]; then
    echo "report=$(dirname "$after")" >>"$GITHUB_OUTPUT"
  fi
fi
exit "$code"
