// SPDX-License-Identifier: GPL-3.0-or-later

//! The layers of the program: each folder of `src` imports only from those below it, and no two
//! files import each other, not even through others.
//!
//! A module and the files in its folder may import each other, since several files may have methods
//! of one type.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The lowest layer first. Folders of one layer do not import each other.
const LAYERS: &[&[&str]] = &[
    &["app"],
    &["system"],
    &["formats"],
    &["choices"],
    &["policy", "history", "reports"],
    &[
        "cli",
        "search_provider",
        "system_service",
        "ui",
        "zeitgeist",
    ],
];

/// The programs: separate crates, whose `crate::` is their folder.
const PROGRAMS: [&str; 5] = [
    "cli",
    "search_provider",
    "system_service",
    "ui",
    "zeitgeist",
];

/// An import: its line, and the imported path from `src` on.
#[derive(Debug, PartialEq, Eq)]
struct Import {
    line: usize,
    path: Vec<String>,
    /// Whether it is a re-export for other modules rather than a use in this file.
    is_reexport: bool,
}

/// The modules by their path from `src` on: `choices::change`.
type Modules = BTreeMap<Vec<String>, (PathBuf, Vec<Import>)>;

fn rank(module: &[String]) -> Option<usize> {
    let top = module.first()?;
    LAYERS
        .iter()
        .position(|layer| layer.contains(&top.as_str()))
}

/// Splits at commas outside braces.
fn parts(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&list[start..]);
    found.retain(|part| !part.trim().is_empty());
    found
}

/// Collects the paths in the tree of a `use`.
fn leaves(tree: &str, before: &[String], found: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    let (head, list) = match tree.split_once('{') {
        Some((head, rest)) => (head, Some(rest.trim_end().trim_end_matches('}'))),
        None => (tree.split(" as ").next().unwrap_or(tree), None),
    };
    let mut path = before.to_vec();
    let words = head.split("::").map(str::trim);
    path.extend(
        words
            .filter(|word| !word.is_empty() && *word != "self" && *word != "*")
            .map(str::to_owned),
    );
    match list {
        // The list's own closing brace, not that of a nested list.
        Some(_) => {
            let open = tree.find('{').unwrap_or_default();
            let close = tree.rfind('}').unwrap_or(tree.len());
            for part in parts(&tree[open + 1..close]) {
                leaves(part, &path, found);
            }
        }
        None => found.push(path),
    }
}

/// A path in a file of `module`, resolved from `src` on. `None` for items of other crates.
fn resolved(mut path: Vec<String>, module: &[String]) -> Option<Vec<String>> {
    let program = PROGRAMS
        .iter()
        .find(|program| module.first().is_some_and(|top| top == *program));
    let mut base: Vec<String> = match path.first()?.as_str() {
        "privacy_panel" => Vec::new(),
        "crate" => program
            .map(|program| (*program).to_owned())
            .into_iter()
            .collect(),
        "super" => module[..module.len() - 1].to_vec(),
        _ => return None,
    };
    path.remove(0);
    while path.first().is_some_and(|word| word == "super") {
        base.pop();
        path.remove(0);
    }
    base.extend(path);
    Some(base)
}

/// Everything that a file imports, except in its tests.
fn imports(text: &str, module: &[String]) -> Vec<Import> {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let mut found = Vec::new();
    let mut statement: Option<(usize, String)> = None;
    for (number, line) in code.lines().enumerate() {
        let trimmed = line.split("//").next().unwrap_or_default().trim();
        let is_use = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "]
            .iter()
            .any(|start| trimmed.starts_with(start));
        if statement.is_none() && !is_use {
            // A path inside code.
            for root in ["crate::", "privacy_panel::", "super::"] {
                let mut rest = trimmed;
                while let Some(at) = rest.find(root) {
                    let is_word =
                        rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
                    let tail = &rest[at..];
                    let end = tail
                        .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'))
                        .unwrap_or(tail.len());
                    if !is_word {
                        let words = tail[..end].split("::").filter(|word| !word.is_empty());
                        let path = words.map(str::to_owned).collect();
                        // Inside `mod imp`, `super` is the file itself.
                        if root != "super::" || !line.starts_with(' ') {
                            found.extend(resolved(path, module).map(|path| Import {
                                line: number + 1,
                                path,
                                is_reexport: false,
                            }));
                        }
                    }
                    rest = &tail[end..];
                }
            }
            continue;
        }
        let (first, mut text) = statement.take().unwrap_or((number + 1, String::new()));
        text.push_str(trimmed);
        text.push(' ');
        if !trimmed.ends_with(';') {
            statement = Some((first, text));
            continue;
        }
        if text.contains("super") && line.starts_with(' ') {
            continue;
        }
        let is_reexport = text.starts_with("pub");
        let tree = text.split_once("use ").map_or("", |(_, tree)| tree);
        let mut paths = Vec::new();
        leaves(tree.trim().trim_end_matches(';'), &[], &mut paths);
        found.extend(paths.into_iter().filter_map(|path| {
            Some(Import {
                line: first,
                path: resolved(path.clone(), module).or_else(|| {
                    // A child module by its bare name.
                    is_reexport.then(|| module.iter().cloned().chain(path).collect())
                })?,
                is_reexport,
            })
        }));
    }
    found
}

fn read(folder: &Path, module: &[String], modules: &mut Modules) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let inner: Vec<_> = module.iter().cloned().chain([name]).collect();
            read(&path, &inner, modules);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let is_root = name == "lib" || name == "main";
            let own: Vec<_> = module
                .iter()
                .cloned()
                .chain((!is_root).then_some(name))
                .collect();
            if own.last().is_some_and(|name| name == "tests") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let found = imports(&text, &own);
            modules.insert(own, (path, found));
        }
    }
}

/// The module that defines what a path names, following its parents' re-exports.
fn target(path: &[String], modules: &Modules) -> Option<Vec<String>> {
    let mut path = path.to_vec();
    for _ in 0..8 {
        let module = (1..=path.len())
            .rev()
            .map(|length| &path[..length])
            .find(|part| modules.contains_key(*part))?
            .to_vec();
        let Some(name) = path.get(module.len()) else {
            return Some(module);
        };
        let (_, imports) = &modules[&module];
        let reexport = imports
            .iter()
            .find(|import| import.is_reexport && import.path.last() == Some(name));
        match reexport {
            Some(import) if import.path != path => path.clone_from(&import.path),
            _ => return Some(module),
        }
    }
    None
}

fn modules(source: &Path) -> Modules {
    let mut modules = Modules::new();
    read(source, &[], &mut modules);
    modules
}

/// Every import from a higher layer or across a layer, with file and line.
fn wrong_imports(modules: &Modules) -> Vec<String> {
    let mut wrong = Vec::new();
    for (module, (file, imports)) in modules {
        let Some(own) = rank(module) else { continue };
        for import in imports {
            let Some(other) = rank(&import.path) else {
                continue;
            };
            if other > own || (other == own && import.path.first() != module.first()) {
                wrong.push(format!(
                    "{}:{}: {} may not import {}",
                    file.display(),
                    import.line,
                    module.join("::"),
                    import.path.join("::"),
                ));
            }
        }
    }
    wrong
}

/// The circles of imports, each once.
fn circles(modules: &Modules) -> Vec<String> {
    let is_family = |a: &[String], b: &[String]| a.starts_with(b) || b.starts_with(a);
    let mut arrows: BTreeMap<&[String], BTreeSet<Vec<String>>> = BTreeMap::new();
    for (module, (_, imports)) in modules {
        let targets = imports
            .iter()
            .filter(|import| !import.is_reexport)
            .filter_map(|import| target(&import.path, modules))
            .filter(|other| !is_family(module, other));
        arrows.insert(module, targets.collect());
    }
    let reachable = |from: &[String]| {
        let mut seen: BTreeSet<Vec<String>> = BTreeSet::new();
        let mut next: Vec<Vec<String>> = arrows[from].iter().cloned().collect();
        while let Some(module) = next.pop() {
            if let Some(further) = arrows.get(module.as_slice()) {
                next.extend(
                    further
                        .iter()
                        .filter(|other| !seen.contains(*other))
                        .cloned(),
                );
            }
            seen.insert(module);
        }
        seen
    };
    let reached: BTreeMap<_, _> = modules
        .keys()
        .map(|module| (module.clone(), reachable(module)))
        .collect();
    let mut found = BTreeSet::new();
    for (module, others) in &reached {
        if others.contains(module) {
            let circle: Vec<_> = others
                .iter()
                .filter(|other| {
                    reached
                        .get(*other)
                        .is_some_and(|back| back.contains(module))
                })
                .map(|other| other.join("::"))
                .collect();
            found.insert(circle.join(", "));
        }
    }
    found.into_iter().collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn no_import_runs_up_or_across_the_layers() {
    let wrong = wrong_imports(&modules(&source()));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let circles = circles(&modules(&source()));
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

#[test]
fn every_folder_of_the_source_has_a_layer() {
    for module in modules(&source())
        .keys()
        .filter(|module| !module.is_empty())
    {
        assert!(rank(module).is_some(), "{} has no layer", module.join("::"));
    }
}

#[test]
fn an_import_that_runs_up_is_found_with_its_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        (
            "system/a.rs",
            "//! A.\n\nuse std::io;\nuse crate::{\n    app::NAME,\n    choices::{self, b::B as C},\n};\n",
        ),
        (
            "choices/b.rs",
            "use crate::system::a;\npub struct B;\nfn f() { crate::policy::d::f() }\n",
        ),
        ("policy/d.rs", "use crate::history::e::E;\n"),
        (
            "history/e.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::policy::d;\n}\n",
        ),
        ("app.rs", ""),
    ] {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let modules = modules(folder.path());
    let at = |name: &str| folder.path().join(name).display().to_string();
    assert_eq!(
        wrong_imports(&modules),
        [
            format!(
                "{}:3: choices::b may not import policy::d::f",
                at("choices/b.rs")
            ),
            format!(
                "{}:1: policy::d may not import history::e::E",
                at("policy/d.rs")
            ),
            format!("{}:4: system::a may not import choices", at("system/a.rs")),
            format!(
                "{}:4: system::a may not import choices::b::B",
                at("system/a.rs")
            ),
        ]
    );
}

#[test]
fn a_circle_is_found_through_other_files_and_through_re_exports() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("choices.rs", "mod a;\nmod b;\nmod c;\npub use c::C;\n"),
        (
            "choices/a.rs",
            "use super::b::B;\nuse crate::choices::a::inner;\nmod inner;\npub struct A;\n",
        ),
        ("choices/a/inner.rs", "use crate::choices::a::A;\n"),
        ("choices/b.rs", "use crate::choices::C;\npub struct B;\n"),
        ("choices/c.rs", "use crate::choices::a::A;\npub struct C;\n"),
    ] {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    assert_eq!(
        circles(&modules(folder.path())),
        ["choices::a, choices::b, choices::c"]
    );
}
