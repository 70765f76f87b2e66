#!/usr/bin/env bash
# Runs the unit tests of the modules that touch raw memory, C and threads, and of those that compute with them, under a
# sanitizer.
#
#     deploy/sanitize.sh address|thread|undefined
#
# Undefined behaviour is looked for in our C alone, because the Swift compiler has checks of its own and no such sanitizer.
# OpenBLAS, oneDNN, libgomp, libjpeg, libpng and zlib come from the system and are not instrumented.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:?give address, thread or undefined}
build=.build/sanitize/$kind
modules=${MODULES:-Platform Tensors JSON Checkpoints Images Models Analysis Jobs Training}
names=$(for module in $modules; do printf '%sTests,' "$module"; done)
export VITSCOPE_TESTS=${names%,}
arguments=(-c release --scratch-path "$build" --product vitscopePackageTests --sanitize "$kind")
case $kind in
address | thread) ;;
undefined) arguments+=(-Xcc -fno-sanitize-recover=undefined) ;;
*)
    echo "deploy/sanitize.sh: give address, thread or undefined, not $kind" >&2
    exit 2
    ;;
esac
swift build "${arguments[@]}"
# Swift frees its singletons never. The threads of OpenMP and BLAS are not instrumented, so one is all they may have.
export ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=halt_on_error=0:exitcode=66 UBSAN_OPTIONS=print_stacktrace=1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
"$build/release/vitscopePackageTests.xctest" --testing-library swift-testing
