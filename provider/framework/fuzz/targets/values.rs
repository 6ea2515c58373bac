//! `cargo fuzz run values`: see `tf_framework_fuzz::values`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tf_framework_fuzz::values::run(data));
