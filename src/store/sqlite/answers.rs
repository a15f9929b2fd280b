//! Answers under idempotency keys, on SQLite: the same request is carried out once.

use bytes::Bytes;
use sqlx::SqliteConnection;
use time::OffsetDateTime;

use super::catalog::Catalog;
use super::values::json;
use crate::id::NodeId;
use crate::limits::{ANSWERS_KEPT_FOR, ANSWERS_PER_USER, ANSWERS_SWEPT};
use crate::store::StoreError;
use crate::store::catalog::{Answer, AnswerKey, Claim, to_ms};

/// request, node, status, headers, body
type Row = (Vec<u8>, i64, Option<u16>, String, Option<Vec<u8>>);

impl Catalog {
    /// Claims a key for a request that is about to be carried out by this node; tells what is known of it.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn claim_answer(
        &self,
        key: &AnswerKey,
        request: [u8; 32],
        node: NodeId,
        now: OffsetDateTime,
    ) -> Result<Claim, StoreError> {
        let (key, now) = (key.clone(), to_ms(now));
        let claim = self.db.write(move |tx| {
            Box::pin(async move {
                sweep(tx, &key, now).await?;
                let sql = "INSERT INTO answers (org, user, key, request, node, created_at) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
                let claimed = sqlx::query(sql)
                    .bind(key.org.as_str())
                    .bind(key.user.as_str())
                    .bind(&key.key)
                    .bind(request.to_vec())
                    .bind(node.0.cast_signed())
                    .bind(now)
                    .execute(&mut *tx)
                    .await?;
                if claimed.rows_affected() == 1 {
                    return Ok(Claim::New);
                }
                known(tx, &key, request, node).await
            })
        });
        claim.await
    }

    /// Keeps the answer of a claimed key, or with `None` gives the key back.
    ///
    /// # Errors
    /// As the store fails.
    pub async fn keep_answer(
        &self,
        key: &AnswerKey,
        answer: Option<Answer>,
    ) -> Result<(), StoreError> {
        let key = key.clone();
        let keep = self.db.write(move |tx| {
            Box::pin(async move {
                let sql = match answer {
                    Some(_) => {
                        "UPDATE answers SET status = ?4, headers = ?5, body = ?6 \
                         WHERE org = ?1 AND user = ?2 AND key = ?3"
                    }
                    None => "DELETE FROM answers WHERE org = ?1 AND user = ?2 AND key = ?3",
                };
                let query =
                    sqlx::query(sql).bind(key.org.as_str()).bind(key.user.as_str()).bind(&key.key);
                let query = match answer {
                    Some(answer) => query
                        .bind(answer.status)
                        .bind(json(&answer.headers)?)
                        .bind(answer.body.to_vec()),
                    None => query,
                };
                query.execute(tx).await?;
                Ok(())
            })
        });
        keep.await
    }
}

/// What is known of a key that was claimed before.
async fn known(
    tx: &mut SqliteConnection,
    key: &AnswerKey,
    request: [u8; 32],
    node: NodeId,
) -> Result<Claim, StoreError> {
    let sql = "SELECT request, node, status, headers, body FROM answers \
               WHERE org = ?1 AND user = ?2 AND key = ?3";
    let (stored, by, status, headers, body): Row = sqlx::query_as(sql)
        .bind(key.org.as_str())
        .bind(key.user.as_str())
        .bind(&key.key)
        .fetch_one(&mut *tx)
        .await?;
    if stored != request {
        return Ok(Claim::OtherRequest);
    }
    let Some(status) = status else {
        if by == node.0.cast_signed() {
            return Ok(Claim::InProgress);
        }
        // Whoever claimed it has ended without an answer: it is asked again, by us.
        let sql = "UPDATE answers SET node = ?4 WHERE org = ?1 AND user = ?2 AND key = ?3";
        sqlx::query(sql)
            .bind(key.org.as_str())
            .bind(key.user.as_str())
            .bind(&key.key)
            .bind(node.0.cast_signed())
            .execute(tx)
            .await?;
        return Ok(Claim::New);
    };
    let headers = serde_json::from_str(&headers)
        .map_err(|_| StoreError::Corrupt("the headers of a kept answer".to_owned()))?;
    Ok(Claim::Answered(Answer { status, headers, body: Bytes::from(body.unwrap_or_default()) }))
}

/// Makes room: what is too old goes, and the oldest of a user who has too many.
async fn sweep(tx: &mut SqliteConnection, key: &AnswerKey, now: i64) -> Result<(), StoreError> {
    let age = i64::try_from(ANSWERS_KEPT_FOR.as_millis()).unwrap_or(i64::MAX);
    let sql = "DELETE FROM answers WHERE rowid IN \
               (SELECT rowid FROM answers WHERE created_at < ?1 ORDER BY created_at LIMIT ?2)";
    sqlx::query(sql).bind(now.saturating_sub(age)).bind(ANSWERS_SWEPT).execute(&mut *tx).await?;
    let sql = "DELETE FROM answers WHERE rowid IN \
               (SELECT rowid FROM answers WHERE org = ?1 AND user = ?2 AND key <> ?3 \
                ORDER BY created_at DESC LIMIT -1 OFFSET ?4)";
    sqlx::query(sql)
        .bind(key.org.as_str())
        .bind(key.user.as_str())
        .bind(&key.key)
        .bind(ANSWERS_PER_USER)
        .execute(tx)
        .await?;
    Ok(())
}
