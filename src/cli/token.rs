//! `atelier token`: tokens for scripts, tests and the first look, without an identity provider.

use std::time::{Duration, SystemTime};

use clap::Args;

use super::{Common, Failure};
use crate::auth::{self, Identity, Keys, OrgRole, RoomGrant, color_of, is_color, shown_name};
use crate::config::{BadDuration, parse_duration};
use crate::id::{DiagramId, OrgId, UserId};

/// Arguments.
#[derive(Debug, Args)]
pub(super) struct Token {
    #[command(flatten)]
    common: Common,
    /// Who the token is for
    #[arg(long, value_name = "ID")]
    user: UserId,
    /// The organisation
    #[arg(long, value_name = "ID")]
    org: OrgId,
    /// admin, member or viewer
    #[arg(long)]
    role: OrgRole,
    /// Life of the token: 90s, 15m, 1h, 7d
    #[arg(long, default_value = "1h", value_parser = life)]
    ttl: Duration,
    /// Name shown at the user's cursor [default: the user id]
    #[arg(long)]
    name: Option<String>,
    /// Print a room token for this diagram instead of an access token
    #[arg(long, value_name = "ID")]
    diagram: Option<DiagramId>,
    /// Colour of the cursor, #rrggbb, in a room token [default: made from the user id]
    #[arg(long, requires = "diagram")]
    color: Option<String>,
}

impl Token {
    pub(super) fn run(self) -> Result<(), Failure> {
        if self.color.as_deref().is_some_and(|color| !is_color(color)) {
            return Err(Failure::usage("--color must be #rrggbb"));
        }
        let config = self.common.load(Vec::new())?;
        let secret = auth::load_secret(&config.auth, &config.store.data).map_err(Failure::usage)?;
        let keys = Keys::new(&secret, &config.auth.issuer);
        let now = SystemTime::now();
        let token = match self.diagram {
            None => {
                let (org, user, role, name) = (self.org, self.user, self.role, self.name);
                let who = Identity { org, user, role, name, guest: None };
                keys.mint_access(&who, now, self.ttl)
            }
            Some(diagram) => {
                let grant = RoomGrant {
                    org: self.org,
                    diagram,
                    role: self.role.in_room(),
                    name: shown_name(self.name.as_deref().unwrap_or(self.user.as_str())),
                    color: self.color.unwrap_or_else(|| color_of(&self.user).to_owned()),
                    user: self.user,
                    by: None,
                    expires: now + self.ttl,
                };
                keys.mint_room(&grant, now)
            }
        };
        println!("{}", token.map_err(Failure::usage)?);
        Ok(())
    }
}

fn life(text: &str) -> Result<Duration, String> {
    let life = parse_duration(text).map_err(|error: BadDuration| error.to_string())?;
    if life < Duration::from_secs(1) {
        return Err("a token must live for a second or more".to_owned());
    }
    Ok(life)
}
