#!/usr/bin/env bash
# Runs the unit tests of the modules that touch raw memory, C and threads, and of those that compute with them, under a
# sanitizer.
#
#     deploy/sanitize.sh address|thread|undefined
#
# MODULES="Tensors Models" are those whose tests are built and run, SCRATCH=DIR is where they are built, FILTER=REGEX
# chooses among the tests.
# Undefined behaviour is looked for in C alone, because the Swift compiler has checks of its own and no such sanitizer for
# Linux; it ends the tests with an illegal instruction, because the sanitizer's library is not linked.
# OpenBLAS, oneDNN, libgomp, libjpeg, libpng, libwebp, libtiff, giflib and zlib come from the system and are not instrumented; Tests/Bounds calls
# oneDNN between forbidden pages instead, and every kernel of ours with sizes that no vector fits.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:?give address, thread or undefined}
build=${SCRATCH:-.build/sanitize}/$kind
modules=${MODULES:-Platform Tensors JSON Checkpoints Images Models Analysis Jobs Training}
names=$(for module in $modules; do printf '%sTests,' "$module"; done)
export VITSCOPE_TESTS=${names%,}
arguments=(-c release --scratch-path "$build" --product vitscopePackageTests)
case $kind in
address | thread) arguments+=(--sanitize "$kind") ;;
undefined) arguments+=(-Xcc -fsanitize=undefined -Xcc -fsanitize-trap=undefined) ;;
*)
    echo "deploy/sanitize.sh: give address, thread or undefined, not $kind" >&2
    exit 2
    ;;
esac
if [ "$kind" != thread ]; then
    mkdir -p "$build"
    flags=(-O2 -g -fno-math-errno -fno-trapping-math -fassociative-math -fno-signed-zeros -ffp-contract=fast -Wall -Wextra
        -fsanitize=address,undefined -fno-sanitize-recover=undefined)
    clang "${flags[@]}" -ISources/CKernels -ISources/CKernels/include Sources/CKernels/*.c Tests/Bounds/kernel_bounds.c \
        -lm -o "$build/kernel_bounds" 2> >(grep -v 'Cannot export local symbol' >&2)
    for instructions in "" AVX2 SSE41; do ONEDNN_MAX_CPU_ISA=$instructions "$build/kernel_bounds"; done
    clang -O2 -g -Wall -Wextra -fsanitize=undefined -fno-sanitize-recover=undefined -ISources/COneDNN/include \
        Sources/COneDNN/*.c Tests/Bounds/product_bounds.c -ldnnl -lgomp -lm -lpthread -o "$build/product_bounds"
    OMP_NUM_THREADS=1 "$build/product_bounds"
fi
swift build "${arguments[@]}"
preload=
if [ "$kind" = thread ]; then
    preload=$(realpath "$build")/mutex_events.so
    clang -O2 -Wall -Wextra -fPIC -shared Tests/Bounds/mutex_events.c -o "$preload" -ldl
fi
# Swift frees its singletons never. The threads of OpenMP and BLAS are not instrumented, so one is all they may have.
export ASAN_OPTIONS=detect_leaks=0 TSAN_OPTIONS=halt_on_error=0:exitcode=66 UBSAN_OPTIONS=print_stacktrace=1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
LD_PRELOAD=$preload "$build/release/vitscopePackageTests.xctest" --testing-library swift-testing ${FILTER:+--filter "$FILTER"}
