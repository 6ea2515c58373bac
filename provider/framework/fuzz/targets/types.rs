//! `cargo fuzz run types`: see `tf_framework_fuzz::types`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tf_framework_fuzz::types::run(data));
