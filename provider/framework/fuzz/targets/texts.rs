//! `cargo fuzz run texts`: see `tf_framework_fuzz::texts`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tf_framework_fuzz::texts::run(data));
