//! `cargo fuzz run handshake`: see `tf_framework_fuzz::handshake`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tf_framework_fuzz::handshake::run(data));
