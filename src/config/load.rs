//! Where settings come from: defaults, then a TOML file, then `ATELIER_…` variables, then the command line.
//!
//! Everything is read through [`Sources`], so that tests need no process environment.

use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use serde_json::{Map, Value};

use super::Config;

/// Variables that other parts of the project use and that are no settings.
const NOT_SETTINGS: [&str; 4] =
    ["ATELIER_CONFIG", "ATELIER_CORPUS", "ATELIER_BIN", "ATELIER_BLESS"];
/// Prefixes of variables that only the tests read.
const FOR_TESTS: [&str; 2] = ["ATELIER_TEST_", "ATELIER_FUZZ_"];
/// The short name of the one secret that every deployment sets.
const SECRET: (&str, &str) = ("ATELIER_JWT_SECRET", "auth.jwt_secret");

/// What settings are read from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// `--config`; wins over `ATELIER_CONFIG`.
    pub file: Option<PathBuf>,
    /// Variables, name and value.
    pub vars: Vec<(String, String)>,
    /// Settings of the command line, such as `server.listen`; they win over all others.
    pub overrides: Vec<(&'static str, String)>,
}

/// Why the settings can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("configuration file {path}: {why}")]
    File {
        /// As given.
        path: String,
        /// The system's reason.
        why: String,
    },
    /// A variable that looks like a setting and is none.
    #[error("{var} is no setting{hint}; docs/configuration.md lists all")]
    UnknownVariable {
        /// Its name.
        var: String,
        /// ` (did you mean …?)` or empty.
        hint: String,
    },
    /// A value of the wrong type, an unknown key, or a text that is no TOML.
    #[error("{0}")]
    Value(String),
    /// A value or a combination that can't work or would be unsafe.
    #[error("{key} {why}")]
    Refused {
        /// The setting.
        key: &'static str,
        /// What is wrong, and what to do.
        why: String,
    },
}

impl Sources {
    /// The environment of this process: the only place that reads it.
    pub fn from_env() -> Self {
        let vars = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("ATELIER_"))
            .collect();
        Self { vars, ..Self::default() }
    }

    /// Reads and checks all settings.
    ///
    /// # Errors
    /// The first thing at fault, as one sentence.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let defaults = serde_json::to_value(Config::default())
            .map_err(|error| ConfigError::Value(error.to_string()))?;
        let mut figment = Figment::from(Serialized::defaults(&defaults));
        if let Some(path) = self.file() {
            figment = figment.merge(Toml::string(&read(&path)?));
        }
        figment = figment
            .merge(Serialized::defaults(self.variables(&defaults)?))
            .merge(Serialized::defaults(self.command_line(&defaults)?));
        let config: Config = figment.extract().map_err(|error| explain(&error))?;
        config.check()?;
        Ok(config)
    }

    fn file(&self) -> Option<PathBuf> {
        let named = || self.vars.iter().find(|(name, _)| name == "ATELIER_CONFIG");
        self.file
            .clone()
            .or_else(|| named().filter(|(_, v)| !v.is_empty()).map(|(_, v)| PathBuf::from(v)))
    }

    /// The variables as a tree like the defaults. An empty value counts as not given.
    fn variables(&self, defaults: &Value) -> Result<Value, ConfigError> {
        let mut tree = Value::Object(Map::new());
        for (name, text) in &self.vars {
            if is_foreign(name) || text.is_empty() {
                continue;
            }
            let key = setting_of(name);
            let Some(default) = key.as_deref().and_then(|key| lookup(defaults, key)) else {
                return Err(ConfigError::UnknownVariable {
                    var: name.clone(),
                    hint: hint(name, defaults),
                });
            };
            let key = key.unwrap_or_default();
            insert(&mut tree, &key, typed(name, text, default)?);
        }
        Ok(tree)
    }

    fn command_line(&self, defaults: &Value) -> Result<Value, ConfigError> {
        let mut tree = Value::Object(Map::new());
        for (key, text) in &self.overrides {
            let default = lookup(defaults, key).unwrap_or(&Value::Null);
            insert(&mut tree, key, typed(key, text, default)?);
        }
        Ok(tree)
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| ConfigError::File {
        path: path.display().to_string(),
        why: error.to_string(),
    })
}

/// Not ours to judge: our own other variables, and what an orchestrator injects for a service of this name
/// (`ATELIER_SERVICE_HOST`, `ATELIER_PORT_8080_TCP` …).
fn is_foreign(name: &str) -> bool {
    let injected = ["ATELIER_SERVICE_", "ATELIER_PORT_"];
    !name.starts_with("ATELIER_")
        || NOT_SETTINGS.contains(&name)
        || FOR_TESTS.iter().any(|prefix| name.starts_with(prefix))
        || name == "ATELIER_PORT"
        || injected.iter().any(|prefix| name.starts_with(prefix))
}

/// `ATELIER_SERVER__LISTEN` -> `server.listen`.
fn setting_of(name: &str) -> Option<String> {
    if name == SECRET.0 {
        return Some(SECRET.1.to_owned());
    }
    let (part, setting) = name.strip_prefix("ATELIER_")?.split_once("__")?;
    Some(format!("{part}.{setting}").to_ascii_lowercase())
}

fn lookup<'a>(tree: &'a Value, key: &str) -> Option<&'a Value> {
    let (part, setting) = key.split_once('.')?;
    tree.get(part)?.get(setting)
}

fn insert(tree: &mut Value, key: &str, value: Value) {
    if let Some((part, setting)) = key.split_once('.') {
        tree[part][setting] = value;
    }
}

/// The text as the type that the default has: texts stay texts, so that a secret or a name of digits is none.
fn typed(name: &str, text: &str, default: &Value) -> Result<Value, ConfigError> {
    match default {
        Value::Number(_) => text.trim().parse::<u64>().map(Value::from).map_err(|_| {
            ConfigError::Value(format!("{name} must be a whole number, not {text:?}"))
        }),
        _ => Ok(Value::from(text)),
    }
}

/// The nearest setting, for a typing error.
fn hint(name: &str, defaults: &Value) -> String {
    let squeeze = |text: &str| text.replace('_', "").to_ascii_uppercase();
    let wanted = squeeze(name.strip_prefix("ATELIER_").unwrap_or(name));
    let mut best: Option<(usize, String)> = None;
    let mut consider = |var: String| {
        let far = distance(&wanted, &squeeze(var.strip_prefix("ATELIER_").unwrap_or(&var)));
        if far <= 3 && best.as_ref().is_none_or(|(least, _)| far < *least) {
            best = Some((far, var));
        }
    };
    consider(SECRET.0.to_owned());
    for (part, settings) in defaults.as_object().into_iter().flatten() {
        for setting in settings.as_object().into_iter().flat_map(Map::keys) {
            consider(format!("ATELIER_{part}__{setting}").to_ascii_uppercase());
        }
    }
    best.map_or_else(String::new, |(_, var)| format!(" (did you mean {var}?)"))
}

/// Levenshtein distance; both texts are names of settings, so short.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let best = (diagonal + usize::from(x != *y)).min(left + 1).min(*cell + 1);
            diagonal = *cell;
            *cell = best;
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// figment's error as one sentence: which key, what is wrong, where it came from.
fn explain(error: &figment::Error) -> ConfigError {
    use figment::error::Kind;
    let key = error.path.join(".");
    let what = match &error.kind {
        Kind::UnknownField(name, known) => {
            let at = if key.is_empty() { name } else { &key };
            return ConfigError::Value(format!(
                "{at} is no setting (known here: {}); docs/configuration.md lists all",
                known.join(", ")
            ));
        }
        Kind::InvalidType(_, expected) => format!("must be {expected}"),
        other => other.to_string(),
    };
    let at = if key.is_empty() { String::new() } else { format!("{key}: ") };
    let source = if error.metadata.as_ref().is_some_and(|m| m.name.contains("TOML")) {
        " (in the configuration file)"
    } else {
        ""
    };
    ConfigError::Value(format!("{at}{what}{source}"))
}
