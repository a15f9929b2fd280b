//! The command line: exit codes, streams, and the real binary from start to SIGTERM.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use atelier::diagram::EMPTY;

fn atelier(args: &[&str]) -> Output {
    command().args(args).output().unwrap()
}

/// The binary under test, without settings of whoever runs the tests.
fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atelier"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ATELIER_") {
            command.env_remove(name);
        }
    }
    command
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// One line, which says who speaks.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("atelier: "), "{text}");
    text
}

/// A running binary; killed when the test ends before it.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn serve(data: &Path) -> Self {
        let mut child = command()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        Self { child, url }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn help_lists_every_command() {
    let output = atelier(&["--help"]);
    assert_eq!(code(&output), 0);
    for command in ["serve", "migrate", "token", "import", "export", "doctor"] {
        assert!(stdout(&output).contains(command), "{command}");
    }
}

#[test]
fn bad_use_exits_with_2_and_says_so_on_stderr() {
    for args in [
        &["nix"][..],
        &["serve", "--listen", "nonsense"],
        &["token", "--user", "ana", "--org", "acme"],
        &["token", "--user", "a b", "--org", "acme", "--role", "member"],
        &["token", "--user", "ana", "--org", "acme", "--role", "owner"],
        &["token", "--user", "ana", "--org", "acme", "--role", "member", "--ttl", "1"],
        &["export"],
    ] {
        let output = atelier(args);
        assert_eq!(code(&output), 2, "{args:?}");
        complaint(&output);
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn no_command_at_all_shows_the_help_and_exits_with_2() {
    let output = atelier(&[]);
    assert_eq!(code(&output), 2);
    assert!(String::from_utf8(output.stderr).unwrap().contains("Usage"));
}

#[test]
fn bad_settings_exit_with_2_and_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let serve = |name: &str, value: &str| {
        command().args(["serve", "--data"]).arg(dir.path()).env(name, value).output().unwrap()
    };
    let weak = serve("ATELIER_JWT_SECRET", "weak");
    assert_eq!(code(&weak), 2);
    assert!(complaint(&weak).contains("openssl rand -hex 32"));
    let unknown = serve("ATELIER_SERVER__LISTN", "127.0.0.1:0");
    assert_eq!(code(&unknown), 2);
    assert!(complaint(&unknown).contains("ATELIER_SERVER__LISTEN"));
    let filter = serve("ATELIER_LOG__FILTER", "atelier=loud");
    assert_eq!(code(&filter), 2);
    assert!(complaint(&filter).contains("log.filter"));
}

#[test]
fn a_taken_address_exits_with_2_and_names_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let output = command()
        .args(["serve", "--listen", &address, "--data"])
        .arg(dir.path())
        .env("ATELIER_LOG__FILTER", "off")
        .output()
        .unwrap();
    assert_eq!(code(&output), 2);
    assert!(complaint(&output).contains(&address));
}

#[test]
fn commands_on_stored_data_make_no_empty_store_out_of_a_typing_error() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    for args in [&["doctor"][..], &["export", "some-id"]] {
        let output = command().args(args).arg("--data").arg(&missing).output().unwrap();
        assert_eq!(code(&output), 2);
        assert!(complaint(&output).contains("missing"));
    }
    assert!(!missing.exists());
}

#[test]
fn files_go_in_and_come_out_and_the_doctor_is_content() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("Order to cash.bpmn"));
    std::fs::write(&file, EMPTY).unwrap();
    let data = data.to_str().unwrap();

    assert_eq!(code(&atelier(&["migrate", "--data", data])), 0);
    let import = ["import", "--org", "acme", "--user", "ana", "--data", data];
    let output = command().args(import).arg(&file).output().unwrap();
    assert_eq!(code(&output), 0, "{output:?}");
    let line = stdout(&output);
    let (id, name) = line.trim_end().split_once('\t').unwrap();
    assert_eq!(name, file.to_str().unwrap());

    let exported = atelier(&["export", id, "--data", data]);
    assert_eq!(code(&exported), 0);
    assert!(stdout(&exported).contains("StartEvent_1"));
    let to_file = dir.path().join("out.bpmn");
    let written = atelier(&["export", id, "-o", to_file.to_str().unwrap(), "--data", data]);
    assert_eq!((code(&written), written.stdout.len()), (0, 0));
    assert_eq!(std::fs::read(to_file).unwrap(), exported.stdout);

    let unknown = atelier(&["export", "nix", "--data", data]);
    assert_eq!(code(&unknown), 2);
    assert!(complaint(&unknown).contains("nix"));

    let doctor = atelier(&["doctor", "--data", data]);
    assert_eq!(code(&doctor), 0, "{doctor:?}");
}

#[test]
fn damage_is_a_finding() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.bpmn");
    std::fs::write(&file, EMPTY).unwrap();
    let data = dir.path().join("data");
    let import = ["import", "--org", "acme", "--user", "ana", "--data"];
    let output = command().args(import).args([&data, &file]).output().unwrap();
    let id = stdout(&output).split('\t').next().unwrap().to_owned();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        use sqlx::{ConnectOptions, Connection};
        let path = data.join(atelier::store::sqlite::DATABASE);
        let mut db =
            sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await.unwrap();
        let done = sqlx::query("DELETE FROM log_rows").execute(&mut db).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
        db.close().await.unwrap();
    });
    let doctor = command().arg("doctor").arg("--data").arg(&data).output().unwrap();
    assert_eq!(code(&doctor), 1, "{doctor:?}");
    assert!(stdout(&doctor).contains("severe: "), "{doctor:?}");
    complaint(&doctor);
    let export = command().args(["export", &id, "--data"]).arg(&data).output().unwrap();
    assert_eq!((code(&export), export.stdout.len()), (1, 0), "{export:?}");
    complaint(&export);
}

#[test]
fn an_import_skips_what_is_no_bpmn_and_exits_with_1() {
    let dir = tempfile::tempdir().unwrap();
    let (good, bad) = (dir.path().join("good.bpmn"), dir.path().join("bad.bpmn"));
    std::fs::write(&good, EMPTY).unwrap();
    std::fs::write(&bad, "<a>").unwrap();
    let data = dir.path().join("data");
    let output = command()
        .args(["import", "--org", "acme", "--user", "ana", "--data"])
        .args([&data, &bad, &good])
        .output()
        .unwrap();
    assert_eq!(code(&output), 1);
    assert_eq!(stdout(&output).lines().count(), 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("bad.bpmn: line 1"), "{output:?}");

    let output = command()
        .args(["import", "--org", "acme", "--user", "ana", "--data"])
        .args([&data, &good, &dir.path().join("missing.bpmn")])
        .output()
        .unwrap();
    assert_eq!(code(&output), 2);
    assert!(output.stdout.is_empty(), "nothing is created when a file can't be read");
}

#[test]
fn the_binary_serves_with_tokens_of_its_folder_and_stops_on_sigterm() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Running::serve(dir.path());
    let output = command()
        .args(["token", "--user", "ana", "--org", "acme", "--role", "member", "--data"])
        .arg(dir.path())
        .output()
        .unwrap();
    assert_eq!(code(&output), 0);
    let token = stdout(&output);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let status = runtime.block_on(async {
        let request = reqwest::Client::new().get(format!("{}/api/diagrams", server.url));
        request.bearer_auth(token.trim_end()).send().await.unwrap().status()
    });
    assert_eq!(status, 200);
    server.signal("-TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_room_token_names_its_diagram() {
    let dir = tempfile::tempdir().unwrap();
    let output = command()
        .args(["token", "--user", "ana", "--org", "acme", "--role", "viewer"])
        .args(["--diagram", "d1", "--name", "Ana", "--color", "#112233", "--data"])
        .arg(dir.path())
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{output:?}");
    let secret = atelier::auth::load_secret(&Default::default(), dir.path()).unwrap();
    let grant = atelier::auth::Keys::new(&secret, "atelier").room(stdout(&output).trim()).unwrap();
    assert_eq!((grant.diagram.as_str(), grant.name.as_str()), ("d1", "Ana"));
    assert_eq!(grant.role, atelier::room::session::Role::Viewer);
}

#[test]
fn a_second_server_and_an_import_are_kept_off_a_folder_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.bpmn");
    std::fs::write(&file, EMPTY).unwrap();
    let data = dir.path().join("data");
    let server = Running::serve(&data);
    let second = command()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .env("ATELIER_LOG__FILTER", "off")
        .output()
        .unwrap();
    assert_eq!(code(&second), 2);
    assert!(complaint(&second).contains("another Atelier"));
    let import = ["import", "--org", "acme", "--user", "ana", "--data"];
    let import = command().args(import).args([&data, &file]).output().unwrap();
    assert_eq!(code(&import), 2);
    assert!(complaint(&import).contains("another Atelier"));

    // The lock ends with the process, however that ends.
    server.signal("-KILL");
    drop(server);
    drop(Running::serve(&data));
}

/// Neither a token nor a query string is in the log, at any level that is fit for a running server.
#[test]
fn logs_hold_no_token_no_query_and_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let secret = "canary-secret-0123456789abcdefghijk";
    let mut child = command()
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(dir.path())
        .env("ATELIER_JWT_SECRET", secret)
        .env("ATELIER_LOG__FILTER", "debug")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
    let server = Running { child, url };

    let keys = atelier::auth::Keys::new(&secret.into(), "atelier");
    let who = atelier::auth::Identity {
        org: "acme".parse().unwrap(),
        user: "ana".parse().unwrap(),
        role: atelier::auth::OrgRole::Member,
        name: None,
        guest: None,
    };
    let hour = std::time::Duration::from_secs(3600);
    let token = keys.mint_access(&who, std::time::SystemTime::now(), hour).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let room_token = runtime.block_on(async {
        let http = reqwest::Client::new();
        let post = |path: &str| http.post(format!("{}{path}", server.url)).bearer_auth(&token);
        let body = serde_json::json!({ "title": "canary-title" });
        let created = post("/api/diagrams?canary-query").json(&body).send().await.unwrap();
        let created: serde_json::Value = created.json().await.unwrap();
        let id = created["id"].as_str().unwrap();
        let invitation = post(&format!("/api/diagrams/{id}/collaborate")).send().await.unwrap();
        let invitation: serde_json::Value = invitation.json().await.unwrap();
        let room = invitation["token"].as_str().unwrap().to_owned();
        for token in [room.as_str(), "canary-wrong"] {
            let url = format!("{}?token={token}", invitation["url"].as_str().unwrap());
            tokio_tungstenite::connect_async(url).await.unwrap();
        }
        let wrong = http.get(format!("{}/api/diagrams?q=canary-query", server.url));
        wrong.bearer_auth("canary-wrong").send().await.unwrap();
        room
    });

    server.signal("-TERM");
    let mut server = server;
    let mut log = String::new();
    std::io::Read::read_to_string(&mut server.child.stderr.take().unwrap(), &mut log).unwrap();
    assert!(log.contains("diagram created") && log.contains("a socket was refused"), "{log}");
    for secret in [&token, &room_token, secret, "canary"] {
        assert!(!log.contains(secret), "{log}");
    }
}
