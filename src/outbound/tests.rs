//! What users may make the server ask, and that nothing else is even connected to.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use super::*;

const SOON: Duration = Duration::from_secs(5);

fn outbound(user_urls: UserUrls) -> Outbound {
    Outbound::new(&config::Outbound { user_urls, proxy: None }).unwrap()
}

#[test]
fn a_users_address_is_https_and_public_in_whatever_spelling() {
    let outbound = outbound(UserUrls::Public);
    for good in [
        "https://example.com/hook",
        "https://example.com:8443/a?b=c",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "HTTPS://EXAMPLE.COM",
    ] {
        assert!(outbound.user(good).is_ok(), "{good}");
    }
    for (bad, why) in [
        ("", BadTarget::NoUrl),
        ("example.com", BadTarget::NoUrl),
        ("//example.com", BadTarget::NoUrl),
        ("ftp://example.com", BadTarget::NoUrl),
        ("file:///etc/passwd", BadTarget::NoUrl),
        ("gopher://example.com", BadTarget::NoUrl),
        ("https://", BadTarget::NoUrl),
        ("https://256.256.256.256/", BadTarget::NoUrl),
        ("https://[::1", BadTarget::NoUrl),
        ("http://example.com", BadTarget::Plain),
        ("https://ana@example.com", BadTarget::Credentials),
        ("https://ana:secret@example.com", BadTarget::Credentials),
        ("https://example.com@127.0.0.1/", BadTarget::Credentials),
        ("https://localhost/", BadTarget::Private),
        ("https://LOCALHOST./", BadTarget::Private),
        ("https://printer.local/", BadTarget::Private),
        ("https://metadata.google.internal/", BadTarget::Private),
        ("https://a.localhost:8443/", BadTarget::Private),
        ("https://127.0.0.1/", BadTarget::Private),
        ("https://127.0.0.1./", BadTarget::Private),
        ("https://127.1/", BadTarget::Private),
        ("https://2130706433/", BadTarget::Private),
        ("https://0x7f.1/", BadTarget::Private),
        ("https://0177.0.0.1/", BadTarget::Private),
        ("https://%31%32%37.0.0.1/", BadTarget::Private),
        ("https://１２７.０.０.１/", BadTarget::Private),
        ("https://127。0。0。1/", BadTarget::Private),
        ("https://0/", BadTarget::Private),
        ("https://169.254.169.254/latest/meta-data/", BadTarget::Private),
        ("https://0xa9fea9fe/", BadTarget::Private),
        ("https://[::1]/", BadTarget::Private),
        ("https://[::]/", BadTarget::Private),
        ("https://[::ffff:127.0.0.1]/", BadTarget::Private),
        ("https://[0:0:0:0:0:ffff:a9fe:a9fe]/", BadTarget::Private),
        ("https://[fd00:ec2::254]/", BadTarget::Private),
        ("https://[64:ff9b::7f00:1]/", BadTarget::Private),
        ("http://10.0.0.1/", BadTarget::Private),
    ] {
        assert_eq!(outbound.user(bad).err(), Some(why), "{bad}");
    }
    let long = format!("https://example.com/{}", "a".repeat(MAX_URL_BYTES));
    assert_eq!(outbound.user(&long).err(), Some(BadTarget::TooLong));
}

#[test]
fn an_operators_address_may_be_anywhere_but_is_still_http() {
    assert!(Target::operator("http://127.0.0.1:9000/jwks").is_ok());
    assert!(Target::operator("https://sso.internal/keys").is_ok());
    assert_eq!(Target::operator("file:///etc/passwd"), Err(BadTarget::NoUrl));
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_before_a_connection_is_made() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    socket.set_nonblocking(true).unwrap();
    let port = socket.local_addr().unwrap().port();
    // What the check of the text lets pass: the name resolves to a loopback address only later.
    let url = format!("https://localhost:{port}/").parse().unwrap();
    let target = Target { url, guarded: true };
    let error = outbound(UserUrls::Public).send(&target, Outgoing::get(SOON)).await.unwrap_err();
    assert_eq!(error, OutboundError::Refused(BadTarget::Private));
    assert_eq!(socket.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

/// Answers one request with these bytes; the address.
fn answers(bytes: Vec<u8>) -> String {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/secret-path", socket.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = socket.accept().unwrap();
        let mut head = [0; 4096];
        assert!(stream.read(&mut head).unwrap() > 0);
        // The client may go away before it has all.
        drop(stream.write_all(&bytes));
    });
    url
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let location = elsewhere.local_addr().unwrap();
    let moved =
        format!("HTTP/1.1 307 Moved\r\nLocation: http://{location}/\r\nContent-Length: 0\r\n\r\n");
    let target = Target::operator(&answers(moved.into_bytes())).unwrap();
    let answer = outbound(UserUrls::Public).send(&target, Outgoing::get(SOON)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(elsewhere.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    endless.resize(1 << 20, b'x');
    let outbound = outbound(UserUrls::Any);
    let target = outbound.user(&answers(endless)).unwrap();
    let answer = outbound.send(&target, Outgoing::get(SOON)).await.unwrap();
    assert_eq!(answer.body(1000).await, Err(OutboundError::TooLarge(1000)));
}

#[tokio::test]
async fn silence_is_a_timeout_and_a_closed_port_no_connection() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/secret-path", socket.local_addr().unwrap());
    let target = Target::operator(&url).unwrap();
    let outbound = outbound(UserUrls::Public);
    let ask = || outbound.send(&target, Outgoing::get(Duration::from_millis(100)));
    assert_eq!(ask().await.unwrap_err(), OutboundError::Timeout);
    drop(socket);
    let refused = ask().await.unwrap_err();
    assert!(matches!(refused, OutboundError::Connect(_)), "{refused:?}");
    // Neither an error nor a target tells the path, which may be a secret.
    for text in [refused.to_string(), format!("{refused:?}"), format!("{target:?}")] {
        assert!(!text.contains("secret-path"), "{text}");
    }
}
