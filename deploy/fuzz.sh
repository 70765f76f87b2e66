#!/usr/bin/env bash
# Feeds every reader of foreign bytes with what libFuzzer invents, one format after another.
#
#     deploy/fuzz.sh [SECONDS [FORMAT…]]
#
# SECONDS are for each format. What is found stands in .build/fuzz/findings/FORMAT; a finding that was real becomes a file
# in Tests/Attacks/FORMAT, where AttackTests reads it for ever. What libFuzzer keeps as new stands in
# .build/fuzz/corpus/FORMAT and is where the next run begins.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-600}
# Each format has its folder there, as AttackTests sees to.
formats=(Tests/Attacks/*/)
formats=("${formats[@]#Tests/Attacks/}")
formats=("${formats[@]%/}")
[ $# -gt 1 ] && formats=("${@:2}")
build=.build/fuzz/build
export VITSCOPE_FUZZ=1
swift build -c release --scratch-path "$build" --sanitize address --sanitize fuzzer --product Fuzz

status=0
for format in "${formats[@]}"; do
    findings=.build/fuzz/findings/$format corpus=.build/fuzz/corpus/$format seeds=.build/fuzz/seeds/$format
    log=.build/fuzz/$format.log
    mkdir -p "$findings" "$corpus" "$seeds" "Tests/Attacks/$format"
    # What a slow machine calls slow is no finding: half a minute is.
    arguments=(-max_total_time="$seconds" -max_len=16384 -rss_limit_mb=2048 -timeout=30 -report_slow_units=20
        -print_final_stats=1 -artifact_prefix="$findings/")
    export VITSCOPE_FUZZ_TARGET=$format VITSCOPE_FUZZ_SEEDS=$PWD/$seeds
    # Swift frees its singletons never, which the leak detector would tell at every end.
    export ASAN_OPTIONS=detect_leaks=0
    # The first life writes the seeds that the second reads.
    "$build/release/Fuzz" -runs=0 "$seeds" >/dev/null 2>&1
    "$build/release/Fuzz" "${arguments[@]}" "$corpus" "$seeds" "Tests/Attacks/$format" \
        >"$log" 2>&1 || status=1
    rmdir "Tests/Attacks/$format" 2>/dev/null || true
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    printf '%-12s %12s executions, %s findings (%s)\n' "$format" "${runs:-0}" \
        "$(find "$findings" -type f | wc -l)" "$log"
done
exit "$status"
