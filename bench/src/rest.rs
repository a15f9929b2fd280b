//! Users of the REST interface, each with a connection and a pace of their own, as k6 calls them virtual users:
//! they list, look at summaries, load and save diagrams, and wait for each answer.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use reqwest::{Client, Method, Response};
use serde_json::Value;

use crate::Failure;
use crate::figures::{mib, percentiles};
use crate::server::Server;

/// Users of the REST interface, for a while.
#[derive(Debug, Args)]
pub struct Rest {
    /// Users, each with one diagram of their own.
    #[arg(long, default_value_t = 1000)]
    users: usize,
    /// Organisations that they belong to.
    #[arg(long, default_value_t = 50)]
    orgs: usize,
    /// Milliseconds that a user waits between an answer and the next request, half of that to one and a half.
    #[arg(long, default_value_t = 1000)]
    pause: u64,
    /// Seconds of requests.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// Of 100 requests, the others load a whole diagram.
const LISTS: u8 = 60;
const SUMMARIES: u8 = 20;
const SAVES: u8 = 3;

/// All users come from one address, which is no user's fault; other limits are as they are without settings.
const SETTINGS: [(&str, &str); 1] = [("ATELIER_RATES__ADDRESS_PER_SECOND", "0")];

const DIAGRAM: &str = include_str!("../../tests/fixtures/order-to-delivery.bpmn");
/// What users give a name to in their diagrams.
const NAMED: &str = "name=\"Order to delivery\"";

/// What users saw.
#[derive(Debug, Default)]
struct Seen {
    /// Microseconds by kind: lists, summaries, whole diagrams, saves.
    times: [Vec<u32>; 4],
    errors: u64,
    hits: u64,
}

const KINDS: [&str; 4] = ["list", "summary", "get", "save"];

/// One user.
struct User {
    client: Client,
    url: Arc<str>,
    token: String,
    /// Diagrams of the organisation; the user's own comes first.
    diagrams: Vec<String>,
    rng: fastrand::Rng,
    saves: u32,
    seen: Seen,
}

/// Runs it.
pub async fn run(args: &Rest, binary: &Path) -> Result<(), Failure> {
    let server = Server::start(binary, &SETTINGS).await?;
    let users = sign_in(args, &server).await?;
    println!("{} users in {} organisations", users.len(), args.orgs);
    let before = server.usage()?;
    let end = Instant::now() + Duration::from_secs(args.seconds);
    let pause = args.pause;
    let running: Vec<_> =
        users.into_iter().map(|user| tokio::spawn(user.work(end, pause))).collect();
    let mut seen = Seen::default();
    for user in running {
        seen.add(user.await?);
    }
    let after = server.usage()?;
    server.stop().await?;
    let all: Vec<u32> = seen.times.iter().flatten().copied().collect();
    let cpu = after.cpu_seconds - before.cpu_seconds;
    println!(
        "requests              {} ({:.0} a second)",
        all.len(),
        all.len() as f64 / args.seconds as f64
    );
    println!("errors                {}", seen.errors);
    println!(
        "list cache hits       {:.1} %",
        seen.hits as f64 * 100.0 / seen.times[0].len().max(1) as f64
    );
    println!("all ms                {}", percentiles(&all));
    for (kind, times) in KINDS.iter().zip(&seen.times) {
        println!("{kind:<21} {} of {}", percentiles(times), times.len());
    }
    println!("server CPU s          {cpu:.2} of {} s", args.seconds);
    println!("CPU us per request    {:.1}", cpu * 1e6 / all.len().max(1) as f64);
    println!(
        "server RSS MiB        {:.1} before, {:.1} after",
        mib(before.rss_kib),
        mib(after.rss_kib)
    );
    Ok(())
}

/// Everybody with their diagram.
async fn sign_in(args: &Rest, server: &Server) -> Result<Vec<User>, Failure> {
    let mut users = Vec::new();
    for index in 0..args.users {
        let org = format!("org-{}", index % args.orgs);
        let token = server.token_of(&org, &format!("user-{index}")).await?;
        let mut user = User {
            client: Client::builder().pool_max_idle_per_host(1).build()?,
            url: server.url().into(),
            token,
            diagrams: Vec::new(),
            rng: fastrand::Rng::with_seed(index as u64),
            saves: 0,
            seen: Seen::default(),
        };
        user.diagrams.push(user.create().await?);
        users.push(user);
    }
    let own: Vec<_> = users.iter().map(|user| user.diagrams[0].clone()).collect();
    for (index, user) in users.iter_mut().enumerate() {
        user.diagrams.extend(own.iter().skip(index % args.orgs).step_by(args.orgs).cloned());
    }
    Ok(users)
}

impl User {
    async fn work(mut self, end: Instant, pause: u64) -> Seen {
        loop {
            let pause = self.rng.u64(pause / 2..=pause * 3 / 2);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            if Instant::now() >= end {
                return self.seen;
            }
            let of_org = self.rng.usize(..self.diagrams.len());
            let diagram = format!("/api/diagrams/{}", self.diagrams[of_org]);
            match self.rng.u8(..100) {
                dice if dice < LISTS => self.list().await,
                dice if dice < LISTS + SUMMARIES => {
                    self.get(1, &format!("{diagram}/summary")).await
                }
                dice if dice < LISTS + SUMMARIES + SAVES => self.save().await,
                _ => self.get(2, &diagram).await,
            }
        }
    }

    async fn list(&mut self) {
        let answer = self.timed(0, |user| user.request(Method::GET, "/api/diagrams")).await;
        let hit =
            answer.is_some_and(|(answer, _)| answer.get("x-cache").is_some_and(|v| v == "HIT"));
        self.seen.hits += u64::from(hit);
    }

    async fn get(&mut self, kind: usize, path: &str) {
        self.timed(kind, |user| user.request(Method::GET, path)).await;
    }

    /// Loads the user's own diagram, and saves it with another name in it.
    async fn save(&mut self) {
        let path = format!("/api/diagrams/{}/xml", self.diagrams[0]);
        let loaded = self.timed(2, |user| user.request(Method::GET, &path)).await;
        let Some((head, text)) = loaded else { return };
        let Some(tag) = head.get("etag").cloned() else { return self.seen.errors += 1 };
        self.saves += 1;
        let old = if self.saves == 1 { NAMED.to_owned() } else { name(self.saves - 1) };
        let text = String::from_utf8_lossy(&text).replace(&old, &name(self.saves));
        self.timed(3, |user| user.request(Method::PUT, &path).header("if-match", tag).body(text))
            .await;
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    /// Sends one request; its answer unless that is an error.
    async fn timed(
        &mut self,
        kind: usize,
        request: impl FnOnce(&Self) -> reqwest::RequestBuilder,
    ) -> Option<(reqwest::header::HeaderMap, bytes::Bytes)> {
        let begun = Instant::now();
        let answer = request(self).send().await.and_then(Response::error_for_status);
        let answer = match answer {
            Ok(answer) => {
                let head = answer.headers().clone();
                answer.bytes().await.map(|body| (head, body))
            }
            Err(error) => Err(error),
        };
        self.seen.times[kind].push(u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX));
        self.seen.errors += u64::from(answer.is_err());
        answer.ok()
    }

    /// A diagram of the user's own; its id.
    async fn create(&self) -> Result<String, Failure> {
        let body = serde_json::json!({ "title": "Bench", "bpmnXml": DIAGRAM });
        let answer = self.request(Method::POST, "/api/diagrams").json(&body).send().await?;
        let created: Value = answer.error_for_status()?.json().await?;
        Ok(created["id"].as_str().ok_or("no id")?.to_owned())
    }
}

impl Seen {
    fn add(&mut self, other: Self) {
        for (times, more) in self.times.iter_mut().zip(other.times) {
            times.extend(more);
        }
        self.errors += other.errors;
        self.hits += other.hits;
    }
}

fn name(saves: u32) -> String {
    format!("name=\"Saved {saves} times\"")
}
