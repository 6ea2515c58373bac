//! `cargo fuzz run plan`: see `tf_framework_fuzz::plan`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tf_framework_fuzz::plan::run(data));
