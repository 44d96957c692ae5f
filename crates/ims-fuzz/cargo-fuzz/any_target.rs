//! Every target under libFuzzer: the name of the program says which one.

#![no_main]

use ims_fuzz::target::Target;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let target = Target::named(env!("CARGO_BIN_NAME")).expect("each program is called like a target");
    (target.run)(input);
});
