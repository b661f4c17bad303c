#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| edgequake_types_fuzz::pages(data));
