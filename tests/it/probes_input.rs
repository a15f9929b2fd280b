//! Hostile input: names, bodies and heads that have hurt other servers. Each gets a clear answer, and the server
//! goes on.

use atelier::limits;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{PATIENCE, Server, User, problem};

async fn is_well(server: &Server, user: &User) {
    let id = server.create_empty(user).await;
    let answer = server.get(user, &format!("/api/diagrams/{id}/xml")).await;
    assert_eq!(answer.text().await.unwrap(), atelier::diagram::EMPTY);
}

async fn post_json(server: &Server, user: &User, body: impl Into<Vec<u8>>) -> reqwest::Response {
    let request = server.request(user, Method::POST, "/api/diagrams");
    request.header("content-type", "application/json").body(body.into()).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_json_parsers_stumble_over_is_told_with_its_place() {
    let server = Server::start().await;
    let ana = server.member();
    let deep = "[".repeat(100_000);
    let nested = format!("{{\"metadata\":{{\"a\":{}{}}}}}", "[".repeat(200), "]".repeat(200));
    let hostile: Vec<(&str, Vec<u8>)> = vec![
        ("deep", deep.into()),
        ("deep metadata", nested.into()),
        ("the same member twice", br#"{"title":"a","title":"b"}"#.to_vec()),
        ("a member of nobody", br#"{"__proto__":{"admin":true}}"#.to_vec()),
        ("no UTF-8", b"{\"title\":\"\xff\xfe\"}".to_vec()),
        ("an overlong slash", b"{\"title\":\"\xc0\xaf\"}".to_vec()),
        ("half a surrogate", br#"{"title":"\ud800"}"#.to_vec()),
        ("a raw NUL", b"{\"title\":\"a\0b\"}".to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        ("no number", br#"{"metadata":{"a":NaN}}"#.to_vec()),
        ("a number beyond all", br#"{"metadata":{"a":1e999}}"#.to_vec()),
        ("more after the end", br#"{} {}"#.to_vec()),
    ];
    for (what, body) in hostile {
        let answer = problem(post_json(&server, &ana, body).await, 400, "invalid-body").await;
        assert!(answer["line"].is_u64() && answer["detail"].is_string(), "{what}: {answer}");
    }
    let id = server.create_empty(&ana).await;
    for number in ["-1", "1.5", "4294967296", "1e3", "99999999999999999999", "\"1\""] {
        let body = format!("{{\"expectedVersion\":{number}}}");
        let put = server.request(&ana, Method::PUT, &format!("/api/diagrams/{id}")).body(body);
        let answer = problem(put.send().await.unwrap(), 400, "invalid-body").await;
        assert_eq!(answer["field"], "expectedVersion", "{answer}");
    }
    is_well(&server, &ana).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named() {
    let server = Server::start().await;
    let ana = server.member();
    for (query, status, code, field) in [
        ("limit=0", 422, "invalid-value", "limit"),
        ("limit=-1", 400, "bad-request", "limit"),
        ("limit=x", 400, "bad-request", "limit"),
        ("deleted=maybe", 400, "bad-request", "deleted"),
        ("projectId=a/b", 400, "bad-request", "projectId"),
        ("sort=colour", 422, "invalid-value", "sort"),
    ] {
        let answer = server.get(&ana, &format!("/api/diagrams?{query}")).await;
        assert_eq!(problem(answer, status, code).await["field"], field, "{query}");
    }
    let long = "x".repeat(limits::MAX_TITLE_BYTES + 1);
    for (body, status, code, field) in [
        (json!({ "title": 7 }), 400, "invalid-body", "title"),
        (json!({ "title": long }), 422, "invalid-value", "title"),
        (json!({ "projectId": "../x" }), 400, "invalid-body", "projectId"),
        (json!({ "projectId": "none" }), 422, "invalid-value", "projectId"),
        (json!({ "metadata": [] }), 422, "invalid-value", "metadata"),
    ] {
        let answer = post_json(&server, &ana, body.to_string()).await;
        assert_eq!(problem(answer, status, code).await["field"], field, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packed_body_is_refused_before_it_is_unpacked() {
    let server = Server::start().await;
    let ana = server.member();
    // What it would unpack to does not matter: nobody looks.
    let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    bomb.extend([0; 4096]);
    for coding in ["gzip", "GZIP", "deflate", "br", "identity, gzip"] {
        for (method, path) in [
            (Method::POST, "/api/diagrams"),
            (Method::PUT, "/api/diagrams/x/xml"),
            (Method::POST, "/api/projects"),
            (Method::POST, "/api/session"),
        ] {
            let request = server.request(&ana, method, path).header("content-encoding", coding);
            let keyed = request.try_clone().unwrap().header("idempotency-key", "k");
            for request in [request, keyed] {
                let answer = request.body(bomb.clone()).send().await.unwrap();
                if answer.status() == StatusCode::NOT_FOUND {
                    continue;
                }
                assert_eq!(answer.headers()["accept-encoding"], "identity");
                problem(answer, 415, "media-type").await;
            }
        }
    }
    let plain = server.request(&ana, Method::POST, "/api/projects");
    let plain = plain.header("content-encoding", "identity").json(&json!({ "name": "A" }));
    assert_eq!(plain.send().await.unwrap().status(), StatusCode::CREATED);
    is_well(&server, &ana).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entities_and_depth_of_xml_are_refused_where_they_begin() {
    let server = Server::start().await;
    let ana = server.member();
    let mut laughs = String::from("<!DOCTYPE d [<!ENTITY a \"ha\">");
    for (at, name) in ('b'..='k').enumerate() {
        let above = char::from(b'a' + u8::try_from(at).unwrap());
        laughs += &format!("<!ENTITY {name} \"{}\">", format!("&{above};").repeat(10));
    }
    laughs += "]><d>&k;</d>";
    let file = "<!DOCTYPE d [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><d>&x;</d>";
    let remote = "<!DOCTYPE d SYSTEM \"http://127.0.0.1:1/evil.dtd\"><d/>";
    let parameter = "<!DOCTYPE d [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/\"> %p;]><d/>";
    let include = atelier::diagram::EMPTY.replace("</", "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\" parse=\"text\"/></");
    for (what, xml) in [
        ("laughs", laughs),
        ("a file", file.to_owned()),
        ("a remote type", remote.to_owned()),
        ("a parameter entity", parameter.to_owned()),
        ("an unknown entity", "<d>&nix;</d>".to_owned()),
        ("10,000 deep", "<a>".repeat(10_000) + &"</a>".repeat(10_000)),
        (
            "a million attributes",
            format!("<a {}/>", (0..1_000_000).map(|n| format!("a{n}='' ")).collect::<String>()),
        ),
        ("NUL", "<a>&#0;</a>".to_owned()),
        ("a NUL as it is", "<a>\0</a>".to_owned()),
    ] {
        let answer = problem(server.post_xml(&ana, xml).await, 422, "invalid-bpmn").await;
        assert!(answer["line"].is_u64(), "{what}: {answer}");
        assert!(!answer.to_string().contains("root:"), "{what}: {answer}");
    }
    // What asks another processor to load a file is kept or refused as text, and loads nothing here.
    let answer = server.post_xml(&ana, include).await.text().await.unwrap();
    assert!(!answer.contains("root:"));
    is_well(&server, &ana).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_lead_nowhere_but_to_what_they_name() {
    let server = Server::start().await;
    let ana = server.member();
    let titles =
        ["../../etc/passwd", "a\0b", "a\r\nSet-Cookie: x=1", "\u{202e}gnp.exe", "C:\\x|y<z>\"'"];
    for title in titles {
        let made = post_json(&server, &ana, json!({ "title": title }).to_string()).await;
        assert_eq!(made.status(), StatusCode::CREATED, "{title:?}");
        let made: Value = made.json().await.unwrap();
        let shown = made["title"].as_str().unwrap();
        assert!(!shown.contains(|c: char| c.is_control()), "{shown:?}");
        let file = server.get(&ana, made["xmlUrl"].as_str().unwrap()).await;
        let name = file.headers()["content-disposition"].to_str().unwrap().to_owned();
        let plain = name.split('"').nth(1).unwrap();
        assert!(!plain.contains(['/', '\\', '<', '|', ':']) && !plain.starts_with('.'), "{name}");
        assert!(!file.headers().contains_key("set-cookie"));
    }
    for path in [
        "/api/diagrams/..%2f..%2fetc%2fpasswd",
        "/api/diagrams/%2e%2e",
        "/api/diagrams/a%00b/xml",
        "/api/diagrams/%ff%fe/summary",
        "/api/diagrams/%c0%ae%c0%ae",
        "/api/projects/..%5c..%5cx",
        "/studio/..%2f..%2fCargo.toml",
        "/studio/%2e%2e/%2e%2e/Cargo.toml",
        "/studio/assets/..%2findex.html",
        "/studio//etc/passwd",
        "/studio/a%00.html",
    ] {
        let answer = server.get(&ana, path).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
    }
    is_well(&server, &ana).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_forms_are_told_apart() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let part = |name: &str, text: &str| {
        format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let good = part("xml", atelier::diagram::EMPTY);
    let many: String = (0..1000).map(|n| part(&format!("p{n}"), "")).collect();
    for (what, kind, body) in [
        ("no boundary", "multipart/form-data", good.clone()),
        ("an empty boundary", "multipart/form-data; boundary=", good.clone()),
        ("another boundary", "multipart/form-data; boundary=c", format!("{good}--b--\r\n")),
        ("no end", "multipart/form-data; boundary=b", good.clone()),
        ("no part", "multipart/form-data; boundary=b", "--b--\r\n".to_owned()),
        (
            "another part",
            "multipart/form-data; boundary=b",
            format!("{}--b--\r\n", part("file", "x")),
        ),
        (
            "only the export",
            "multipart/form-data; boundary=b",
            format!("{}--b--\r\n", part("exported", "x")),
        ),
        ("a part twice", "multipart/form-data; boundary=b", format!("{good}{good}--b--\r\n")),
        ("a thousand parts", "multipart/form-data; boundary=b", format!("{many}--b--\r\n")),
        ("no name", "multipart/form-data; boundary=b", "--b\r\n\r\nx\r\n--b--\r\n".to_owned()),
    ] {
        let put = server.request(&ana, Method::PUT, &format!("/api/diagrams/{id}/xml"));
        let put = put.header("content-type", kind).header("if-match", "\"v1\"").body(body);
        let answer = problem(put.send().await.unwrap(), 400, "invalid-body").await;
        assert!(answer["detail"].is_string(), "{what}: {answer}");
    }
    is_well(&server, &ana).await;
}

/// Sends bytes, and reads until the server closes or is silent for a moment.
async fn raw(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.app.addr()).await.unwrap();
    // The server may have refused the head and closed before all of it is sent.
    let sent = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(sent.is_err() || read.is_ok(), "the connection stays open");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_two_servers_could_read_in_two_ways_end_the_connection() {
    let server = Server::start().await;
    let ana = server.member();
    let post = "POST /api/session HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n";
    let second = "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n";
    for (what, head) in [
        (
            "length and chunks",
            format!("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{second}"),
        ),
        (
            "chunks and length",
            format!("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{second}"),
        ),
        ("two lengths", format!("Content-Length: 2\r\nContent-Length: 4\r\n\r\n{{}}{second}")),
        ("a list of lengths", format!("Content-Length: 2, 4\r\n\r\n{{}}{second}")),
        ("a signed length", format!("Content-Length: +2\r\n\r\n{{}}{second}")),
        ("a coding of its own", format!("Transfer-Encoding: xchunked\r\n\r\n{second}")),
        (
            "chunks that are not last",
            format!("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{second}"),
        ),
        ("a blank before the colon", format!("Content-Length : 2\r\n\r\n{{}}{second}")),
        ("a folded header", format!("X: a\r\n Content-Length: 2\r\n\r\n{second}")),
        ("a NUL in a header", format!("X: a\0b\r\n\r\n{second}")),
        ("a bare carriage return", format!("X: a\rContent-Length: 2\r\n\r\n{second}")),
        ("a bad chunk", format!("Transfer-Encoding: chunked\r\n\r\n-1\r\n{second}")),
        (
            "a huge chunk",
            format!("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{second}"),
        ),
    ] {
        let answer = raw(&server, format!("{post}{head}").as_bytes()).await;
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{what}: {answer}");
        assert!(answer.starts_with("HTTP/1.1 400 "), "{what}: {answer}");
        assert!(!answer.contains("ready"), "{what}: {answer}");
    }
    let long = format!("GET /healthz HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(5000));
    let path = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(1 << 20));
    for (what, head) in [("a long header", long), ("many headers", many), ("a long path", path)] {
        let answer = raw(&server, head.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{what}: {answer}");
    }
    is_well(&server, &ana).await;
}
