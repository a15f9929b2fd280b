//! Which tokens open what, and what a made secret is.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::config::Auth;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const HOUR: Duration = Duration::from_secs(3600);

fn keys() -> Keys {
    Keys::new(&SecretString::from(SECRET), "atelier")
}

fn ana() -> Identity {
    Identity {
        org: "acme".parse().unwrap(),
        user: "ana".parse().unwrap(),
        role: OrgRole::Member,
        name: Some("Ana".to_owned()),
        guest: None,
    }
}

fn grant() -> RoomGrant {
    RoomGrant {
        org: "acme".parse().unwrap(),
        diagram: "d1".parse().unwrap(),
        user: "ana".parse().unwrap(),
        by: Some("boss".parse().unwrap()),
        role: Role::Editor,
        name: "Ana".to_owned(),
        color: "#1565c0".to_owned(),
        expires: UNIX_EPOCH + Duration::from_secs(now_s() + 3600),
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn forged(header: &Header, claims: &serde_json::Value) -> String {
    jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

fn claims() -> serde_json::Value {
    serde_json::json!({
        "iss": "atelier", "aud": "atelier", "use": "access", "sub": "ana", "org": "acme",
        "role": "member", "exp": now_s() + 600,
    })
}

#[test]
fn an_access_token_brings_back_who_it_was_made_for() {
    let token = keys().mint_access(&ana(), SystemTime::now(), HOUR).unwrap();
    assert_eq!(keys().access(&token), Ok(ana()));
}

#[test]
fn a_guests_token_brings_back_who_invited_it() {
    let until = UNIX_EPOCH + Duration::from_secs(now_s() + 600);
    let (diagram, by) = ("d1".parse().unwrap(), "boss".parse().unwrap());
    let guest = Identity { guest: Some(Guest { diagram, by, until }), ..ana() };
    let token = keys().mint_access(&guest, SystemTime::now(), HOUR).unwrap();
    assert_eq!(keys().access(&token), Ok(guest));
    let mut claims = claims();
    claims["guest"] = serde_json::json!({ "diagram": "d1", "until": now_s() + 600 });
    let of_nobody = keys().access(&forged(&Header::default(), &claims));
    assert_eq!(of_nobody, Err(TokenError::Malformed));
}

#[test]
fn a_room_token_brings_back_its_grant() {
    let token = keys().mint_room(&grant(), SystemTime::now()).unwrap();
    assert_eq!(keys().room(&token), Ok(grant()));
}

#[test]
fn an_access_token_opens_no_room_and_a_room_token_no_api() {
    let access = keys().mint_access(&ana(), SystemTime::now(), HOUR).unwrap();
    let room = keys().mint_room(&grant(), SystemTime::now()).unwrap();
    assert_eq!(keys().room(&access), Err(TokenError::Purpose));
    assert_eq!(keys().access(&room), Err(TokenError::Purpose));
}

#[test]
fn the_right_audience_with_the_wrong_use_is_refused() {
    let mut claims = claims();
    claims["use"] = "room".into();
    assert_eq!(keys().access(&forged(&Header::default(), &claims)), Err(TokenError::Purpose));
}

#[test]
fn another_key_another_issuer_and_another_algorithm_are_refused() {
    let other = Keys::new(&SecretString::from("another-secret-of-32-bytes-or-so!"), "atelier");
    let token = other.mint_access(&ana(), SystemTime::now(), HOUR).unwrap();
    assert_eq!(keys().access(&token), Err(TokenError::Signature));

    let other = Keys::new(&SecretString::from(SECRET), "somebody");
    let token = other.mint_access(&ana(), SystemTime::now(), HOUR).unwrap();
    assert_eq!(keys().access(&token), Err(TokenError::Malformed));

    let token = forged(&Header::new(Algorithm::HS512), &claims());
    assert_eq!(keys().access(&token), Err(TokenError::Malformed));
    // {"alg":"none"}
    let (_, rest) = token.split_once('.').unwrap();
    let none = format!("eyJhbGciOiJub25lIn0.{}.", rest.split_once('.').unwrap().0);
    assert_eq!(keys().access(&none), Err(TokenError::Malformed));
}

#[test]
fn an_expired_token_is_refused_after_a_small_leeway() {
    let now = SystemTime::now();
    let minute_ago = now - Duration::from_secs(60);
    let just_over = keys().mint_access(&ana(), minute_ago, Duration::from_secs(58)).unwrap();
    let long_over = keys().mint_access(&ana(), minute_ago, Duration::from_secs(40)).unwrap();
    assert!(keys().access(&just_over).is_ok());
    assert_eq!(keys().access(&long_over), Err(TokenError::Expired));
}

#[test]
fn every_claim_that_counts_is_required() {
    for claim in ["iss", "aud", "use", "sub", "org", "role", "exp"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(claim);
        let token = forged(&Header::default(), &claims);
        assert_eq!(keys().access(&token), Err(TokenError::Malformed), "{claim}");
    }
    assert!(keys().access(&forged(&Header::default(), &claims())).is_ok());
}

#[test]
fn a_token_of_the_future_is_not_valid_yet() {
    let mut claims = claims();
    claims["nbf"] = (now_s() + 300).into();
    assert!(keys().access(&forged(&Header::default(), &claims)).is_err());
}

#[test]
fn no_token_and_garbage_are_told_apart() {
    assert_eq!(keys().access(""), Err(TokenError::Missing));
    for garbage in ["x", "a.b.c", &"a".repeat(limits::MAX_TOKEN_BYTES + 1)] {
        assert_eq!(keys().access(garbage), Err(TokenError::Malformed));
    }
}

#[test]
fn names_and_colours_of_a_token_are_made_fit_to_show() {
    let wild = RoomGrant {
        name: format!("A\u{0}n\na{}", "x".repeat(500)),
        color: "url(javascript:1)".to_owned(),
        ..grant()
    };
    let token = keys().mint_room(&wild, SystemTime::now()).unwrap();
    let read = keys().room(&token).unwrap();
    assert!(read.name.starts_with("Ana") && read.name.chars().count() == limits::MAX_NAME_CHARS);
    assert_eq!(read.color, color_of(&read.user));
}

#[test]
fn admin_and_member_edit_and_a_viewer_views() {
    assert_eq!(OrgRole::Admin.in_room(), Role::Editor);
    assert_eq!(OrgRole::Member.in_room(), Role::Editor);
    assert_eq!(OrgRole::Viewer.in_room(), Role::Viewer);
}

#[test]
fn a_made_secret_is_strong_private_and_the_same_for_all_who_start_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let secrets: Vec<String> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| load_secret(&Auth::default(), &data).unwrap()))
            .collect();
        starts.into_iter().map(|s| s.join().unwrap().expose_secret().to_owned()).collect()
    });
    assert!(secrets.iter().all(|s| *s == secrets[0] && s.len() == 64));
    let mode = std::fs::metadata(data.join("jwt.secret")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 1, "nothing is left aside");
}

#[test]
fn a_weak_secret_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secret");
    std::fs::write(&file, "short\n").unwrap();
    let settings = Auth { jwt_secret_file: Some(file), ..Auth::default() };
    let error = load_secret(&settings, dir.path()).unwrap_err().to_string();
    assert!(error.contains("at least 32"), "{error}");
}

#[test]
fn debug_output_holds_no_key() {
    assert!(!format!("{:?}", keys()).contains(SECRET));
}
