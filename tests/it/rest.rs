//! REST against the running server: the happy way, problems, tenants, hostile bodies.

use atelier::auth::OrgRole;
use atelier::diagram::EMPTY;
use atelier::limits;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Server, problem};

#[tokio::test(flavor = "multi_thread")]
async fn a_diagram_is_created_listed_shown_and_deleted() {
    let server = Server::start().await;
    let ana = server.member();
    let created = server
        .request(&ana, Method::POST, "/api/diagrams")
        .json(&json!({ "title": "Order to cash", "bpmnXml": EMPTY }))
        .send()
        .await
        .unwrap();
    assert_eq!(created.status(), StatusCode::CREATED);
    let location = created.headers()["location"].to_str().unwrap().to_owned();
    let created: Value = created.json().await.unwrap();
    assert_eq!((&created["title"], &created["version"]), (&json!("Order to cash"), &json!(1)));
    assert!(created.get("bpmnXml").is_none());

    let shown = server.get(&ana, &location).await;
    assert!(shown.headers()["etag"].to_str().unwrap().starts_with("\"v1."));
    let shown: Value = shown.json().await.unwrap();
    assert_eq!(shown["bpmnXml"], EMPTY);
    assert_eq!(shown["createdBy"], "ana");

    let listed = server.list(&ana).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], created["id"]);
    assert!(listed[0].get("bpmnXml").is_none());

    let deleted = server.request(&ana, Method::DELETE, &location).send().await.unwrap();
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    problem(server.get(&ana, &location).await, 404, "not-found").await;
    problem(server.get(&ana, &format!("{location}/xml")).await, 404, "not-found").await;
    let again = server.request(&ana, Method::DELETE, &location).send().await.unwrap();
    problem(again, 404, "not-found").await;
    assert!(server.list(&ana).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diagram_without_xml_starts_from_the_template() {
    let server = Server::start().await;
    let ana = server.member();
    let created =
        server.request(&ana, Method::POST, "/api/diagrams").json(&json!({})).send().await.unwrap();
    let created: Value = created.json().await.unwrap();
    assert_eq!(created["title"], "Untitled diagram");
    let xml = server.get(&ana, created["xmlUrl"].as_str().unwrap()).await;
    assert_eq!(xml.text().await.unwrap(), EMPTY);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untouched_diagram_comes_out_byte_for_byte_with_the_tag_of_its_version() {
    let server = Server::start().await;
    let ana = server.member();
    // Latin-1, CR LF, single quotes: nothing that a writer of ours would make.
    let bytes = b"<?xml version='1.0' encoding='ISO-8859-1'?>\r\n<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' id='D'>\r\n  <process id='P' name='\xdcber' />\r\n</definitions>\r\n";
    let created = server.post_xml(&ana, bytes.to_vec()).await;
    assert_eq!(created.status(), StatusCode::CREATED);
    let created: Value = created.json().await.unwrap();
    let path = created["xmlUrl"].as_str().unwrap();
    let answer = server.get(&ana, path).await;
    assert_eq!(answer.headers()["etag"], "\"v1\"");
    assert_eq!(answer.headers()["content-type"], "application/xml");
    let name = answer.headers()["content-disposition"].to_str().unwrap();
    assert!(name.starts_with("attachment; filename=\"") && name.contains(".bpmn\""), "{name}");
    assert_eq!(&answer.bytes().await.unwrap()[..], bytes);

    let again = server.request(&ana, Method::GET, path).header("if-none-match", "\"v1\"");
    assert_eq!(again.send().await.unwrap().status(), StatusCode::NOT_MODIFIED);

    let full: Value = server.get(&ana, path.trim_end_matches("/xml")).await.json().await.unwrap();
    assert!(full["bpmnXml"].as_str().unwrap().contains("Über"), "{full}");
}

#[tokio::test(flavor = "multi_thread")]
async fn xml_in_json_is_a_text_whatever_its_declaration_says() {
    let server = Server::start().await;
    let ana = server.member();
    let xml = EMPTY
        .replace("UTF-8", "ISO-8859-1")
        .replace("id=\"StartEvent_1\"", "id=\"StartEvent_1\" name=\"Über €\"");
    let created = server
        .request(&ana, Method::POST, "/api/diagrams")
        .json(&json!({ "bpmnXml": xml }))
        .send()
        .await
        .unwrap();
    let created: Value = created.json().await.unwrap();
    let path = format!("/api/diagrams/{}", created["id"].as_str().unwrap());
    let full: Value = server.get(&ana, &path).await.json().await.unwrap();
    assert!(full["bpmnXml"].as_str().unwrap().contains("Über €"), "{full}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_page_through_everything_once_and_find_words_of_titles() {
    let server = Server::start().await;
    let ana = server.member();
    for i in 0..7 {
        let body =
            json!({ "title": format!("Process {i} {}", if i % 2 == 0 { "Even" } else { "Odd" }) });
        server.request(&ana, Method::POST, "/api/diagrams").json(&body).send().await.unwrap();
    }
    let mut seen = Vec::new();
    let mut path = "/api/diagrams?limit=3".to_owned();
    loop {
        let page: Value = server.get(&ana, &path).await.json().await.unwrap();
        let diagrams = page["diagrams"].as_array().unwrap();
        assert!(diagrams.len() <= 3);
        seen.extend(diagrams.iter().map(|d| d["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("/api/diagrams?limit=3&cursor={cursor}");
    }
    assert_eq!(seen.len(), 7);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 7);

    let found: Value =
        server.get(&ana, "/api/diagrams?q=odd%20process").await.json().await.unwrap();
    assert_eq!(found["diagrams"].as_array().unwrap().len(), 3);

    problem(server.get(&ana, "/api/diagrams?limit=0").await, 422, "invalid-value").await;
    problem(server.get(&ana, "/api/diagrams?limit=1000").await, 422, "invalid-value").await;
    problem(server.get(&ana, "/api/diagrams?limit=x").await, 400, "bad-request").await;
    problem(server.get(&ana, "/api/diagrams?cursor=nix").await, 400, "bad-request").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_did_not_change_is_not_sent_again() {
    let server = Server::start().await;
    let ana = server.member();
    server.create_empty(&ana).await;
    let tag = server.get(&ana, "/api/diagrams").await.headers()["etag"].clone();
    let get = || server.request(&ana, Method::GET, "/api/diagrams").header("if-none-match", &tag);
    assert_eq!(get().send().await.unwrap().status(), StatusCode::NOT_MODIFIED);
    server.create_empty(&ana).await;
    assert_eq!(get().send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_is_a_problem_with_a_request_id() {
    let server = Server::start().await;
    let ana = server.member();
    problem(server.bare(Method::GET, "/nix").send().await.unwrap(), 404, "no-such-route").await;
    let wrong = server.bare(Method::PATCH, "/api/diagrams").send().await.unwrap();
    assert!(wrong.headers().contains_key("allow"));
    problem(wrong, 405, "method-not-allowed").await;
    let none = server.bare(Method::GET, "/api/diagrams").send().await.unwrap();
    assert!(none.headers().contains_key("www-authenticate"));
    problem(none, 401, "unauthorized").await;
    let post = || server.request(&ana, Method::POST, "/api/diagrams");
    let json = || post().header("content-type", "application/json");
    let body = problem(json().body("{").send().await.unwrap(), 400, "invalid-body").await;
    assert_eq!((&body["line"], &body["column"]), (&json!(1), &json!(1)));
    for shape in ["[]", "{\"title\":7}", "{\"nix\":1}", "\"x\""] {
        problem(json().body(shape).send().await.unwrap(), 400, "invalid-body").await;
    }
    problem(post().body("x").send().await.unwrap(), 415, "media-type").await;
    let title = json!({ "title": "x".repeat(limits::MAX_TITLE_BYTES + 1) });
    problem(post().json(&title).send().await.unwrap(), 422, "invalid-value").await;
    problem(post().json(&json!({ "title": " " })).send().await.unwrap(), 422, "invalid-value")
        .await;
    assert!(server.list(&ana).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_keeps_its_id_if_it_is_plain() {
    let server = Server::start().await;
    let send =
        |id: &str| server.bare(Method::GET, "/healthz").header("x-request-id", id.to_owned());
    let answer = send("abc-123").send().await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], "abc-123");
    for bad in ["a b", "<script>", &"x".repeat(65)] {
        let answer = send(bad).send().await.unwrap();
        assert_ne!(answer.headers()["x-request-id"], bad);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_carry_the_headers_that_protect_a_browser() {
    let server = Server::start().await;
    for path in ["/healthz", "/nix"] {
        let answer = server.bare(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers()["x-frame-options"], "DENY");
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
        assert!(answer.headers().contains_key("content-security-policy"));
        assert!(!answer.headers().contains_key("strict-transport-security"));
    }
    let behind_tls = Server::start_with(|config| {
        config.server.public_url = Some("https://atelier.example".to_owned());
    })
    .await;
    let answer = behind_tls.bare(Method::GET, "/healthz").send().await.unwrap();
    assert!(answer.headers().contains_key("strict-transport-security"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_listed_origins_may_read_answers() {
    let server = Server::start_with(|config| {
        config.server.origins = vec!["https://app.example".to_owned()];
    })
    .await;
    let preflight = |origin: &'static str| {
        server
            .bare(Method::OPTIONS, "/api/diagrams")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type")
            .send()
    };
    let listed = preflight("https://app.example").await.unwrap();
    assert_eq!(listed.headers()["access-control-allow-origin"], "https://app.example");
    assert!(!listed.headers().contains_key("access-control-allow-credentials"));
    let foreign = preflight("https://evil.example").await.unwrap();
    assert!(!foreign.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_alive_and_ready_without_a_token() {
    let server = Server::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.bare(Method::GET, path).send().await.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_diagram_looks_exactly_like_a_missing_one() {
    let server = Server::start().await;
    let (ana, eve) = (server.member(), server.user("evil", "eve", OrgRole::Admin));
    let id = server.create_empty(&ana).await;
    let missing = "00000000-0000-4000-8000-000000000000";
    for (method, path) in [
        (Method::GET, ""),
        (Method::DELETE, ""),
        (Method::GET, "/xml"),
        (Method::PUT, "/xml"),
        (Method::POST, "/collaborate"),
    ] {
        let mut answers = Vec::new();
        for id in [id.as_str(), missing] {
            let path = format!("/api/diagrams/{id}{path}");
            let answer = server
                .request(&eve, method.clone(), &path)
                .header("if-match", "\"v1\"")
                .body(EMPTY)
                .send()
                .await
                .unwrap();
            let mut headers: Vec<_> = answer.headers().keys().map(ToString::to_string).collect();
            headers.sort();
            answers.push((answer.status(), headers, answer.text().await.unwrap()));
        }
        assert_eq!(answers[0].0, StatusCode::NOT_FOUND, "{method} {path}");
        assert_eq!(answers[0], answers[1], "{method} {path}");
    }
    assert!(server.list(&eve).await.is_empty());
    assert_eq!(server.list(&ana).await.len(), 1);
    assert_eq!(server.list(&ana).await[0]["version"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_reads_and_changes_nothing() {
    let server = Server::start().await;
    let (ana, vic) = (server.member(), server.user("acme", "vic", OrgRole::Viewer));
    let id = server.create_empty(&ana).await;
    assert_eq!(server.get(&vic, &format!("/api/diagrams/{id}/xml")).await.status(), StatusCode::OK);
    problem(server.post_xml(&vic, EMPTY).await, 403, "forbidden").await;
    problem(server.put_xml(&vic, &id, "\"v1\"", EMPTY).await, 403, "forbidden").await;
    let path = format!("/api/diagrams/{id}");
    let answer = server.request(&vic, Method::DELETE, &path).send().await.unwrap();
    problem(answer, 403, "forbidden").await;
    assert_eq!(server.list(&ana).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tokens_are_refused_and_told_apart() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let room = server.invite(&ana, &id).await["token"].as_str().unwrap().to_owned();
    for (authorization, says) in [
        ("Basic YTpi".to_owned(), "malformed"),
        ("Bearer x".to_owned(), "malformed"),
        ("Bearer ".to_owned(), "malformed"),
        (format!("Bearer {room}"), "another purpose"),
        (format!("Bearer {}x", ana.token), "signature"),
    ] {
        let answer = server
            .bare(Method::GET, "/api/diagrams")
            .header("authorization", &authorization)
            .send()
            .await
            .unwrap();
        let body = problem(answer, 401, "unauthorized").await;
        assert!(body["detail"].as_str().unwrap().contains(says), "{body}");
    }
}

/// Bodies that must be refused with a clear problem and change nothing.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_bodies_get_a_clear_problem_and_change_nothing() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let before = server.get(&ana, &format!("/api/diagrams/{id}/xml")).await.text().await.unwrap();

    let deep = "<a>".repeat(limits::MAX_XML_DEPTH + 1);
    let laughs = "<!DOCTYPE a [<!ENTITY l 'ha'><!ENTITY m '&l;&l;'>]><a>&m;</a>";
    let hostile: Vec<(&str, Vec<u8>, u16, &str, &str)> = vec![
        ("empty", b"".to_vec(), 422, "invalid-bpmn", "line"),
        ("no XML", b"hello".to_vec(), 422, "invalid-bpmn", "line"),
        ("not closed", b"<a><b></a>".to_vec(), 422, "invalid-bpmn", "line 1"),
        ("doctype", laughs.into(), 422, "invalid-bpmn", "document type"),
        ("deep", deep.into_bytes(), 422, "invalid-bpmn", "deep"),
        ("binary", vec![0xff; 1000], 422, "invalid-bpmn", "line"),
        ("no BPMN", b"<a/>".to_vec(), 422, "invalid-bpmn", "line"),
        ("above the XML limit", vec![b' '; limits::MAX_XML_BYTES + 1], 413, "too-large", ""),
        ("50 MB", vec![b'x'; 50 << 20], 413, "too-large", ""),
    ];
    for (name, body, status, code, says) in hostile {
        let created = problem(server.post_xml(&ana, body.clone()).await, status, code).await;
        let saved = problem(server.put_xml(&ana, &id, "\"v1\"", body).await, status, code).await;
        for answer in [created, saved] {
            let detail = answer["detail"].as_str().unwrap_or_default();
            assert!(detail.contains(says), "{name}: {answer}");
        }
    }

    assert_eq!(server.list(&ana).await.len(), 1);
    let answer = server.get(&ana, &format!("/api/diagrams/{id}/xml")).await;
    assert_eq!(answer.headers()["etag"], "\"v1\"");
    assert_eq!(answer.text().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_megabytes_of_a_caller_without_token_get_401_and_no_reset() {
    let server = Server::start().await;
    let answer = server
        .bare(Method::POST, "/api/diagrams")
        .header("content-type", "application/xml")
        .body(vec![b'x'; 50 << 20])
        .send()
        .await
        .unwrap();
    problem(answer, 401, "unauthorized").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_all_that_a_provider_needs() {
    let server = Server::start().await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let invitation = server.invite(&ana, &id).await;
    let url = invitation["url"].as_str().unwrap();
    assert_eq!(url, format!("ws://{}/collab/{id}", server.app.addr()));
    assert_eq!(invitation["role"], "editor");
    let grant = server.app.keys().room(invitation["token"].as_str().unwrap()).unwrap();
    assert_eq!((grant.user.as_str(), grant.diagram.as_str()), ("ana", id.as_str()));
    let expires = invitation["expiresAt"].as_str().unwrap();
    let expires =
        time::OffsetDateTime::parse(expires, &time::format_description::well_known::Rfc3339)
            .unwrap();
    assert_eq!(expires, time::OffsetDateTime::from(grant.expires));
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_tls_an_invitation_leads_to_the_public_url() {
    let server = Server::start_with(|config| {
        config.server.public_url = Some("https://atelier.example".to_owned());
    })
    .await;
    let ana = server.member();
    let id = server.create_empty(&ana).await;
    let url = server.invite(&ana, &id).await["url"].as_str().unwrap().to_owned();
    assert_eq!(url, format!("wss://atelier.example/collab/{id}"));
}

#[tokio::test]
async fn half_a_request_head_is_cut_off() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Server::start_with(|config| {
        config.server.header_timeout = std::time::Duration::from_secs(1);
    })
    .await;
    let mut stream = tokio::net::TcpStream::connect(server.app.addr()).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let mut rest = Vec::new();
    let reading = stream.read_to_end(&mut rest);
    tokio::time::timeout(crate::harness::PATIENCE, reading).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_body_that_never_ends_gets_408() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Server::start_with(|config| {
        config.server.request_timeout = std::time::Duration::from_secs(1);
    })
    .await;
    let token = server.member().token;
    let mut stream = tokio::net::TcpStream::connect(server.app.addr()).await.unwrap();
    let head = format!(
        "POST /api/diagrams HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/xml\r\nContent-Length: 1000\r\n\r\n<"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let reading = stream.read_exact(&mut answer);
    tokio::time::timeout(crate::harness::PATIENCE, reading).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn connections_above_the_cap_wait_and_are_served_when_one_ends() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Server::start_with(|config| config.server.max_connections = 1).await;
    let request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut answer = [0; 12];
    let mut first = tokio::net::TcpStream::connect(server.app.addr()).await.unwrap();
    first.write_all(request).await.unwrap();
    first.read_exact(&mut answer).await.unwrap();
    let mut second = tokio::net::TcpStream::connect(server.app.addr()).await.unwrap();
    second.write_all(request).await.unwrap();
    let wait = std::time::Duration::from_millis(300);
    assert!(tokio::time::timeout(wait, second.read_exact(&mut answer)).await.is_err());
    drop(first);
    let reading = second.read_exact(&mut answer);
    tokio::time::timeout(crate::harness::PATIENCE, reading).await.unwrap().unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Server::start_with(|config| {
        config.server.header_timeout = std::time::Duration::from_secs(1);
    })
    .await;
    let mut stream = tokio::net::TcpStream::connect(server.app.addr()).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    tokio::time::timeout(crate::harness::PATIENCE, reading).await.unwrap().unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_answer_is_packed_for_those_who_accept_it() {
    let server = Server::start().await;
    let ana = server.member();
    for n in 0..10 {
        server.create(&ana, &EMPTY.replace("Process_1", &format!("Process_{n}"))).await;
    }
    let plain = server.get(&ana, "/api/diagrams").await;
    assert!(!plain.headers().contains_key("content-encoding"));
    let plain = plain.bytes().await.unwrap();
    let get = |path: &str| {
        server.request(&ana, Method::GET, path).header("accept-encoding", "gzip").send()
    };
    let packed = get("/api/diagrams").await.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert!(packed.headers()["vary"].to_str().unwrap().contains("accept-encoding"));
    let packed = packed.bytes().await.unwrap();
    assert!(packed.starts_with(&[0x1f, 0x8b]) && packed.len() < plain.len() / 2);
    let small = get("/api/orgs/me").await.unwrap();
    assert!(!small.headers().contains_key("content-encoding"));
}
