//! The server under load, or the relay: started on a fresh folder and a free port, watched through /proc.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::Failure;

/// A running server.
pub struct Server {
    process: Child,
    pid: u32,
    url: String,
    /// Of a server; a relay asks for nothing.
    token: Option<String>,
    binary: PathBuf,
    client: reqwest::Client,
    /// Kept until the end.
    data: tempfile::TempDir,
}

/// What a process has used.
pub struct Usage {
    /// User and system time, seconds.
    pub cpu_seconds: f64,
    /// Resident memory, KiB.
    pub rss_kib: u64,
}

/// Where editors of one diagram connect.
pub struct Place {
    /// `ws://…/collab/{id}?token=…`
    pub url: String,
}

/// The kernel counts CPU time in these (`getconf CLK_TCK` on Linux).
const TICKS_PER_SECOND: f64 = 100.0;

impl Server {
    /// Starts the server with these settings, and makes an access token.
    pub async fn start(binary: &Path, settings: &[(&str, &str)]) -> Result<Self, Failure> {
        let data = tempfile::tempdir()?;
        let mut command = Command::new(binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
        command.envs(settings.iter().copied());
        let mut server = Self::run(command, binary, data).await?;
        server.token = Some(server.token_of("bench", "bench").await?);
        Ok(server)
    }

    /// An access token of this user.
    pub async fn token_of(&self, org: &str, user: &str) -> Result<String, Failure> {
        let token = Command::new(&self.binary)
            .args([
                "token", "--user", user, "--org", org, "--role", "admin", "--ttl", "1h", "--data",
            ])
            .arg(self.data.path())
            .output()
            .await?;
        Ok(String::from_utf8(token.stdout)?.trim().to_owned())
    }

    /// `http://…`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Starts this program as the bare relay.
    pub async fn relay() -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("relay");
        Self::run(command, Path::new(""), tempfile::tempdir()?).await
    }

    async fn run(
        mut command: Command,
        binary: &Path,
        data: tempfile::TempDir,
    ) -> Result<Self, Failure> {
        let mut process = command
            .env("ATELIER_LOG__FILTER", "warn")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pid = process.id().ok_or("the server has ended")?;
        let stdout = process.stdout.take().ok_or("no stdout")?;
        let line = BufReader::new(stdout).lines().next_line().await?.ok_or("no first line")?;
        let url = line.strip_prefix("listening on ").ok_or("no address")?.to_owned();
        let binary = binary.to_owned();
        Ok(Self { process, pid, url, token: None, binary, client: reqwest::Client::new(), data })
    }

    /// Creates an empty diagram; answers where to edit it.
    pub async fn create(&self, title: &str) -> Result<Place, Failure> {
        let Some(token) = &self.token else {
            return Ok(Place { url: format!("{}/{title}", self.url.replacen("http", "ws", 1)) });
        };
        let body = serde_json::json!({ "title": title });
        let diagram = self.post(token, "/api/diagrams", &body).await?;
        let id = diagram["id"].as_str().ok_or("no id")?;
        let path = format!("/api/diagrams/{id}/collaborate");
        let room = self.post(token, &path, &Value::Null).await?;
        let (url, token) = (room["url"].as_str().ok_or("no url")?, &room["token"]);
        Ok(Place { url: format!("{url}?token={}", token.as_str().ok_or("no token")?) })
    }

    async fn post(&self, token: &str, path: &str, body: &Value) -> Result<Value, reqwest::Error> {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(token);
        request.json(body).send().await?.error_for_status()?.json().await
    }

    /// A diagram of this text; its path.
    pub async fn upload(&self, text: &str) -> Result<String, Failure> {
        let token = self.token.as_ref().ok_or("a relay keeps nothing")?;
        let body = serde_json::json!({ "bpmnXml": text });
        let diagram = self.post(token, "/api/diagrams", &body).await?;
        Ok(format!("{}/api/diagrams/{}", self.url, diagram["id"].as_str().ok_or("no id")?))
    }

    /// Saves a text that is to be the whole diagram.
    pub async fn save(&self, path: &str, text: &str) -> Result<(), Failure> {
        let token = self.token.as_ref().ok_or("a relay keeps nothing")?;
        let request = self.client.put(format!("{path}/xml")).bearer_auth(token);
        request.header("if-match", "*").body(text.to_owned()).send().await?.error_for_status()?;
        Ok(())
    }

    /// What the server has used so far.
    pub fn usage(&self) -> Result<Usage, Failure> {
        usage_of(self.pid)
    }

    /// Stops it as an operator does; a server must have stored everything.
    pub async fn stop(mut self) -> Result<(), Failure> {
        let kill = Command::new("kill").args(["-TERM", &self.pid.to_string()]).status().await?;
        if !kill.success() {
            return Err(io::Error::other("the server has ended before").into());
        }
        let status = self.process.wait().await?;
        if status.success() || self.token.is_none() {
            Ok(())
        } else {
            Err(format!("the server ended with {status}").into())
        }
    }
}

/// What a process of this id has used so far.
pub fn usage_of(pid: u32) -> Result<Usage, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is the name in brackets and may hold blanks.
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let rss = rss.and_then(|rss| rss.split_whitespace().next()).ok_or("no VmRSS")?;
    Ok(Usage { cpu_seconds: (ticks(11) + ticks(12)) / TICKS_PER_SECOND, rss_kib: rss.parse()? })
}
