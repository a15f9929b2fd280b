//! Embeds the built Studio, and rebuilds the crate when a migration is added (`sqlx::migrate!` embeds the
//! folder at compile time).

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What `npm run build` in client-protocol/studio makes.
const STUDIO: &str = "client-protocol/studio/dist";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=migrations");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let dist = root.join(STUDIO);
    let mut files = Vec::new();
    if dist.is_dir() {
        println!("cargo:rerun-if-changed={STUDIO}");
        collect(&dist, &mut files)?;
        files.sort();
    } else {
        // Without the Studio the binary is complete but for the page, which then says what to run. The parent
        // is watched because cargo takes a missing path for one that has always just changed.
        println!("cargo:rerun-if-changed=client-protocol/studio");
    }
    fs::write(out.join("studio_files.rs"), table(&dist, &files))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// The source of a table of paths, as URLs write them, and contents.
fn table(dist: &Path, files: &[PathBuf]) -> String {
    let mut code = String::from("static FILES: &[(&str, &[u8])] = &[\n");
    for file in files {
        let name = file.strip_prefix(dist).unwrap_or(file).to_string_lossy().replace('\\', "/");
        code.push_str(&format!("    ({name:?}, include_bytes!({file:?})),\n"));
    }
    code.push_str("];\n");
    code
}
