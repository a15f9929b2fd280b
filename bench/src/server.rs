//! The server under load, or the relay: started on a fresh folder and a free port, watched through /proc.

use std::io;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::bot::Failure;

/// A running server.
pub struct Server {
    process: Child,
    pid: u32,
    url: String,
    /// Of a server; a relay asks for nothing.
    token: Option<String>,
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
    /// Starts the server and makes an access token.
    pub async fn start(binary: &Path) -> Result<Self, Failure> {
        let data = tempfile::tempdir()?;
        let mut command = Command::new(binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
        let mut server = Self::run(command, data).await?;
        let token = Command::new(binary)
            .args(["token", "--user", "bench", "--org", "bench", "--role", "admin", "--data"])
            .arg(server.data.path())
            .output()
            .await?;
        server.token = Some(String::from_utf8(token.stdout)?.trim().to_owned());
        Ok(server)
    }

    /// Starts this program as the bare relay.
    pub async fn relay() -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("relay");
        Self::run(command, tempfile::tempdir()?).await
    }

    async fn run(mut command: Command, data: tempfile::TempDir) -> Result<Self, Failure> {
        let mut process = command
            .env("ATELIER_LOG__FILTER", "warn")
            // One user makes all rooms: what is measured is not how long it would wait.
            .env("ATELIER_RATES__WRITES_PER_MINUTE", "0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pid = process.id().ok_or("the server has ended")?;
        let stdout = process.stdout.take().ok_or("no stdout")?;
        let line = BufReader::new(stdout).lines().next_line().await?.ok_or("no first line")?;
        let url = line.strip_prefix("listening on ").ok_or("no address")?.to_owned();
        Ok(Self { process, pid, url, token: None, client: reqwest::Client::new(), data })
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

    /// What the server has used so far.
    pub fn usage(&self) -> Result<Usage, Failure> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // The second field is the name in brackets and may hold blanks.
        let fields: Vec<_> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let rss = rss.and_then(|rss| rss.split_whitespace().next()).ok_or("no VmRSS")?;
        Ok(Usage { cpu_seconds: (ticks(11) + ticks(12)) / TICKS_PER_SECOND, rss_kib: rss.parse()? })
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
