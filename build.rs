// SPDX-License-Identifier: GPL-3.0-or-later

//! Lists the reader files of `data/readers.d`, so that adding a reader takes only its file, and has
//! the linker pack relocations.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

const FOLDER: &str = "data/readers.d";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={FOLDER}");
    println!("cargo::rerun-if-changed=build.rs");
    // The tables of relocations take a fortieth of the programs, and are read before anything else.
    // glibc has unpacked them since 2.36, and an older linker ignores the option.
    println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    let manifest = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let mut names = Vec::new();
    for entry in fs::read_dir(Path::new(&manifest).join(FOLDER))? {
        let name = entry?.file_name().into_string();
        let is_reader = |name: &String| Path::new(name).extension() == Some("toml".as_ref());
        names.extend(name.ok().filter(is_reader));
    }
    names.sort_unstable();
    let mut list = String::from("&[\n");
    for name in names {
        // Writing into a string cannot fail.
        let _ = writeln!(
            list,
            "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/{FOLDER}/{name}\"))),"
        );
    }
    list.push_str("]\n");
    fs::write(Path::new(&out).join("shipped.rs"), list)
}
