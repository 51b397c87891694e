// SPDX-License-Identifier: GPL-3.0-or-later

//! Runs the checks of the fuzz targets on their corpus, so that every test run covers past findings.

#![allow(clippy::unwrap_used)]

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, dead_code)]
mod checks;

use std::fs;
use std::path::Path;

fn for_every_file(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert!(
        files.len() >= 20,
        "{} has {} files",
        folder.display(),
        files.len()
    );
    for file in files {
        // The test harness shows this only if a check fails.
        println!("{}", file.display());
        check(&fs::read(&file).unwrap());
    }
}

#[test]
fn every_policy_of_the_corpus_is_one_or_has_mistakes() {
    for_every_file("policy", checks::policy);
}

#[test]
fn every_reader_file_of_the_corpus_is_one_or_has_a_mistake() {
    for_every_file("reader_file", checks::reader_file);
}

#[test]
fn every_report_of_the_corpus_is_shown() {
    for_every_file("report", checks::report);
}
