//! A live editor that knows the document model, for tests of saves and versions.

use std::cell::Cell;

use atelier::bpmn::crdt;
use atelier::bpmn::model::Value as Field;
use atelier::diagram::EMPTY;
use atelier::protocol::frame;
use bytes::Bytes;
use reqwest::StatusCode;
use yrs::updates::decoder::Decode;
use yrs::{Doc, ReadTxn, Transact, Update};

use crate::harness::{Client, Server, User};

/// The template with these three names.
pub(crate) fn named(process: &str, start: &str, end: &str) -> String {
    EMPTY.replace("id=\"Process_1\"", &format!("id=\"Process_1\" name=\"{process}\"")).replace(
        "<bpmn:startEvent id=\"StartEvent_1\" />",
        &format!(
            "<bpmn:startEvent id=\"StartEvent_1\" name=\"{start}\" />\
                 <bpmn:endEvent id=\"End\" name=\"{end}\" />"
        ),
    )
}

/// A live editor: a document that knows the schema.
pub(crate) struct Editor {
    client: Client,
    doc: Doc,
}

impl Editor {
    pub(crate) async fn join(server: &Server, user: &User, id: &str, client_id: u64) -> Self {
        let mut client = server.join(user, id).await;
        let doc = Doc::with_client_id(client_id);
        let state = client.sync().await;
        doc.transact_mut().apply_update(Update::decode_v1(&state).unwrap()).unwrap();
        Self { client, doc }
    }

    /// Gives an element a name; returns when that is durable.
    pub(crate) async fn rename(&mut self, key: &str, name: &str) {
        let before = self.doc.transact().state_vector();
        let update = {
            let mut txn = self.doc.transact_mut();
            let value = Field::Text(name.to_owned());
            assert!(crdt::set_field(&mut txn, key, "name", &value), "{key}");
            txn.encode_state_as_update_v1(&before)
        };
        self.client.send(frame::update(&update)).await;
        self.client.barrier().await;
    }

    pub(crate) async fn delete(&mut self, key: &str) {
        let update = {
            let mut txn = self.doc.transact_mut();
            assert!(crdt::delete_node(&mut txn, key));
            txn.encode_update_v1()
        };
        self.client.send(frame::update(&update)).await;
        self.client.barrier().await;
    }

    /// Takes the next update that comes from others.
    pub(crate) async fn take_update(&mut self) {
        let update: Bytes = self
            .client
            .until(|message| match message {
                frame::Message::Update(update) => Some(update),
                _ => None,
            })
            .await;
        self.doc.transact_mut().apply_update(Update::decode_v1(&update).unwrap()).unwrap();
    }

    /// How many updates of others came until everything that the server has is here.
    pub(crate) async fn updates_by_now(&mut self) -> usize {
        let count = Cell::new(0);
        self.client.send(frame::barrier(b"now")).await;
        self.client
            .until(|message| match message {
                frame::Message::Update(_) => {
                    count.set(count.get() + 1);
                    None
                }
                frame::Message::Barrier(opaque) => (&opaque[..] == b"now").then_some(()),
                _ => None,
            })
            .await;
        count.get()
    }

    pub(crate) fn name_of(&self, key: &str) -> Option<String> {
        let records = crdt::read(&self.doc.transact());
        records.nodes.get(key)?.text("name").map(str::to_owned)
    }
}

pub(crate) async fn xml_of(server: &Server, user: &User, id: &str) -> (String, String) {
    let answer = server.get(user, &format!("/api/diagrams/{id}/xml")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
    (tag, answer.text().await.unwrap())
}
