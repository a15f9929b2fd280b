//! What settings are accepted, refused and shown.

use super::*;

fn sources(vars: &[(&str, &str)]) -> Sources {
    let vars = vars.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Sources { vars, ..Sources::default() }
}

fn refusal(vars: &[(&str, &str)]) -> String {
    sources(vars).load().unwrap_err().to_string()
}

const GOOD: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn the_defaults_are_accepted_and_listen_on_loopback_only() {
    let config = sources(&[]).load().unwrap();
    assert!(config.server.listen.ip().is_loopback());
}

#[test]
fn the_command_line_beats_variables_and_variables_beat_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("atelier.toml");
    std::fs::write(
        &file,
        "[server]\nlisten = \"127.0.0.1:1\"\nmax_connections = 5\n[log]\nfilter = \"debug\"\n",
    )
    .unwrap();
    let config = Sources {
        file: Some(file),
        overrides: vec![("server.listen", "127.0.0.1:3".into())],
        ..sources(&[
            ("ATELIER_SERVER__LISTEN", "127.0.0.1:2"),
            ("ATELIER_SERVER__MAX_CONNECTIONS", "6"),
        ])
    }
    .load()
    .unwrap();
    assert_eq!(config.server.listen.port(), 3);
    assert_eq!(config.server.max_connections, 6);
    assert_eq!(config.log.filter, "debug");
}

#[test]
fn a_secret_of_digits_stays_a_text_with_its_leading_zero() {
    let digits = "01234567890123456789012345678901";
    let config = sources(&[("ATELIER_JWT_SECRET", digits)]).load().unwrap();
    assert_eq!(config.auth.jwt_secret.unwrap().expose_secret(), digits);
}

#[test]
fn weak_secrets_are_refused_and_never_shown() {
    for weak in ["short-secret", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        let error = refusal(&[("ATELIER_JWT_SECRET", weak)]);
        assert!(error.contains("openssl rand -hex 32"), "{error}");
        assert!(!error.contains(weak), "{error}");
    }
}

#[test]
fn a_secret_of_the_wrong_type_in_the_file_is_refused_without_showing_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("atelier.toml");
    std::fs::write(&file, "[auth]\njwt_secret = 1234567890123\n").unwrap();
    let error = Sources { file: Some(file), ..sources(&[]) }.load().unwrap_err().to_string();
    assert!(error.contains("jwt_secret") && !error.contains("1234567890123"), "{error}");
}

#[test]
fn a_secret_is_not_in_the_debug_output() {
    let config = sources(&[("ATELIER_JWT_SECRET", GOOD)]).load().unwrap();
    assert!(!format!("{config:?}").contains(GOOD));
    assert!(!serde_json::to_string(&config).unwrap().contains(GOOD));
}

#[test]
fn unknown_variables_are_refused_with_the_nearest_setting() {
    let error = refusal(&[("ATELIER_SERVER__LISTN", "127.0.0.1:1")]);
    assert!(error.contains("did you mean ATELIER_SERVER__LISTEN?"), "{error}");
    let error = refusal(&[("ATELIER_JWT_SECERT", GOOD)]);
    assert!(error.contains("did you mean ATELIER_JWT_SECRET?"), "{error}");
}

#[test]
fn variables_that_an_orchestrator_injects_are_ignored() {
    let injected = [
        ("ATELIER_PORT", "tcp://10.0.0.1:8080"),
        ("ATELIER_SERVICE_HOST", "10.0.0.1"),
        ("ATELIER_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("ATELIER_CORPUS", "somewhere"),
    ];
    assert!(sources(&injected).load().is_ok());
}

#[test]
fn an_empty_variable_counts_as_not_given() {
    let config = sources(&[("ATELIER_SERVER__PUBLIC_URL", "")]).load().unwrap();
    assert_eq!(config.server.public_url, None);
}

#[test]
fn unknown_keys_of_the_file_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("atelier.toml");
    std::fs::write(&file, "[server]\nlissen = \"127.0.0.1:1\"\n").unwrap();
    let error = Sources { file: Some(file), ..sources(&[]) }.load().unwrap_err().to_string();
    assert!(error.contains("lissen") && error.contains("listen"), "{error}");
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    let error = refusal(&[("ATELIER_CONFIG", "does/not/exist.toml")]);
    assert!(error.contains("does/not/exist.toml"), "{error}");
}

#[test]
fn bad_values_and_combinations_are_refused_with_what_to_do() {
    for (vars, says) in [
        (&[("ATELIER_SERVER__LISTEN", "localhost")][..], "server.listen"),
        (&[("ATELIER_SERVER__PUBLIC_URL", "https://a.example/x")], "without a path"),
        (&[("ATELIER_SERVER__PUBLIC_URL", "ftp://a.example")], "http(s)://"),
        (&[("ATELIER_SERVER__ORIGINS", "https://a.example/")], "without a path or a slash"),
        (
            &[("ATELIER_SERVER__ORIGINS", "*"), ("ATELIER_SERVER__LISTEN", "0.0.0.0:1")],
            "name the origins",
        ),
        (&[("ATELIER_SERVER__MAX_CONNECTIONS", "many")], "whole number"),
        (&[("ATELIER_SERVER__MAX_CONNECTIONS", "0")], "1 or more"),
        (&[("ATELIER_SERVER__DRAIN_TIMEOUT", "0s")], "1s or more"),
        (&[("ATELIER_SERVER__DRAIN_TIMEOUT", "10")], "such as 30s"),
        (&[("ATELIER_SOCKET__FRAMES_BURST", "1")], "raise it"),
        (&[("ATELIER_SOCKET__DEAD_AFTER", "21s")], "twice"),
        (&[("ATELIER_AUTH__ROOM_TOKEN_TTL", "48h")], "between"),
        (
            &[("ATELIER_JWT_SECRET", GOOD), ("ATELIER_AUTH__JWT_SECRET_FILE", "f")],
            "keep one of them",
        ),
        (&[("ATELIER_LOG__FORMAT", "xml")], "log.format"),
        (&[("ATELIER_WEBHOOKS__TIMEOUT", "2m")], "longer than 1m"),
        (&[("ATELIER_WEBHOOKS__RETRY_AFTER", "0s")], "without end"),
        (&[("ATELIER_WEBHOOKS__KEEP_EVENTS_FOR", "1d")], "webhooks.give_up_after"),
        (&[("ATELIER_OUTBOUND__PROXY", "proxy.example:3128")], "outbound.proxy"),
        (&[("ATELIER_OUTBOUND__USER_URLS", "private")], "outbound.user_urls"),
    ] {
        let error = refusal(vars);
        assert!(error.contains(says), "{vars:?}: {error}");
    }
}

#[test]
fn people_are_signed_in_only_where_nobody_else_reaches_the_server() {
    let signs_in = |vars: &[(&str, &str)]| {
        let config = sources(vars).load().unwrap();
        config.auth.signs_in_locally(&config.server)
    };
    let listen = |addr: &'static str| ("ATELIER_SERVER__LISTEN", addr);
    let setting = |word: &'static str| ("ATELIER_AUTH__LOCAL_SIGN_IN", word);
    assert!(signs_in(&[]));
    assert!(signs_in(&[listen("[::1]:8080")]));
    assert!(!signs_in(&[listen("0.0.0.0:8080")]));
    assert!(!signs_in(&[("ATELIER_SERVER__PUBLIC_URL", "https://atelier.example")]));
    assert!(!signs_in(&[setting("off")]));
    assert!(signs_in(&[setting("on"), listen("0.0.0.0:8080")]));
    let both = [setting("on"), ("ATELIER_SERVER__PUBLIC_URL", "https://atelier.example")];
    assert!(refusal(&both).contains("auth.local_sign_in"));
}

#[test]
fn a_list_is_read_from_a_variable_with_commas() {
    let config = sources(&[("ATELIER_SERVER__ORIGINS", "https://a.example, http://b.example:81")])
        .load()
        .unwrap();
    assert_eq!(config.server.origins, ["https://a.example", "http://b.example:81"]);
}

#[test]
fn a_provider_that_is_trusted_by_half_is_refused() {
    let url = ("ATELIER_AUTH__JWKS_URL", "https://login.example/keys");
    let issuers = ("ATELIER_AUTH__ISSUERS", "https://login.example");
    let audience = ("ATELIER_AUTH__AUDIENCE", "authenticated");
    for (vars, key) in [
        (&[url][..], "auth.issuers"),
        (&[url, issuers], "auth.audience"),
        (&[issuers, audience], "auth.issuers"),
        (&[url, ("ATELIER_AUTH__ISSUERS", "atelier"), audience], "auth.issuers"),
        (&[("ATELIER_AUTH__JWKS_URL", "login.example"), issuers, audience], "auth.jwks_url"),
        (&[("ATELIER_AUTH__JWKS_ALGORITHMS", "RS256,HS256")], "auth.jwks_algorithms"),
        (&[("ATELIER_AUTH__JWKS_ALGORITHMS", "none")], "auth.jwks_algorithms"),
    ] {
        let error = refusal(vars);
        assert!(error.starts_with(key), "{vars:?}: {error}");
    }
    let config = sources(&[url, issuers, audience]).load().unwrap();
    assert_eq!(config.auth.algorithms().unwrap().len(), 3);
    sources(&[("ATELIER_JWT_SECRET", GOOD), issuers, audience]).load().unwrap();
}

#[test]
fn domains_of_addresses_are_a_table_without_doubt() {
    let domains = |list| sources(&[("ATELIER_AUTH__DOMAINS", list)]);
    let table = domains("Acme.com=acme, b.org = b").load().unwrap().auth.orgs_by_domain().unwrap();
    assert_eq!((table["acme.com"].as_str(), table["b.org"].as_str()), ("acme", "b"));
    for bad in ["acme.com", "acme=acme", "acme.com=", "acme.com=a b", "a.com=x,A.com=y", "@a.com=x"]
    {
        let error = domains(bad).load().unwrap_err().to_string();
        assert!(error.starts_with("auth.domains"), "{bad}: {error}");
    }
    let error = refusal(&[("ATELIER_AUTH__PROVISIONING", "domain")]);
    assert!(error.starts_with("auth.provisioning"), "{error}");
}

/// docs/configuration.md: one row per setting, with its variable and its default.
#[test]
fn every_setting_is_documented_with_its_variable_and_default() {
    let text = include_str!("../../docs/configuration.md");
    let documented: std::collections::BTreeMap<&str, (&str, &str)> = text
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split('|').map(str::trim);
            let key = cells.next()?.trim_matches('`');
            Some((key, (cells.next()?.trim_matches('`'), cells.next()?.trim_matches('`'))))
        })
        .collect();
    let defaults = serde_json::to_value(Config::default()).unwrap();
    let mut settings = 0;
    for (part, values) in defaults.as_object().unwrap() {
        for (setting, default) in values.as_object().unwrap() {
            let key = format!("{part}.{setting}");
            let Some((variable, shown)) = documented.get(key.as_str()) else {
                panic!("{key} is not in docs/configuration.md");
            };
            let expected = match key.as_str() {
                "auth.jwt_secret" => "ATELIER_JWT_SECRET".to_owned(),
                _ => format!("ATELIER_{part}__{setting}").to_ascii_uppercase(),
            };
            assert_eq!(*variable, expected, "{key}");
            let default = match default {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.clone(),
                serde_json::Value::Array(list) => {
                    let texts: Vec<&str> = list.iter().filter_map(|one| one.as_str()).collect();
                    texts.join(",")
                }
                other => other.to_string(),
            };
            assert_eq!(*shown, default, "{key}");
            settings += 1;
        }
    }
    assert_eq!(documented.len(), settings, "docs/configuration.md lists a setting that is none");
}
