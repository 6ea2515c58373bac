//! Every seed keeps the promises of its target: this is what can be tested without a fuzzer.

#![expect(
    clippy::print_stdout,
    reason = "the last name is that of the seed which broke a promise"
)]

use std::fs;
use std::path::Path;

use tf_framework_fuzz::TARGETS;

#[test]
fn every_seed_keeps_the_promises_of_its_target() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for (name, run) in TARGETS {
        let mut count = 0;
        for seed in fs::read_dir(seeds.join(name)).expect("the target has seeds") {
            let path = seed.expect("an entry").path();
            println!("{}", path.display());
            run(&fs::read(&path).expect("the seed can be read"));
            count += 1;
        }
        assert!(count > 0, "{name} has no seeds");
    }
}
