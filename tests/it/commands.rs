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
        &[][..],
        &["nix"],
        &["serve", "--listen", "nonsense"],
        &["token", "--user", "ana", "--org", "acme"],
        &["token", "--user", "a b", "--org", "acme", "--role", "member"],
        &["token", "--user", "ana", "--org", "acme", "--role", "owner"],
        &["token", "--user", "ana", "--org", "acme", "--role", "member", "--ttl", "1"],
        &["export"],
    ] {
        let output = atelier(args);
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(!output.stderr.is_empty(), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
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
