//! The shared document of a room: yrs behind a panic guard, awake or as bytes.
//!
//! PURE. Everything that touches yrs goes through here (U1): a panic inside leaks the transaction with
//! its document and leaves the room to reload. Judges nothing: what comes here passed the linter.

use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use yrs::updates::decoder::Decode;
use yrs::{
    Doc, IdSet, OffsetKind, Options, ReadTxn, Transact, Transaction, TransactionMut, Update,
};

use crate::id::ClientId;
use crate::protocol::lib0::StateVector;

/// yrs panicked, or refused bytes that it must take. The document must not be used any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the document broke at update {at} of {of}: {why}")]
pub struct Broken {
    /// Which of the updates was at fault, counted from 0; `of` where it was none in particular.
    pub at: usize,
    /// How many there were.
    pub of: usize,
    /// What yrs said.
    pub why: String,
}

/// The document, as it stands.
#[derive(Debug)]
pub enum Document {
    /// Decoded.
    Awake(Awake),
    /// Quiet: only the encoded state.
    Asleep(Bytes),
    /// Broken or being decoded: nothing can be computed from it.
    Absent,
}

/// A decoded document.
#[derive(Debug)]
pub struct Awake(Doc);

impl Awake {
    /// Decodes a document from updates in causal order. Slow for big ones: call it off the async workers.
    ///
    /// # Errors
    /// Where yrs panics or refuses one of them.
    pub fn build<'a>(
        writer: ClientId,
        updates: impl IntoIterator<Item = &'a Bytes>,
    ) -> Result<(Self, IdSet), Broken> {
        let mut options = Options::with_client_id(yrs::block::ClientID::new(writer.0));
        // Yjs counts UTF-16 units; yrs counts bytes unless told (facts/ecosystem.md 1.2).
        options.offset_kind = OffsetKind::Utf16;
        // Otherwise yrs deletes text formats by itself on commit, and no row of the log records it.
        options.cleanup_formatting = false;
        let mut awake = Self(Doc::with_options(options));
        let updates: Vec<_> = updates.into_iter().collect();
        let deleted = awake.apply(&updates)?;
        Ok((awake, deleted))
    }

    /// Applies updates in one transaction; answers everything that it deleted, also by itself.
    ///
    /// # Errors
    /// The document is leaked with its transaction then: drop this value and reload (U1).
    pub fn apply(&mut self, updates: &[&Bytes]) -> Result<IdSet, Broken> {
        let mut deleted = self.apply_once(updates)?;
        if self.is_stranded() {
            // yrs sometimes parks what builds only on what it has; the same updates again free it
            // (yrs 0.28.1, measured: 0.3 % of shuffled histories, all healed by a second round).
            deleted = deleted.merge(&self.apply_once(updates)?);
        }
        if self.is_stranded() {
            let of = updates.len();
            return Err(Broken { at: of, of, why: "yrs stranded an update".to_owned() });
        }
        Ok(deleted)
    }

    fn apply_once(&mut self, updates: &[&Bytes]) -> Result<IdSet, Broken> {
        let mut at = 0;
        let done = self.guarded(|txn| {
            for update in updates {
                let decoded = Update::decode_v1(update).map_err(|e| e.to_string())?;
                txn.apply_update(decoded).map_err(|e| e.to_string())?;
                at += 1;
            }
            Ok(())
        });
        let done = done.map(|((), deleted)| deleted);
        done.map_err(|why| Broken { at, of: updates.len(), why })
    }

    /// Whether something waits inside yrs for what it lacks: never sent on, it would be a gap (P2).
    fn is_stranded(&self) -> bool {
        self.0.transact().has_missing_updates()
    }

    /// Runs a server edit in a transaction of its own; answers its update, `None` when it changed nothing.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn edit(
        &mut self,
        change: impl FnOnce(&mut TransactionMut<'_>),
    ) -> Result<Option<Bytes>, Broken> {
        let update = self.guarded(|txn| {
            change(txn);
            Ok(txn.encode_update_v1())
        });
        let (update, _) = update.map_err(|why| Broken { at: 0, of: 1, why })?;
        // An update of no structs and no deletions is two zero counts.
        Ok((update != [0, 0]).then(|| update.into()))
    }

    /// Lets somebody look at the document.
    ///
    /// # Errors
    /// Where the look panics; the document stays good.
    pub fn read<T>(&self, look: impl FnOnce(&Transaction<'_>) -> T) -> Result<T, Broken> {
        catch_unwind(AssertUnwindSafe(|| look(&self.0.transact()))).map_err(|panic| Broken {
            at: 0,
            of: 1,
            why: words(&*panic),
        })
    }

    /// What somebody with this state lacks, as one update with the whole delete set (G3).
    ///
    /// # Errors
    /// Where yrs panics: the document can't be encoded and must be reloaded.
    pub fn diff(&self, have: &StateVector) -> Result<Bytes, Broken> {
        let have = have.to_yrs();
        self.read(|txn| txn.encode_state_as_update_v1(&have).into())
    }

    fn guarded<T>(
        &mut self,
        work: impl FnOnce(&mut TransactionMut<'_>) -> Result<T, String>,
    ) -> Result<(T, IdSet), String> {
        let mut txn = ManuallyDrop::new(self.0.transact_mut());
        let result = catch_unwind(AssertUnwindSafe(|| {
            let value = work(&mut txn)?;
            txn.commit();
            Ok((value, txn.delete_set().clone()))
        }));
        match result.unwrap_or_else(|panic| Err(words(&*panic))) {
            Ok(value) => {
                // Committed above, so that its panic is caught; dropping it commits nothing more.
                drop(ManuallyDrop::into_inner(txn));
                Ok(value)
            }
            Err(why) => {
                // Dropping the transaction would commit it, and a panic there would abort the process.
                std::mem::forget(self.0.clone());
                Err(why)
            }
        }
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use yrs::{Map, WriteTxn};

    fn set(awake: &mut Awake, value: &str) -> Bytes {
        let value = value.to_owned();
        let update = awake.edit(move |txn| {
            let map = txn.get_or_insert_map("map");
            map.insert(txn, "key", value);
        });
        update.unwrap().unwrap()
    }

    #[test]
    fn p2_a_document_that_lacks_what_it_builds_on_is_broken_not_passed_on() {
        let (mut writer, _) = Awake::build(ClientId(5), []).unwrap();
        let first = set(&mut writer, "1");
        let second = set(&mut writer, "2");
        let (mut reader, _) = Awake::build(ClientId(6), []).unwrap();
        assert!(reader.apply(&[&first]).is_ok());
        assert!(reader.apply(&[&second]).is_ok());
        assert!(Awake::build(ClientId(7), [&second]).is_err());
    }

    #[test]
    fn u1_a_panic_in_an_edit_is_caught_and_a_look_that_panics_leaves_the_document_good() {
        let (mut awake, _) = Awake::build(ClientId(5), []).unwrap();
        set(&mut awake, "1");
        assert!(awake.read(|_| panic!("looking")).is_err());
        assert_eq!(awake.diff(&StateVector::default()).map(|state| state.is_empty()), Ok(false));
        assert!(awake.edit(|_| panic!("editing")).is_err());
    }
}
