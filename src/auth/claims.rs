//! What the claims of a provider's token mean here: subject, organisation, role, name, verified address.
//!
//! PURE. Read only after the token is verified; what stands there and can't be read refuses the token, so that
//! nobody lands in a default organisation by a typing error.

use serde_json::Value;

use super::{Claimed, TokenError, shown_name};
use crate::config::{Auth, Emails};
use crate::store::catalog::Email;

/// Where people are named, the best first. Only shown, never compared: users can change some of these.
const NAMES: [&str; 4] =
    ["name", "user_metadata.full_name", "user_metadata.name", "preferred_username"];

/// Where to look.
#[derive(Debug)]
pub(super) struct Reading {
    org: String,
    role: String,
    emails: Emails,
}

impl Reading {
    pub(super) fn new(settings: &Auth) -> Self {
        Self {
            org: settings.org_claim.clone(),
            role: settings.role_claim.clone(),
            emails: settings.emails,
        }
    }

    pub(super) fn read(&self, claims: &Value) -> Result<Claimed, TokenError> {
        let user = text(claims, "sub").ok_or(TokenError::Malformed)?;
        Ok(Claimed {
            user: user.parse().map_err(|_| TokenError::Malformed)?,
            org: parsed(claims, &self.org).map_err(|Unreadable| TokenError::Org)?,
            role: parsed(claims, &self.role).map_err(|Unreadable| TokenError::Role)?,
            name: NAMES.iter().find_map(|path| name(claims, path)),
            email: self.email(claims),
            guest: None,
        })
    }

    /// The address, if it is known to be this person's.
    fn email(&self, claims: &Value) -> Option<Email> {
        let is_verified = match self.emails {
            Emails::All => true,
            Emails::Verified => claims.get("email_verified") == Some(&Value::Bool(true)),
        };
        text(claims, "email").filter(|_| is_verified)?.parse().ok()
    }
}

/// Something stands there that can't be meant.
struct Unreadable;

fn parsed<T: std::str::FromStr>(claims: &Value, path: &str) -> Result<Option<T>, Unreadable> {
    match at(claims, path) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => text.parse().map(Some).map_err(|_| Unreadable),
        Some(_) => Err(Unreadable),
    }
}

fn name(claims: &Value, path: &str) -> Option<String> {
    let name = shown_name(text(claims, path)?.trim());
    (!name.is_empty()).then_some(name)
}

fn text<'a>(claims: &'a Value, path: &str) -> Option<&'a str> {
    at(claims, path)?.as_str()
}

/// The claim of this name, which may itself hold dots (`https://acme.com/org`); else that below others.
fn at<'a>(claims: &'a Value, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| path.split('.').try_fold(claims, |value, part| value.get(part)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reading(emails: Emails) -> Reading {
        Reading { emails, ..Reading::new(&Auth::default()) }
    }

    fn supabase() -> Value {
        json!({
            "sub": "6f1c1a52-55c8-4a51-a9ac-7f0b4f0e8a11", "role": "authenticated", "aud": "authenticated",
            "email": "Ana@Acme.com", "app_metadata": { "provider": "email", "org": "acme", "role": "viewer" },
            "user_metadata": { "full_name": "Ana\u{0} B.", "email_verified": true },
        })
    }

    #[test]
    fn a_token_of_supabase_is_read() {
        let who = reading(Emails::All).read(&supabase()).unwrap();
        assert_eq!(who.org.unwrap().as_str(), "acme");
        assert_eq!(who.role.unwrap().as_str(), "viewer");
        assert_eq!((who.name.as_deref(), who.guest), (Some("Ana B."), None));
        assert_eq!(who.email.unwrap().as_str(), "ana@acme.com");
    }

    #[test]
    fn an_address_counts_only_if_its_issuer_says_so_where_users_can_not() {
        // `user_metadata` is the user's own to write.
        assert_eq!(reading(Emails::Verified).read(&supabase()).unwrap().email, None);
        for (verified, counts) in [(json!(true), true), (json!("true"), false), (json!(1), false)] {
            let mut claims = supabase();
            claims["email_verified"] = verified;
            assert_eq!(reading(Emails::Verified).read(&claims).unwrap().email.is_some(), counts);
        }
    }

    #[test]
    fn claims_are_found_by_name_and_by_path_and_what_cant_be_meant_refuses_the_token() {
        let settings = Auth { org_claim: "https://acme.com/org".to_owned(), ..Auth::default() };
        let mut claims = supabase();
        claims["https://acme.com/org"] = json!("other");
        let who = Reading::new(&settings).read(&claims).unwrap();
        assert_eq!(who.org.unwrap().as_str(), "other");

        let missing = json!({ "sub": "x" });
        let who = reading(Emails::All).read(&missing).unwrap();
        assert_eq!((who.org, who.role, who.name, who.email), (None, None, None, None));
        for (path, value, why) in [
            ("org", json!("a b"), TokenError::Org),
            ("org", json!(["acme"]), TokenError::Org),
            ("role", json!("owner"), TokenError::Role),
        ] {
            let mut claims = supabase();
            claims["app_metadata"][path] = value;
            assert_eq!(reading(Emails::All).read(&claims), Err(why));
        }
        for sub in [json!(""), json!("a b"), json!(7), Value::Null] {
            let mut claims = supabase();
            claims["sub"] = sub;
            assert_eq!(reading(Emails::All).read(&claims), Err(TokenError::Malformed));
        }
    }
}
