//! Each target with its corpus and some changes of it: a short form of `cargo xtask fuzz`.

use std::time::Duration;

use ims_fuzz::{
    mutator::Mutator,
    run::{expect_no_failure, run},
    target::{TARGETS, Target},
};

/// For each target. All of them together take about a quarter of a minute on one core.
const DURATION: Duration = Duration::from_millis(500);

#[track_caller]
fn fuzz(targets: &[Target]) {
    for target in targets {
        let corpus = target.corpus().expect("each target has a corpus");
        assert!(!corpus.is_empty(), "the corpus of {} is empty", target.name);
        let length = corpus.len() as u64;
        let outcome = run(*target, &Mutator::new(corpus, 1), length, DURATION);
        if let Err(error) = expect_no_failure(*target, &outcome) {
            panic!("{error}");
        }
    }
}

#[test]
fn no_input_of_the_first_half_of_the_targets_fails() {
    fuzz(&TARGETS[..TARGETS.len() / 2]);
}

#[test]
fn no_input_of_the_second_half_of_the_targets_fails() {
    fuzz(&TARGETS[TARGETS.len() / 2..]);
}

#[test]
fn each_target_has_its_own_name_and_is_one_of_cargo_fuzz_too() {
    let manifest = include_str!("../cargo-fuzz/Cargo.toml");
    let programs = manifest.split("[[bin]]\nname = \"").skip(1);
    let programs: Vec<_> = programs.filter_map(|rest| rest.split('"').next()).collect();
    let mut names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(programs, names);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), TARGETS.len());
}
