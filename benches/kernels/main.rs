//! The kernels with the sizes of the networks and the HOG detector, for each level of vector
//! instructions: `cargo bench --bench kernels`.

#![allow(
    missing_docs,
    reason = "criterion makes functions without documentation"
)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use facematch_kernels::SimdLevel;

mod workloads;

fn kernels(criterion: &mut Criterion) {
    for level in SimdLevel::available() {
        for mut workload in workloads::all(level) {
            let mut group = criterion.benchmark_group(workload.kernel);
            group.throughput(Throughput::Elements(workload.elements as u64));
            let id = BenchmarkId::new(level.name(), &workload.name);
            group.bench_function(id, |bencher| bencher.iter(&mut workload.run));
            group.finish();
        }
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
