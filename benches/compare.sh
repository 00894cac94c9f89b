#!/usr/bin/env bash
# Compares the native engine with dlib's C++ on this machine: both in one program, in turn, on the same photos. Prints
# the table of docs/PERFORMANCE.md.
#
#   benches/compare.sh [PHOTOS [ROUNDS]]
#
# PHOTOS is a folder with photos of people (default: the sample photos). Large photos for the whole program are made of
# them in a temporary folder. Of each piece of work the fastest of ROUNDS (default: 12)
# runs counts. Needs what README names for the dlib engine; takes about ten minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
photos=${1:-unknown}
rounds=${2:-12}

cargo build --release --locked --all-features --bin facematch --example compare --example large_photos >&2
target=${CARGO_TARGET_DIR:-target}/release
large=$(mktemp -d)
trap 'rm -rf "$large"' EXIT
"$target/examples/large_photos" "$photos" "$large"

echo "Machine: $(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1), $(nproc) cores; $(rustc --version)"
echo
"$target/examples/compare" "$target/facematch" known "$photos" "$large" "$rounds"
