//! Immutable blobs in local files: snapshots and revisions that are too big for a row.
//!
//! A key names the SHA-256 of its bytes, so that a blob proves itself, and a UUID, so that no two
//! rows ever share one and it can be deleted with its row. Must not know what the bytes mean.

use std::fmt;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Age after which a temporary file can't belong to a write that is still going on.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// Where blobs are written before they get their name.
const TEMPORARY: &str = "tmp";
/// Longest key, bytes; ours have 120.
const MAX_KEY_BYTES: usize = 200;

/// The name of a blob: path segments of a-z, 0-9 and '-', the last one beginning with the SHA-256 of the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobKey(String);

impl BlobKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn new(folder: &str, bytes: &[u8]) -> Result<Self, BlobError> {
        let hash = hex(bytes);
        let shard = hash.get(..2).unwrap_or_default();
        format!("{folder}/{shard}/{hash}-{}", Uuid::new_v4().simple()).parse()
    }

    fn proves(&self, bytes: &[u8]) -> bool {
        let name = self.0.rsplit('/').next().unwrap_or_default();
        name.split('-').next() == Some(hex(bytes).as_str())
    }
}

impl FromStr for BlobKey {
    type Err = BlobError;
    fn from_str(text: &str) -> Result<Self, BlobError> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let sound = text.len() <= MAX_KEY_BYTES
            && text.split('/').count() > 1
            && text.split('/').all(|part| !part.is_empty() && part.bytes().all(good))
            && text.split('/').next() != Some(TEMPORARY);
        if sound { Ok(Self(text.to_owned())) } else { Err(BlobError::BadKey) }
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a blob could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// Not a key of this store.
    #[error("a blob key has segments of a-z, 0-9 and '-' only")]
    BadKey,
    /// Nothing is stored under the key.
    #[error("blob {0} is missing")]
    Missing(String),
    /// The bytes are not those that the key names, or something else lies in their place.
    #[error("blob {0} is corrupt")]
    Corrupt(String),
    /// The disk said no.
    #[error("blobs: {0}")]
    Io(String),
}

/// A folder of blobs.
#[derive(Debug, Clone)]
pub struct Blobs {
    root: Arc<Path>,
}

impl Blobs {
    /// Opens the folder, making it (mode 700) where it does not exist.
    ///
    /// # Errors
    /// [`BlobError::Io`] when the folder can't be made.
    pub fn open(root: &Path) -> Result<Self, BlobError> {
        make_private_dir(root).map_err(io(root))?;
        // The root itself may be a link (blobs on another disk); nothing beneath it may.
        let root = &root.canonicalize().map_err(io(root))?;
        let temporary = root.join(TEMPORARY);
        make_private_dir(&temporary).map_err(io(&temporary))?;
        remove_stale(&temporary);
        Ok(Self { root: root.as_path().into() })
    }

    /// Stores the bytes durably under a new key in `folder`: when this returns, they survive a power cut.
    ///
    /// # Errors
    /// [`BlobError::Io`]; nothing is stored then.
    pub async fn put(&self, folder: &'static str, bytes: Bytes) -> Result<BlobKey, BlobError> {
        let root = Arc::clone(&self.root);
        blocking(move || {
            let key = BlobKey::new(folder, &bytes)?;
            write(&root, &key, &bytes).map(|()| key)
        })
        .await
    }

    /// The bytes of a blob, checked against its key.
    ///
    /// # Errors
    /// See [`BlobError`].
    pub async fn get(&self, key: &BlobKey) -> Result<Bytes, BlobError> {
        let (root, key) = (Arc::clone(&self.root), key.clone());
        blocking(move || {
            let path = beneath(&root, &key)?;
            let bytes = fs::read(&path).map_err(|e| failed(&key, &e))?;
            if key.proves(&bytes) { Ok(bytes.into()) } else { Err(BlobError::Corrupt(key.0)) }
        })
        .await
    }

    /// Removes a blob; one that is not there is removed already.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        let (root, key) = (Arc::clone(&self.root), key.clone());
        blocking(move || match beneath(&root, &key) {
            Err(BlobError::Missing(_)) => Ok(()),
            Err(other) => Err(other),
            Ok(path) => match fs::remove_file(&path) {
                Err(e) if e.kind() != ErrorKind::NotFound => Err(failed(&key, &e)),
                _ => Ok(()),
            },
        })
        .await
    }

    /// All keys in the folder, sorted: for an integrity check.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    pub async fn keys(&self) -> Result<Vec<BlobKey>, BlobError> {
        let root = Arc::clone(&self.root);
        blocking(move || list(&root)).await
    }
}

/// Makes a folder that only its owner can enter; one that exists stays as it is.
pub(super) fn make_private_dir(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes the names in a folder durable.
pub(super) fn sync_dir(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}

fn write(root: &Path, key: &BlobKey, bytes: &[u8]) -> Result<(), BlobError> {
    let target = root.join(key.as_str());
    let folder = target.parent().ok_or(BlobError::BadKey)?;
    refuse_links_on_the_way(root, key)?;
    make_durable_dirs(root, folder)?;
    let temporary = root.join(TEMPORARY).join(Uuid::new_v4().simple().to_string());
    let stored = (|| {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, &target)?;
        sync_dir(folder)
    })();
    stored.map_err(|e| {
        // Left where it can't be removed: the next start removes it.
        drop(fs::remove_file(&temporary));
        BlobError::Io(format!("{key}: {e}"))
    })
}

/// Makes the folders between `root` and `folder`, and their names durable.
fn make_durable_dirs(root: &Path, folder: &Path) -> Result<(), BlobError> {
    if folder.is_dir() {
        return Ok(());
    }
    make_private_dir(folder).map_err(io(folder))?;
    let mut upper = folder.parent();
    while let Some(dir) = upper {
        sync_dir(dir).map_err(io(dir))?;
        if dir == root {
            break;
        }
        upper = dir.parent();
    }
    Ok(())
}

/// The path of an existing blob, of which no part below the root is a symbolic link.
fn beneath(root: &Path, key: &BlobKey) -> Result<PathBuf, BlobError> {
    refuse_links_on_the_way(root, key)?;
    let path = root.join(key.as_str());
    let kind = fs::symlink_metadata(&path).map_err(|e| failed(key, &e))?.file_type();
    if kind.is_file() { Ok(path) } else { Err(BlobError::Corrupt(key.0.clone())) }
}

fn refuse_links_on_the_way(root: &Path, key: &BlobKey) -> Result<(), BlobError> {
    let mut path = root.to_owned();
    for part in key.as_str().split('/') {
        path.push(part);
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_symlink() => return Err(BlobError::Corrupt(key.0.clone())),
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(failed(key, &e)),
        }
    }
    Ok(())
}

fn list(root: &Path) -> Result<Vec<BlobKey>, BlobError> {
    let mut keys = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(io(&folder))? {
            let entry = entry.map_err(io(&folder))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(io(&path))?;
            let name = path.strip_prefix(root).ok().and_then(Path::to_str).unwrap_or_default();
            if kind.is_dir() && name != TEMPORARY {
                folders.push(path);
            } else if let (true, Ok(key)) = (kind.is_file(), name.parse()) {
                keys.push(key);
            }
        }
    }
    keys.sort();
    Ok(keys)
}

/// Removes what writes that never ended left behind; failing that is harmless.
fn remove_stale(temporary: &Path) {
    for entry in fs::read_dir(temporary).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|m| m.modified()).map(|t| t.elapsed());
        if matches!(age, Ok(Ok(age)) if age > STALE) {
            drop(fs::remove_file(entry.path()));
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| Err(BlobError::Io(e.to_string())))
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        text.extend([byte >> 4, byte & 15].map(|d| char::from_digit(d.into(), 16).unwrap_or('0')));
        text
    })
}

fn failed(key: &BlobKey, error: &std::io::Error) -> BlobError {
    match error.kind() {
        ErrorKind::NotFound => BlobError::Missing(key.0.clone()),
        _ => BlobError::Io(format!("{key}: {error}")),
    }
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> BlobError + '_ {
    move |e| BlobError::Io(format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> (tempfile::TempDir, Blobs) {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&dir.path().join("blobs")).unwrap();
        (dir, blobs)
    }

    #[test]
    fn keys_can_name_nothing_outside_the_folder() {
        for bad in [
            "",
            "a",
            "/",
            "a/",
            "/a",
            "a//b",
            "../a",
            "a/../b",
            "a/./b",
            "A/b",
            "a/b.c",
            "a\\b/c",
            "a/b\0",
            "ä/b",
            "a/ b",
            "tmp/x",
            &format!("a/{}", "b".repeat(MAX_KEY_BYTES)),
        ] {
            assert_eq!(bad.parse::<BlobKey>(), Err(BlobError::BadKey), "{bad:?}");
        }
        let key = BlobKey::new("snapshots", b"bytes").unwrap();
        assert_eq!(key.as_str().parse(), Ok(key.clone()));
        assert!(key.proves(b"bytes") && !key.proves(b"bytez"));
    }

    #[tokio::test]
    async fn the_same_bytes_twice_are_two_blobs_that_come_and_go_by_themselves() {
        let (_dir, blobs) = open();
        let bytes = Bytes::from_static(b"the same");
        let one = blobs.put("snapshots", bytes.clone()).await.unwrap();
        let two = blobs.put("snapshots", bytes.clone()).await.unwrap();
        assert_ne!(one, two);
        let mut keys = vec![one.clone(), two.clone()];
        keys.sort();
        assert_eq!(blobs.keys().await, Ok(keys));
        blobs.delete(&one).await.unwrap();
        blobs.delete(&one).await.unwrap();
        assert_eq!(blobs.get(&one).await, Err(BlobError::Missing(one.to_string())));
        assert_eq!(blobs.get(&two).await, Ok(bytes));
        assert_eq!(fs::read_dir(blobs.root.join(TEMPORARY)).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn changed_bytes_are_never_handed_out() {
        let (_dir, blobs) = open();
        let key = blobs.put("snapshots", Bytes::from(vec![5; 1000])).await.unwrap();
        let path = blobs.root.join(key.as_str());
        let good = fs::read(&path).unwrap();
        let cut = good.get(..999).unwrap().to_vec();
        let flipped = [&[4_u8][..], good.get(1..).unwrap()].concat();
        for bad in [cut, flipped, Vec::new()] {
            fs::write(&path, bad).unwrap();
            assert_eq!(blobs.get(&key).await, Err(BlobError::Corrupt(key.to_string())));
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_symbolic_link_is_followed_nowhere_below_the_root() {
        use std::os::unix::fs::symlink;
        let (dir, blobs) = open();
        let bytes = Bytes::from_static(b"elsewhere");
        let key = blobs.put("snapshots", bytes.clone()).await.unwrap();
        let (path, away) = (blobs.root.join(key.as_str()), dir.path().join("away"));
        fs::rename(&path, &away).unwrap();
        symlink(&away, &path).unwrap();
        assert_eq!(blobs.get(&key).await, Err(BlobError::Corrupt(key.to_string())));
        let folder = dir.path().join("folder");
        fs::create_dir(&folder).unwrap();
        symlink(&folder, blobs.root.join("revisions")).unwrap();
        assert!(blobs.put("revisions", bytes).await.is_err());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing was made there");
    }

    #[test]
    fn opening_removes_what_old_writes_left_and_nothing_younger() {
        let (dir, blobs) = open();
        let (old, young) = (blobs.root.join("tmp/old"), blobs.root.join("tmp/young"));
        for path in [&old, &young] {
            fs::write(path, b"half").unwrap();
        }
        let long_ago = std::time::SystemTime::now() - STALE - Duration::from_secs(60);
        File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
        Blobs::open(&dir.path().join("blobs")).unwrap();
        assert!(!old.exists() && young.exists());
    }
}
