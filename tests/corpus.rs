// SPDX-License-Identifier: GPL-3.0-or-later

//! The corpus of the fuzz targets, without a fuzzer: every run checks earlier findings.

#![allow(clippy::unwrap_used)]

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, dead_code)]
mod checks;

use std::fs;
use std::path::Path;

fn for_every_file(target: &str, least: usize, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert!(
        files.len() >= least,
        "{} has {} files",
        folder.display(),
        files.len()
    );
    for file in files {
        // Shown only if a check fails.
        println!("{}", file.display());
        check(&fs::read(&file).unwrap());
    }
}

#[test]
fn every_policy_of_the_corpus_is_one_or_has_mistakes() {
    for_every_file("policy", 20, checks::policy);
}

#[test]
fn every_reader_file_of_the_corpus_is_one_or_has_a_mistake() {
    for_every_file("reader_file", 20, checks::reader_file);
}

#[test]
fn every_report_of_the_corpus_is_shown() {
    for_every_file("report", 20, checks::report);
}

#[test]
fn every_search_of_the_corpus_finds_each_choice_once() {
    for_every_file("search", 10, checks::search);
}

#[test]
fn every_history_of_the_corpus_is_left_without_entries_or_alone() {
    for_every_file("history", 10, checks::history);
}

#[test]
fn every_file_of_a_format_in_the_corpus_is_read_or_refused() {
    for_every_file("format", 10, checks::format);
}

#[test]
fn every_call_of_the_corpus_is_one_with_ids_or_refused() {
    for_every_file("service", 10, checks::service);
}
