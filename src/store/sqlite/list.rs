//! Lists of diagrams on SQLite: search, filters, order, pages.
//!
//! Every statement names the organisation.

use sqlx::QueryBuilder;

use super::catalog::{Catalog, DiagramRow};
use super::values::json;
use crate::id::OrgId;
use crate::limits::MAX_PAGE;
use crate::store::StoreError;
use crate::store::catalog::{Cursor, Diagram, Key, Page, Query};

/// Characters from which on the index of titles knows a text.
const TRIGRAM: usize = 3;

impl Catalog {
    /// One page of the organisation's diagrams. Paging shows no diagram twice, and each that is not changed
    /// meanwhile once.
    ///
    /// # Errors
    /// `BadCursor`, else as the store fails.
    pub async fn list(&self, org: &OrgId, query: &Query) -> Result<Page, StoreError> {
        let sort = query.sort;
        let limit = query.limit.clamp(1, MAX_PAGE);
        let mut select = statement(org, query)?;
        let column = sort.by.column();
        select.push(format!(
            " ORDER BY {column} {way}, id {way} LIMIT ",
            way = if sort.falling { "DESC" } else { "ASC" }
        ));
        select.push_bind(limit + 1);
        let found = self.db.look(move |tx| {
            Box::pin(async move {
                let rows: Vec<DiagramRow> = select.build_query_as().fetch_all(tx).await?;
                Ok(rows)
            })
        });
        let mut rows = found.await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let diagrams: Vec<Diagram> =
            rows.into_iter().map(DiagramRow::into_domain).collect::<Result<_, _>>()?;
        let last = diagrams.last().filter(|_| more);
        let next = last.map(|last| Cursor::behind(last, sort).to_text(sort));
        Ok(Page { diagrams, next })
    }
}

/// What is listed, without order and end.
fn statement(org: &OrgId, query: &Query) -> Result<QueryBuilder<sqlx::Sqlite>, StoreError> {
    let mut select = QueryBuilder::new("SELECT * FROM diagrams WHERE org = ");
    select.push_bind(org.to_string());
    select.push(if query.deleted {
        " AND deleted_at IS NOT NULL"
    } else {
        " AND deleted_at IS NULL"
    });
    if let Some(project) = &query.project {
        select.push(" AND project = ").push_bind(project.to_string());
    }
    if let Some(user) = &query.created_by {
        select.push(" AND created_by = ").push_bind(user.to_string());
    }
    let words = query.words.as_deref().unwrap_or_default().to_lowercase();
    let (long, short): (Vec<&str>, Vec<&str>) =
        words.split_whitespace().partition(|word| word.chars().count() >= TRIGRAM);
    if !long.is_empty() {
        // Each a text in quotes: nothing in it is an operator.
        let quoted: Vec<String> =
            long.iter().map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect();
        select.push(" AND number IN (SELECT rowid FROM titles WHERE titles MATCH ");
        select.push_bind(quoted.join(" ")).push(")");
    }
    if !short.is_empty() {
        select.push(" AND NOT EXISTS (SELECT 1 FROM json_each(");
        select.push_bind(json(&short)?).push(") w WHERE instr(title_key, w.value) = 0)");
    }
    if let Some(cursor) = &query.cursor {
        let cursor = Cursor::parse(cursor, query.sort)?;
        let behind = if query.sort.falling { "<" } else { ">" };
        select.push(format!(" AND ({}, id) {behind} (", query.sort.by.column()));
        match cursor.key {
            Key::Time(ms) => select.push_bind(ms),
            Key::Title(title) => select.push_bind(title),
        };
        select.push(", ").push_bind(cursor.id.to_string()).push(")");
    }
    Ok(select)
}
