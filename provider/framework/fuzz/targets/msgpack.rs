//! `cargo fuzz run msgpack`: see `tf_framework_fuzz::msgpack`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tf_framework_fuzz::msgpack::run(data));
