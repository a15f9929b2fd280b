//! The one secret: from the settings, from a file, or made on first start and kept with mode 600.
//!
//! Two processes that start at the same time on the same folder end with the same secret.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::config::{Auth, ConfigError, check_secret};

/// The made secret, within the data folder.
const FILE: &str = "jwt.secret";

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file can't be read, or a new one can't be written.
    #[error("secret file {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It is there and can be guessed.
    #[error(transparent)]
    Weak(#[from] ConfigError),
    /// The system has no randomness.
    #[error("no randomness for a new secret: {0}")]
    Random(getrandom::Error),
}

/// The secret that the settings name, or the one in the data folder, made when missing.
///
/// # Errors
/// See [`SecretError`].
pub fn load_secret(settings: &Auth, data: &Path) -> Result<SecretString, SecretError> {
    if let Some(secret) = &settings.jwt_secret {
        return Ok(secret.clone());
    }
    if let Some(path) = &settings.jwt_secret_file {
        return read(path, "auth.jwt_secret_file");
    }
    let path = data.join(FILE);
    match read(&path, FILE) {
        Err(SecretError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
            make(&path)?;
            read(&path, FILE)
        }
        found => found,
    }
}

fn read(path: &Path, key: &'static str) -> Result<SecretString, SecretError> {
    let fail = |source| SecretError::File { path: path.to_owned(), source };
    let secret = SecretString::from(fs::read_to_string(path).map_err(fail)?.trim().to_owned());
    check_secret(key, secret.expose_secret())?;
    let mode = fs::metadata(path).map_err(fail)?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "the secret file can be read by others: chmod 600 it");
    }
    Ok(secret)
}

/// Writes a whole file aside and links it into place: a link never replaces, so the first one wins, and nobody
/// sees half a secret.
fn make(path: &Path) -> Result<(), SecretError> {
    let fail = |source| SecretError::File { path: path.to_owned(), source };
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(SecretError::Random)?;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();

    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(fail)?;
    let aside = folder.join(format!(".{FILE}.{}", uuid::Uuid::new_v4().simple()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&aside)
        .and_then(|mut file| {
            writeln!(file, "{hex}")?;
            file.sync_all()
        })
        .and_then(|()| match fs::hard_link(&aside, path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        })
        .and_then(|()| fs::File::open(folder)?.sync_all());
    let removed = fs::remove_file(&aside);
    written.and(removed).map_err(fail)
}
