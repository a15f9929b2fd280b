//! The baseline: a relay that keeps nothing and sends every frame by itself, one system call per receiver.
//!
//! What a server that also judges, stores and merges is compared with, in the same run on the same machine.
//! It speaks just enough for the bots to join. One thread, one shared frame, no queue: a receiver whose
//! socket is full is cut off, since a relay that loses frames would only look fast.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncReadExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use crate::Failure;

/// Editors of one room, by the number of their connection.
type Room = HashMap<u64, OwnedWriteHalf>;
type Rooms = Rc<RefCell<HashMap<String, Room>>>;

/// Bytes asked of a socket at a time.
const READ: usize = 4096;
/// Step1, and its answer for an empty document.
const STEP1: [u8; 2] = [0, 0];
const EMPTY_STEP2: [u8; 5] = [0, 1, 2, 0, 0];
/// The message type that its sender alone gets back.
const BARRIER: u8 = 102;

/// Relays for ever; the first line on stdout says where, as the server's does.
pub async fn serve() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let rooms = Rooms::default();
    let mut connections = 0;
    let relaying = async {
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            connections += 1;
            let rooms = Rc::clone(&rooms);
            tokio::task::spawn_local(async move {
                if let Err(error) = relay(stream, connections, &rooms).await {
                    eprintln!("a connection ended: {error}");
                }
            });
        }
    };
    tokio::task::LocalSet::new().run_until(relaying).await
}

async fn relay(stream: TcpStream, me: u64, rooms: &Rooms) -> Result<(), Failure> {
    let mut name = String::new();
    #[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
    let path = |request: &Request, response: Response| {
        request.uri().path().clone_into(&mut name);
        Ok(response)
    };
    // Nothing is read past the handshake: the client waits for its end.
    let (reader, writer) =
        tokio_tungstenite::accept_hdr_async(stream, path).await?.into_inner().into_split();
    rooms.borrow_mut().entry(name.clone()).or_default().insert(me, writer);
    let outcome = pass_on(reader, me, &name, rooms).await;
    if let Some(room) = rooms.borrow_mut().get_mut(&name) {
        room.remove(&me);
    }
    outcome
}

async fn pass_on(
    mut reader: OwnedReadHalf,
    me: u64,
    name: &str,
    rooms: &Rooms,
) -> Result<(), Failure> {
    let mut buffer = BytesMut::with_capacity(READ);
    while reader.read_buf(&mut buffer).await? > 0 {
        while let Some((first, payload)) = take_frame(&mut buffer) {
            // Only what bots send: binary frames, and a close at the end.
            if first != 0x82 {
                return Ok(());
            }
            let mut rooms = rooms.borrow_mut();
            let Some(room) = rooms.get_mut(name) else { return Ok(()) };
            if payload.starts_with(&STEP1) {
                send_to(room, me, &frame(&EMPTY_STEP2));
            } else if payload.first() == Some(&BARRIER) {
                send_to(room, me, &frame(&payload));
            } else {
                let frame = frame(&payload);
                room.retain(|other, writer| *other == me || send(writer, &frame));
            }
        }
        buffer.reserve(READ);
    }
    Ok(())
}

fn send_to(room: &mut Room, to: u64, frame: &Bytes) {
    if let Some(writer) = room.get(&to)
        && !send(writer, frame)
    {
        room.remove(&to);
    }
}

/// Whether all of it went out.
fn send(writer: &OwnedWriteHalf, frame: &Bytes) -> bool {
    writer.try_write(frame).is_ok_and(|sent| sent == frame.len())
}

/// A whole frame of a client, unmasked, with its first byte.
fn take_frame(buffer: &mut BytesMut) -> Option<(u8, Bytes)> {
    let (first, second) = (*buffer.first()?, *buffer.get(1)?);
    let (header, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(buffer.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(buffer.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    let mask: [u8; 4] = buffer.get(header..header + 4)?.try_into().ok()?;
    buffer.get(header + 4..header + 4 + length)?;
    buffer.advance(header + 4);
    let mut payload = buffer.split_to(length);
    for (byte, key) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
    Some((first, payload.freeze()))
}

/// A binary frame of a server.
fn frame(payload: &[u8]) -> Bytes {
    let mut frame = vec![0x82];
    match u8::try_from(payload.len()) {
        Ok(short @ 0..126) => frame.push(short),
        // Nothing that a bot sends is longer.
        _ => {
            let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.extend(payload);
    frame.into()
}
