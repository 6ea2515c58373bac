//! `cargo fuzz run state`: see `tf_framework_fuzz::state`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tf_framework_fuzz::state::run(data));
