//! Tokens of an identity provider: which ones count, whose keys are trusted when, and who comes in by them.

use std::time::Duration;

use atelier::auth::OrgRole;
use atelier::config::{Config, Emails, Provisioning};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Server, User, eventually, problem};
use crate::provider::{AUDIENCE, Answers, ISSUER, Provider, Signer, claims, claims_with, now_s};

async fn session(server: &Server, token: &str) -> Response {
    server.get(&User { token: token.to_owned() }, "/api/session").await
}

async fn who(server: &Server, token: &str) -> Value {
    let answer = session(server, token).await;
    assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
    answer.json().await.unwrap()
}

async fn trusting(provider: &Provider) -> Server {
    Server::start_with(|config| provider.trusted(config)).await
}

fn forged(header: &Header, claims: &Value, secret: &[u8]) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_each_kind_open_everything_down_to_the_room() {
    let signers = [Signer::rsa("r"), Signer::ec("e"), Signer::ed("d")];
    let provider = Provider::of(&[&signers[0], &signers[1], &signers[2]]).await;
    let server = trusting(&provider).await;
    for signer in &signers {
        let user = format!("auth0|{}", signer.kid);
        let token = signer.sign(&claims(&user));
        let told = who(&server, &token).await;
        assert_eq!((&told["org"], &told["user"]), (&json!("acme"), &json!(user)));
        assert_eq!(told["role"], "member", "auth.default_role");
        let user = User { token };
        let id = server.create_empty(&user).await;
        server.join(&user, &id).await.sync().await;
    }
    who(&server, &server.member().token).await;
    assert_eq!(provider.asked(), 1, "its keys are asked for once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_foreign_or_out_of_time_is_refused_and_brings_nobody_in() {
    let (rsa, ec) = (Signer::rsa("r"), Signer::ec("e"));
    let provider = Provider::of(&[&rsa, &ec]).await;
    let server = trusting(&provider).await;
    let good = claims("eve");
    let named =
        |algorithm, kid: &str| Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) };
    let public = rsa.public();
    let modulus = public["n"].as_str().unwrap();
    let other_way = Signer { algorithm: Algorithm::RS384, ..rsa.clone() };
    let by_rsa = |header: &Header| jsonwebtoken::encode(header, &good, &rsa.key).unwrap();
    let critical = Header { crit: Some(vec!["exp".to_owned()]), ..named(Algorithm::RS256, "r") };
    let none = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"r"}"#),
        URL_SAFE_NO_PAD.encode(good.to_string())
    );
    let cases = [
        ("no signature", none),
        (
            "the public key as a secret",
            forged(&named(Algorithm::HS256, "r"), &good, modulus.as_bytes()),
        ),
        (
            "its bytes as a secret",
            forged(&named(Algorithm::HS256, "r"), &good, &URL_SAFE_NO_PAD.decode(modulus).unwrap()),
        ),
        ("another key of that name", Signer::rsa("r").sign(&good)),
        ("a key for another algorithm", other_way.sign(&good)),
        (
            "the name of a key of another kind",
            Signer { kid: "e".to_owned(), ..rsa.clone() }.sign(&good),
        ),
        ("an extension that nobody knows", by_rsa(&critical)),
        ("no name of a key", by_rsa(&Header::new(Algorithm::RS256))),
        ("another issuer", rsa.sign(&claims_with("eve", "iss", json!("https://evil.example")))),
        ("our own issuer", rsa.sign(&claims_with("eve", "iss", json!("atelier")))),
        ("no issuer", rsa.sign(&claims_with("eve", "iss", Value::Null))),
        ("another audience", rsa.sign(&claims_with("eve", "aud", json!(["anon", "atelier"])))),
        ("no audience", rsa.sign(&claims_with("eve", "aud", Value::Null))),
        ("no end", rsa.sign(&claims_with("eve", "exp", Value::Null))),
        ("over", rsa.sign(&claims_with("eve", "exp", json!(now_s() - 31)))),
        ("not yet", rsa.sign(&claims_with("eve", "nbf", json!(now_s() + 31)))),
        ("nobody", rsa.sign(&claims_with("eve", "sub", Value::Null))),
        ("no id", rsa.sign(&claims("a b"))),
        (
            "no organisation that can be",
            rsa.sign(&claims_with("eve", "app_metadata", json!({ "org": 7 }))),
        ),
    ];
    for (why, token) in &cases {
        let body = problem(session(&server, token).await, 401, "unauthorized").await;
        assert!(!body.to_string().contains(token), "{why}");
    }
    assert_eq!(provider.asked(), 1, "none of it is worth asking");
    let boss = server.user("acme", "boss", OrgRole::Admin);
    let list: Value = server.get(&boss, "/api/orgs/me/members").await.json().await.unwrap();
    assert_eq!(list["members"].as_array().unwrap().len(), 1, "{list}");
    // Within the leeway of clocks.
    who(&server, &rsa.sign(&claims_with("ana", "exp", json!(now_s() - 2)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_the_set_that_could_sign_or_is_for_something_else_verifies_nothing() {
    let good = Signer::rsa("good");
    let secret = b"a secret that everybody can read in the set";
    let oct =
        json!({ "kty": "oct", "kid": "oct", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(secret) });
    let (encrypts, slow) = (Signer::rsa("enc"), Signer::ed("slow"));
    let mut enc = encrypts.public();
    enc["use"] = json!("enc");
    let odd =
        [json!(7), json!({ "kty": "new" }), json!({ "kty": "RSA", "kid": "x", "n": "!", "e": "" })];
    let mut keys = vec![oct, enc, slow.public(), good.public()];
    keys.extend(odd);
    let provider = Provider::start(Answers::Keys(keys)).await;
    let server = Server::start_with(|config| {
        provider.trusted(config);
        config.auth.jwks_algorithms = vec!["RS256".to_owned()];
    })
    .await;
    who(&server, &good.sign(&claims("ana"))).await;
    let by_secret = Header { kid: Some("oct".to_owned()), ..Header::new(Algorithm::HS256) };
    let by_secret = forged(&by_secret, &claims("eve"), secret);
    problem(session(&server, &by_secret).await, 401, "unauthorized").await;
    problem(session(&server, &encrypts.sign(&claims("eve"))).await, 401, "unauthorized").await;
    // The one look for unknown keys is used up.
    problem(session(&server, &slow.sign(&claims("eve"))).await, 503, "unavailable").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_found_at_once_and_an_old_one_goes_with_it() {
    let (old, new) = (Signer::rsa("old"), Signer::ec("new"));
    let provider = Provider::of(&[&old]).await;
    let server = trusting(&provider).await;
    who(&server, &old.sign(&claims("ana"))).await;
    provider.has(&[&new]);
    let many = (0..20).map(|n| {
        let token = new.sign(&claims(&format!("u{n}")));
        let server = &server;
        async move { who(server, &token).await }
    });
    futures_util::future::join_all(many).await;
    assert_eq!(provider.asked(), 2, "one look for all who wait");
    problem(session(&server, &old.sign(&claims("ana"))).await, 503, "unavailable").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_not_called_wrong_while_a_stranger_has_used_up_the_look() {
    let (old, new) = (Signer::rsa("old"), Signer::ec("new"));
    let provider = Provider::of(&[&old]).await;
    let server = trusting(&provider).await;
    who(&server, &old.sign(&claims("ana"))).await;
    let stranger = Signer::ed("invented").sign(&claims("eve"));
    problem(session(&server, &stranger).await, 401, "unauthorized").await;
    provider.has(&[&old, &new]);
    // It may be new or invented: nobody is signed out for it.
    for token in [new.sign(&claims("ana")), stranger] {
        let answer = session(&server, &token).await;
        let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((3..=30).contains(&wait), "{wait}");
        problem(answer, 503, "unavailable").await;
    }
    assert_eq!(provider.asked(), 2);
    who(&server, &old.sign(&claims("ana"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_a_provider_gave_up_count_no_more_even_if_it_has_no_others() {
    let known = Signer::rsa("known");
    let mut encrypts = known.public();
    encrypts["use"] = json!("enc");
    for (why, left) in [("none", Vec::new()), ("none that fits", vec![encrypts, json!(7)])] {
        let provider = Provider::of(&[&known]).await;
        let server = trusting(&provider).await;
        who(&server, &known.sign(&claims("ana"))).await;
        provider.now(Answers::Keys(left));
        let stranger = Signer::ec("new").sign(&claims("eve"));
        problem(session(&server, &stranger).await, 401, "unauthorized").await;
        let answer = session(&server, &known.sign(&claims("ana"))).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{why}");
        who(&server, &server.member().token).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unknown_keys_asks_the_provider_once() {
    let known = Signer::rsa("known");
    let provider = Provider::of(&[&known]).await;
    let server = trusting(&provider).await;
    who(&server, &known.sign(&claims("ana"))).await;
    let stranger = Signer::ec("x");
    let flood = (0..200).map(|n| {
        let token = Signer { kid: format!("k{n}"), ..stranger.clone() }.sign(&claims("eve"));
        let server = &server;
        async move { session(server, &token).await.status().as_u16() }
    });
    let told = futures_util::future::join_all(flood).await;
    assert_eq!(provider.asked(), 2);
    // Those who came before the look were told by it; those who came later have to ask again.
    assert!(
        told.contains(&401) && told.iter().all(|status| [401, 503].contains(status)),
        "{told:?}"
    );
    who(&server, &known.sign(&claims("ana"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_hangs_up_does_not_use_up_the_look_for_a_new_key() {
    let (old, new) = (Signer::rsa("old"), Signer::ec("new"));
    let provider = Provider::of(&[&old]).await;
    let server = trusting(&provider).await;
    who(&server, &old.sign(&claims("ana"))).await;
    provider.now(Answers::Stuck);
    let token = new.sign(&claims("ana"));
    let hasty = tokio::time::timeout(Duration::from_millis(300), session(&server, &token)).await;
    assert!(hasty.is_err(), "the provider is stuck");
    provider.has(&[&old, &new]);
    eventually("the new key is found", async || {
        (session(&server, &token).await.status() == StatusCode::OK).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_in_whatever_way_costs_only_what_is_new() {
    let known = Signer::rsa("known");
    let broken = [
        ("no answer", Answers::Cut),
        ("an error", Answers::Status(500)),
        ("a redirect", Answers::Elsewhere),
        ("no JSON", Answers::Text("<html>".to_owned())),
        ("another shape", Answers::Text("[]".to_owned())),
        ("keys of another shape", Answers::Text("{\"keys\":{}}".to_owned())),
        ("no end", Answers::Endless),
        ("half of it", Answers::Stuck),
    ];
    let cases = broken.map(|(why, answer)| {
        let known = known.clone();
        async move {
            let provider = Provider::of(&[&known]).await;
            let server = trusting(&provider).await;
            who(&server, &known.sign(&claims("ana"))).await;
            provider.now(answer);
            let stranger = Signer::ec("new").sign(&claims("eve"));
            let token = known.sign(&claims("ben"));
            // What is known is served meanwhile.
            let (refused, _) = tokio::join!(session(&server, &stranger), who(&server, &token));
            assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE, "{why}");
            who(&server, &known.sign(&claims("ana"))).await;
        }
    });
    futures_util::future::join_all(cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_without_its_provider_and_trusts_it_when_it_comes() {
    let signer = Signer::ed("k");
    let provider = Provider::start(Answers::Cut).await;
    let server = trusting(&provider).await;
    let token = signer.sign(&claims("ana"));
    // Not the token's fault: whoever has it must not be signed out.
    let answer = session(&server, &token).await;
    assert!(answer.headers().contains_key("retry-after"));
    problem(answer, 503, "unavailable").await;
    who(&server, &server.member().token).await;
    provider.has(&[&signer]);
    eventually("the provider's keys are known", async || {
        (session(&server, &token).await.status() == StatusCode::OK).then_some(())
    })
    .await;
}

const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

fn legacy(config: &mut Config) {
    config.auth.jwt_secret = Some(SECRET.into());
    config.auth.issuers = vec![ISSUER.to_owned()];
    config.auth.audience = vec![AUDIENCE.to_owned()];
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_shares_our_secret_is_told_from_us_by_its_issuer() {
    let server = Server::start_with(legacy).await;
    let header = Header { kid: Some("legacy".to_owned()), ..Header::new(Algorithm::HS256) };
    let sign = |claims: &Value| forged(&header, claims, SECRET.as_bytes());
    assert_eq!(who(&server, &sign(&claims("ana"))).await["org"], "acme");
    who(&server, &server.member().token).await;
    // Its claims mean what a provider's mean, not what ours do.
    let mut wild = claims("gus");
    wild["org"] = json!("evil");
    wild["guest"] = json!({ "diagram": "d", "until": now_s() + 600 });
    let told = who(&server, &sign(&wild)).await;
    assert_eq!((&told["org"], told.get("diagramId")), (&json!("acme"), None));
    for wrong in [
        claims_with("eve", "aud", json!("atelier")),
        claims_with("eve", "iss", json!("https://evil.example")),
        claims_with("eve", "exp", json!(now_s() - 60)),
    ] {
        problem(session(&server, &sign(&wrong)).await, 401, "unauthorized").await;
    }
    let id = server.create_empty(&server.member()).await;
    let room = server.invite(&server.member(), &id).await;
    problem(session(&server, room["token"].as_str().unwrap()).await, 401, "unauthorized").await;
    let theirs = sign(&claims("ana"));
    assert_eq!(server.open(&id, &theirs).await.closed().await, 4401, "it opens no room");
}

fn with_email(sub: &str, email: &str, verified: bool) -> Value {
    let mut claims = claims_with(sub, "email", json!(email));
    claims["email_verified"] = json!(verified);
    claims["app_metadata"] = json!({});
    claims
}

#[tokio::test(flavor = "multi_thread")]
async fn by_domain_come_those_with_a_verified_address_and_only_where_it_belongs() {
    let signer = Signer::ed("k");
    let provider = Provider::of(&[&signer]).await;
    let server = Server::start_with(|config| {
        provider.trusted(config);
        config.auth.provisioning = Provisioning::Domain;
        config.auth.domains = vec!["Acme.com=acme".to_owned(), "evil.com=evil".to_owned()];
    })
    .await;
    let told = who(&server, &signer.sign(&with_email("ana", "Ana@ACME.com", true))).await;
    assert_eq!(told["org"], "acme");
    let mut elsewhere = with_email("eve", "eve@evil.com", true);
    elsewhere["app_metadata"] = json!({ "org": "acme" });
    for stranger in [
        elsewhere,
        with_email("bob", "bob@acme.com", false),
        with_email("bob", "bob@sub.acme.com", true),
        with_email("bob", "bob@acme.com.evil.org", true),
        claims("bob"),
    ] {
        let answer = session(&server, &signer.sign(&stranger)).await;
        problem(answer, 403, "not-a-member").await;
    }
    // Who is a member already needs no address.
    who(&server, &signer.sign(&claims("ana"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_invited_by_address_takes_the_place_with_that_address_verified() {
    let signer = Signer::ed("k");
    let provider = Provider::of(&[&signer]).await;
    let server = Server::start_with(|config| {
        provider.trusted(config);
        config.auth.default_org = Some("acme".parse().unwrap());
    })
    .await;
    let boss = server.user("acme", "boss", OrgRole::Admin);
    let new = json!({ "email": "bob@acme.com", "role": "viewer" });
    let path = "/api/orgs/me/members";
    let add = server.request(&boss, Method::POST, path).json(&new).send().await.unwrap();
    assert_eq!(add.status(), StatusCode::CREATED);
    let unverified = who(&server, &signer.sign(&with_email("eve", "bob@acme.com", false))).await;
    assert_eq!(unverified["role"], "member", "eve comes as anybody");
    let bob = who(&server, &signer.sign(&with_email("7", "Bob@Acme.com", true))).await;
    assert_eq!(bob["role"], "viewer");
    let list: Value = server.get(&boss, path).await.json().await.unwrap();
    let members = list["members"].as_array().unwrap();
    let ids: Vec<_> = members.iter().map(|m| (&m["id"], &m["email"])).collect();
    let none = &Value::Null;
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[0], (&json!("7"), &json!("bob@acme.com")));
    assert_eq!(members[2].get("email").unwrap_or(none), none, "an unverified one is not kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_does_not_come_back_with_a_second_account_of_the_same_address() {
    let signer = Signer::ed("k");
    let provider = Provider::of(&[&signer]).await;
    let server = Server::start_with(|config| {
        provider.trusted(config);
        config.auth.provisioning = Provisioning::Domain;
        config.auth.domains = vec!["acme.com=acme".to_owned()];
    })
    .await;
    let by = |sub: &str| signer.sign(&with_email(sub, "bob@acme.com", true));
    let boss = server.user("acme", "boss", OrgRole::Admin);
    let path = "/api/orgs/me/members";
    // Known by its user id at first; its address becomes known as it comes.
    let dir = server.dir.path().to_owned();
    let store = atelier::store::sqlite::Store::open(&dir).await.unwrap();
    for (id, role) in [("boss", OrgRole::Admin), ("1", OrgRole::Member)] {
        let new = atelier::store::catalog::NewMember { id: id.parse().unwrap(), role, email: None };
        let (org, by) = ("acme".parse().unwrap(), "boss".parse().unwrap());
        let now = time::OffsetDateTime::now_utc();
        store.catalog().add_member(&org, &by, new, now).await.unwrap();
    }
    store.close().await;
    who(&server, &signer.sign(&claims("1"))).await;
    who(&server, &by("1")).await;
    let gone = server.request(&boss, Method::DELETE, &format!("{path}/1")).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    for sub in ["1", "2"] {
        problem(session(&server, &by(sub)).await, 403, "removed").await;
    }
    let new = json!({ "email": "Bob@acme.com", "role": "viewer" });
    let add = server.request(&boss, Method::POST, path).json(&new).send().await.unwrap();
    assert_eq!(add.status(), StatusCode::CREATED);
    // Whoever says so without proof is not awaited.
    let claimed = signer.sign(&with_email("bob@acme.com", "bob@acme.com", false));
    problem(session(&server, &claimed).await, 403, "not-a-member").await;
    assert_eq!(who(&server, &by("1")).await["role"], "viewer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_may_be_trusted_with_addresses_and_roles() {
    let signer = Signer::ed("k");
    let provider = Provider::of(&[&signer]).await;
    let server = Server::start_with(|config| {
        provider.trusted(config);
        config.auth.emails = Emails::All;
        config.auth.provisioning = Provisioning::Domain;
        config.auth.domains = vec!["acme.com=acme".to_owned()];
    })
    .await;
    let mut boss = with_email("boss", "boss@acme.com", false);
    boss["app_metadata"] = json!({ "role": "admin" });
    assert_eq!(who(&server, &signer.sign(&boss)).await["role"], "admin");
    boss["app_metadata"] = json!({ "role": "viewer" });
    assert_eq!(who(&server, &signer.sign(&boss)).await["role"], "viewer", "demoted at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_an_organisation_leads_nowhere_by_itself() {
    let signer = Signer::ed("k");
    let provider = Provider::of(&[&signer]).await;
    let server = trusting(&provider).await;
    let nowhere = signer.sign(&claims_with("ana", "app_metadata", json!({ "provider": "email" })));
    for path in ["/api/session", "/api/diagrams"] {
        let user = User { token: nowhere.clone() };
        problem(server.get(&user, path).await, 403, "not-a-member").await;
    }
}
