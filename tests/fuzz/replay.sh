#!/bin/bash
# Replays what fuzzing starts from and what it has found, a line for each target, and the corpora of
# others on the targets that read SIP, where they are (../shared/corpora, or NX_CORPORA).
#   tests/fuzz/replay.sh DIRECTORY       (of the programs)
# Of a corpus file every prefix is an input of its own.
set -uo pipefail
cd "$(dirname "$0")/../.."

programs=$1
corpora=${NX_CORPORA:-../shared/corpora}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0

# replay NAME WHAT ARGUMENT...
replay() {
	local name=$1 what=$2
	shift 2
	if "$programs/$name" "$@" >"$log" 2>&1; then
		printf '  ok      fuzz %-15s %s: %s\n' "$name" "$what" "$(tail -1 "$log")"
	else
		tail -20 "$log"
		printf '  FAIL    fuzz %-15s %s\n' "$name" "$what"
		status=1
	fi
}

for program in "$programs"/*; do
	name=${program##*/}
	replay "$name" seeds "tests/fuzz/corpus/$name"
done
if [[ -d $corpora ]]; then
	for name in sip reply; do
		replay "$name" corpora -l -p 1 "$corpora"
	done
	for name in differential burst; do
		replay "$name" corpora -l "$corpora"
	done
else
	echo '  skipped: no corpora'
fi
exit "$status"
