//! Every bound of the server, in one place, with its reason and what is seen when it is reached (promise P9).
//!
//! PURE. Must hold nothing but constants; what an operator may want to change is a setting in
//! `config.rs` whose default stands here.

use std::time::Duration;

// ---- Frames and updates (protocol) ----

/// Largest WebSocket message, bytes. A first sync of a big offline copy fits; above it: close 1009.
pub const MAX_FRAME_BYTES: usize = 8 << 20;
/// Longest token in a frame, bytes. Real ones have about 500. Above it: close 4400.
pub const MAX_TOKEN_BYTES: usize = 8192;
/// Longest opaque text of a barrier, bytes: a counter or a UUID; it is kept until it goes back. Above it: close 4400.
pub const MAX_BARRIER_BYTES: usize = 64;
/// Messages in one frame. Clients send one; a thousand tiny ones would hold the reader. Above it: close 4400.
pub const MAX_MESSAGES_PER_FRAME: usize = 64;
/// Deepest nesting of values (`Any`, JSON) in an update. yrs recurses over them: 7,000 levels kill the
/// process (facts/reliability.md 0.1). BPMN needs 2. Above it: close 4400.
pub const MAX_VALUE_DEPTH: usize = 16;
/// Deepest nesting of shared types over all frames (ROOM C5). The document model needs 3. Above it: close 4400.
pub const MAX_TYPE_DEPTH: u8 = 8;
/// Clients named in one update's struct section, delete set or state vector. A document of thousands of
/// past editors is legitimate; each costs memory before it is applied. Above it: close 4400.
pub const MAX_CLIENTS_PER_UPDATE: usize = 20_000;
/// Clients that get new structs by one update. A person who comes back from offline brings a few; yrs takes
/// a stack frame and a scan for each, and each is bound to its user. Above it: close 4400.
pub const MAX_WRITERS_PER_UPDATE: usize = 256;
/// Characters and values that an update may make yrs copy by splitting long runs, as an upper bound: a
/// thousand scattered edits in a text of a million are half of it. Above it: close 4400.
pub const MAX_SPLIT_COST: u64 = 1 << 31;
/// Items of sequences that yrs may look at to place those of one update, as an upper bound: it scans at
/// about 150 ns each. 3,000 scattered insertions into a text of 2,500 pieces are as much; maps count
/// nothing. Above it: close 4400.
pub const MAX_SCAN_COST: u64 = 1 << 24;
/// Structs in one update: an 8 MiB frame of 5-byte structs would be 1.6 million. Above it: close 4400.
pub const MAX_STRUCTS_PER_UPDATE: usize = 1_000_000;
/// Delete ranges in one update. Above it: close 4400.
pub const MAX_DELETE_RANGES_PER_UPDATE: usize = 500_000;
/// Largest clock a client may reach: yrs counts in u32 and wraps (facts/reliability.md 0.6). Above it: close 4400.
pub const MAX_CLOCK: u32 = 1 << 31;
/// Longest map key or root type name, bytes. Above it: close 4400.
pub const MAX_NAME_BYTES: usize = 1024;

// ---- Awareness ----

/// Largest awareness state of one client, bytes of JSON. Above it: the entry is dropped and counted.
pub const MAX_AWARENESS_BYTES: usize = 4096;
/// Entries read from one awareness frame; stock clients relay others' states. The rest is ignored.
pub const MAX_AWARENESS_ENTRIES: usize = 2048;
/// Depth of the JSON of an awareness state. Above it: the entry is dropped.
pub const MAX_AWARENESS_DEPTH: usize = 16;
/// How long a cursor waits for others to join it in one frame: below what an eye sees as lag (ROOM W2).
pub const AWARENESS_TICK: Duration = Duration::from_millis(40);
/// Silence after which a state is announced as gone; clients renew theirs every 15 s (ROOM W3).
pub const AWARENESS_TIMEOUT: Duration = Duration::from_secs(45);

// ---- Rooms ----

/// Messages waiting in a room's mailbox. The reader of the socket waits: back-pressure on that socket alone.
pub const ROOM_MAILBOX: usize = 256;
/// Messages handled in one drain, that is in one transaction of the document.
pub const ROOM_DRAIN: usize = 128;
/// How long a busy node gathers edits for one append, counted from the append before: each costs a flush of the disk and wakes everybody it concerns. A lone edit never waits.
pub const GATHER: Duration = Duration::from_millis(10);
/// An append of so many updates says that the node is busy: several people edit within the time of a flush.
pub const GATHER_FROM: usize = 3;
/// Accepted, uncommitted bytes of one room while the store is away (ROOM K5). Above it: edits are refused.
pub const ROOM_UNCOMMITTED_BYTES: usize = 8 << 20;
/// The same as a count of updates.
pub const ROOM_UNCOMMITTED_UPDATES: usize = 16_384;
/// Bytes of one appended batch: one row of the log, one statement. The rest is the next batch.
pub const BATCH_BYTES: usize = 4 << 20;
/// Encoded bytes of one document. Above it: edits are refused with `too-large`.
pub const MAX_DOCUMENT_BYTES: usize = 64 << 20;
/// Sessions of one room. Above it: close 4503.
pub const MAX_SESSIONS_PER_ROOM: usize = 4096;
/// Frames that the shared feed of a room keeps, bytes. A writer further behind gets one diff (ROOM G3).
pub const FEED_BYTES: usize = 1 << 20;
/// The same as a count of entries.
pub const FEED_ENTRIES: usize = 4096;
/// Frames for one session alone that its socket has not taken. Above it: its reader waits.
pub const DIRECT_FRAMES: usize = 256;
/// About what one write of a socket carries at most, bytes; what is behind it is collapsed if the ring moves on.
pub const WRITE_BYTES: usize = 256 << 10;
/// A state vector is kept every so many feed entries, for the diff of a slow session (ROOM G3).
pub const FEED_MARK_EVERY: u64 = 64;
/// Largest single Step2 (ROOM G4); a bigger state goes as chunks in causal order.
pub const STEP2_BYTES: usize = 4 << 20;
/// Frames that do not fit (ROOM C2) in a row before the session is told to reload: close 4409.
pub const MAX_GAPS: u8 = 3;
/// Rows behind the newest snapshot before the next one is made: what a load has to replay.
pub const SNAPSHOT_ROWS: u64 = 512;
/// Bytes of rows behind the newest snapshot before the next one is made.
pub const SNAPSHOT_BYTES: usize = 4 << 20;
/// Pause behind a snapshot that could not be stored.
pub const SNAPSHOT_RETRY: Duration = Duration::from_secs(5);
/// Pause behind a read of the log that failed.
pub const READ_RETRY: Duration = Duration::from_millis(500);
/// Quiet time after which a room drops its document and keeps the bytes (Life of a room).
pub const QUIET_AFTER: Duration = Duration::from_secs(30);
/// Time without a session after which a room retires.
pub const RETIRE_AFTER: Duration = Duration::from_secs(10);
/// Pause before a room that somebody held on to asks again to go.
pub const STAY: Duration = Duration::from_millis(100);
/// Silence after which a keepalive frame goes out: y-websocket closes after 30 s without a message.
pub const KEEPALIVE_AFTER: Duration = Duration::from_secs(10);

// ---- Store ----

/// Rooms in one append transaction (ROOM K2: one in flight, what arrives meanwhile is the next).
pub const ROOMS_PER_APPEND: usize = 512;
/// A snapshot above this goes to a blob and its row points there: rows stay small enough for one page cache.
pub const SNAPSHOT_INLINE_BYTES: usize = 1 << 20;
/// Revisions above this go to a blob (DESIGN 3).
pub const REVISION_INLINE_BYTES: usize = 2 << 20;
/// Times a definite failure of one room's append is tried again before the room is quarantined (ROOM K3).
pub const APPEND_RETRIES: u32 = 3;
/// Pause before the first retry of a failed append; doubles up to [`APPEND_RETRY_MAX`].
pub const APPEND_RETRY: Duration = Duration::from_millis(50);
/// Longest pause between two tries while the store is away.
pub const APPEND_RETRY_MAX: Duration = Duration::from_secs(2);

/// Readers of the embedded database: a load of a big room must not hold up the list.
pub const STORE_READERS: u32 = 4;
/// Writes that wait for the embedded database's one writer; further callers wait for a place.
pub const STORE_WRITES_WAITING: usize = 64;
/// How long SQLite waits for a lock that another process holds (a backup, `doctor`), and a reader for a
/// connection. Above it: the store counts as away.
pub const STORE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Page cache of the embedded database's writer, KiB: the rows and heads of a few thousand busy rooms.
pub const STORE_CACHE_KIB: u32 = 16 << 10;
/// How long writes gather before the write-ahead log is moved into the database, beside the writer.
pub const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);
/// Pages of 4 KiB in the write-ahead log at which the writer pauses to empty it; else it would grow
/// for as long as writes never pause.
pub const CHECKPOINT_PAGES: i64 = 8192;
/// Tries to read a snapshot's blob while newer snapshots replace it. Above it: the store counts as away.
pub const BLOB_READ_TRIES: u32 = 5;
/// Node lives per room whose newest batch can still be looked up after a compaction (ROOM K3). A life
/// whose append is still unknown after so many others have written to the room is long dead.
pub const NODES_PER_ROOM: i64 = 64;
/// Answers above this are packed for those who accept it, bytes: smaller ones fit one packet anyway.
pub const GZIP_ABOVE: u64 = 1024;
/// Requests of one user per second, sustained; a page that loads takes about ten.
pub const REQUESTS_PER_SECOND: u32 = 100;
/// Requests of one user at once.
pub const REQUESTS_BURST: u32 = 2000;
/// Writes of one user per minute, sustained: each is a parse, a merge and a transaction.
pub const WRITES_PER_MINUTE: u32 = 600;
/// Writes of one user at once: a folder of files that is uploaded.
pub const WRITES_BURST: u32 = 300;
/// Requests of one address per second, sustained; many users may come by one proxy.
pub const ADDRESS_PER_SECOND: u32 = 1000;
/// Requests of one address at once.
pub const ADDRESS_BURST: u32 = 20_000;
/// Buckets remembered; above it the full ones are forgotten.
pub const RATE_BUCKETS: usize = 20_000;
/// How long the audit log remembers.
pub const KEEP_AUDIT_FOR: Duration = Duration::from_secs(400 * 24 * 3600);
/// Old entries of the audit log removed in one transaction.
pub const AUDIT_SWEPT: u32 = 1000;
/// Diagrams of an organisation on the free plan.
pub const DIAGRAMS_FREE: u32 = 5;
/// Diagrams of an organisation on the pro plan.
pub const DIAGRAMS_PRO: u32 = 100;
/// Diagrams of an organisation on the enterprise plan.
pub const DIAGRAMS_ENTERPRISE: u32 = 1000;
/// Projects of one organisation: a list that is read whole. Above it: 422.
pub const MAX_PROJECTS: u32 = 1000;
/// Members of one organisation, those who were removed included. Above it: 422, and nobody new is let in.
pub const MAX_MEMBERS: u32 = 20_000;
/// Longest e-mail address, bytes (RFC 5321).
pub const MAX_EMAIL_BYTES: usize = 254;
/// Changes of members that a node reads at once; the rest it reads right behind them.
pub const MEMBER_CHANGES: u32 = 1000;
/// How often a node asks for them: a change that another process made acts within a second (ROOM R2).
pub const MEMBERS_EVERY: Duration = Duration::from_millis(300);
/// Time without an answer to that, after which what is remembered of members counts no more.
pub const MEMBERS_STALE: Duration = Duration::from_secs(1);
/// Members (and guests, who are none) that one process remembers; above it all are forgotten.
pub const MEMBERS_REMEMBERED: usize = 20_000;
/// Longest search text, bytes; a title is not longer. Above it: 422.
pub const MAX_SEARCH_BYTES: usize = MAX_TITLE_BYTES;
/// Bytes of lists that are kept for those who ask again; above it all are forgotten.
pub const LISTS_BYTES: usize = 32 << 20;
/// Bytes of materialised texts that are kept for those who read them again; above it all are forgotten. Some
/// thousand usual diagrams, or a few of the largest.
pub const TEXTS_BYTES: usize = 64 << 20;
/// How long a list is given again at most, should anybody have changed the database behind our back.
pub const LISTS_KEPT_FOR: Duration = Duration::from_secs(60);
/// How long an answer is given again under its idempotency key.
pub const ANSWERS_KEPT_FOR: Duration = Duration::from_secs(24 * 3600);
/// Answers kept for one user; the oldest goes. A script that retries needs its last few.
pub const ANSWERS_PER_USER: u32 = 1000;
/// Old answers removed along with a new one: more than come, so that none pile up.
pub const ANSWERS_SWEPT: u32 = 20;
/// Largest answer kept under an idempotency key, bytes. A larger one is given once.
pub const ANSWER_BYTES: usize = 256 << 10;
/// Longest idempotency key, bytes. Above it: 400.
pub const MAX_IDEMPOTENCY_KEY_BYTES: usize = 255;
/// Times a patch of metadata is laid over what somebody else changed meanwhile, before it is refused.
pub const PATCH_TRIES: u32 = 8;
/// Largest metadata of a diagram, bytes of JSON. Above it: 422.
pub const MAX_METADATA_BYTES: usize = 16 << 10;
/// How long a deleted diagram can be brought back.
pub const KEEP_DELETED_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// Pause between two looks for what is to go for good.
pub const PURGE_EVERY: Duration = Duration::from_secs(3600);
/// Diagrams removed for good in one transaction: each may have thousands of rows, and edits wait meanwhile.
pub const PURGE_BATCH: u32 = 8;
/// Users whose names one process remembers to have stored.
pub const NAMES_REMEMBERED: usize = 10_000;
/// Newest automatic versions of a diagram that are kept however old they are (DESIGN 3).
pub const KEEP_AUTOMATIC: u32 = 10;
/// Newest saved and restored versions of a diagram that are kept however old they are: a script that saves
/// every minute would fill any disk.
pub const KEEP_SAVED: u32 = 500;
/// Age below which no version goes.
pub const KEEP_ALL_FOR: Duration = Duration::from_secs(24 * 3600);
/// How long a hidden revision can be the base of a save (DESIGN 6).
pub const KEEP_BASES_FOR: Duration = Duration::from_secs(24 * 3600);
/// Authors that a version names; a room has more sessions than anybody reads names.
pub const MAX_AUTHORS: usize = 100;
/// Longest name of a version, bytes. Above it: 422.
pub const MAX_VERSION_NAME_BYTES: usize = 200;
/// Time after the first edit since the newest version at which the next one is made, while editing goes on.
pub const VERSION_EVERY: Duration = Duration::from_secs(600);
/// Time without an editor after which what was edited becomes a version: longer than a page reload.
pub const VERSION_AFTER_LEAVING: Duration = Duration::from_secs(5);
/// How long news of editors gather before they are stored: a crash within it may forget who they were, never
/// what they did.
pub const EDITORS_EVERY: Duration = Duration::from_millis(250);
/// Pause before an automatic version that could not be made is tried again.
pub const VERSION_RETRY: Duration = Duration::from_secs(10);
/// Longest title, bytes. Above it: 422.
pub const MAX_TITLE_BYTES: usize = 512;
/// Diagrams on one page of a list.
pub const MAX_PAGE: u32 = 200;

// ---- BPMN input ----

/// Largest BPMN text, bytes. The largest real file seen has 0.9 MB (facts/bpmn.md 1). Above it: 413.
pub const MAX_XML_BYTES: usize = 16 << 20;
/// Deepest element nesting; real files stay under 20. Above it: 422 with line and column.
pub const MAX_XML_DEPTH: usize = 256;
/// Elements in one text. The largest real file has 7,945. Above it: 422.
pub const MAX_XML_ELEMENTS: usize = 250_000;
/// Attributes on one element. Above it: 422.
pub const MAX_XML_ATTRIBUTES: usize = 256;
/// One attribute value or text, bytes. Above it: 422.
pub const MAX_XML_VALUE_BYTES: usize = 4 << 20;
/// Namespace declarations of one element, and prefixes of one document. Above it: 422.
pub const MAX_XML_NAMESPACES: usize = 1024;
/// Longest namespace URI and longest id that references may name, bytes: both are written once per
/// use, so a long one would multiply. Above it: 422; in a document the declaration or the
/// references count as absent.
pub const MAX_XML_NAME_BYTES: usize = 1024;
/// Longest prefix, and longest value of the attribute that every waypoint carries, bytes.
pub const MAX_XML_PREFIX_BYTES: usize = 256;
/// Levels that indentation follows, and characters of one level: a line costs at most 256 bytes.
pub const MAX_INDENT_LEVELS: usize = 32;
/// Characters of one level of indentation.
pub const MAX_INDENT: usize = 8;

// ---- Pictures ----

/// Bytes of a picture: a diagram of 5,000 elements takes about 2 MB. What would pass it is left out.
pub const PICTURE_BYTES: usize = 4 << 20;
/// Bytes of a thumbnail: lists show dozens. What would pass it is drawn as bare outlines, then left out.
pub const THUMBNAIL_BYTES: usize = 60_000;
/// Pixels of a thumbnail, width and height: a card of a list on a dense screen.
pub const THUMBNAIL_SIZE: (u32, u32) = (480, 320);
/// Its pause behind a store that failed.
pub const THUMBNAIL_RETRY: Duration = Duration::from_secs(5);
/// Thumbnails that it asks for at once.
pub const THUMBNAIL_BATCH: u32 = 16;
/// Furthest coordinate and greatest size that is drawn; real canvases stay under 20,000. What is
/// beyond it is left out.
pub const PICTURE_REACH: f64 = 200_000.0;
/// Waypoints of one edge that are drawn; real edges have under 20.
pub const PICTURE_WAYPOINTS: usize = 256;
/// Characters of one label that are drawn.
pub const PICTURE_LABEL_CHARS: usize = 400;
/// Lines of one label that are drawn.
pub const PICTURE_LABEL_LINES: usize = 14;
/// Pixels of the longer side of a PNG: above it the picture is scaled down. 64 MiB while it is drawn.
pub const PICTURE_PIXELS: u32 = 4096;
/// Elements that an automatic layout places; the others of a diagram without drawing are left out.
pub const PICTURE_LAID_OUT: usize = 400;

// ---- Edges ----

/// Largest REST body: the largest BPMN text in JSON quoting. Above it: 413.
pub const MAX_BODY_BYTES: usize = MAX_XML_BYTES + (MAX_XML_BYTES >> 1);
/// Time for a request's head. `axum::serve` has none (facts/reliability.md 0.9). Above it: the connection closes.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections that one node holds. Above it: the accept loop waits.
pub const MAX_CONNECTIONS: usize = 20_000;
/// Frames per second of one socket, sustained; a drag is 30. Above it: its reader waits.
pub const FRAMES_PER_SECOND: u32 = 200;
/// Frames at once of one socket.
pub const FRAMES_BURST: u32 = 1000;
/// Read buffer of one socket, bytes: it is held while the socket idles, and zero-filled at each read
/// (facts/performance.md 4; tungstenite's default is 128 KiB). An edit or a cursor has a few hundred bytes.
pub const SOCKET_READ_BUFFER: usize = 1024;
/// Unsent bytes of one socket's write buffer. Above it: the session falls behind and gets one diff.
pub const SOCKET_WRITE_BUFFER: usize = 1 << 20;
/// Time in which a drain has to store everything and say good-bye (promise P12).
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for a request's body to arrive and its answer to be made: the largest body over a slow line. Above it: 408.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// Silence of a client after which it is pinged: below the idle timers of common proxies (60 s).
pub const PING_AFTER: Duration = Duration::from_secs(20);
/// Silence of a client after which its socket counts as dead: two pings unanswered.
pub const DEAD_AFTER: Duration = Duration::from_secs(45);
/// Time for a client to answer our close frame. Above it: the connection is dropped.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest fragment in which a message goes out. tungstenite copies a frame whole into a buffer that never
/// shrinks: 150 joiners of a 4 MB document would keep 600 MB.
pub const SOCKET_FRAGMENT: usize = 32 << 10;
/// Life of a room token (ROOM R2).
pub const ROOM_TOKEN_TTL: Duration = Duration::from_secs(3600);
/// Shortest settable life of a room token: below it clients would do little but refresh.
pub const ROOM_TOKEN_TTL_MIN: Duration = Duration::from_secs(60);
/// Longest settable life of a room token: what a stolen one is worth.
pub const ROOM_TOKEN_TTL_MAX: Duration = Duration::from_secs(24 * 3600);
/// Life of an access token that a session gives out: the Studio renews it as long as it is open.
pub const SESSION_TTL: Duration = Duration::from_secs(3600);
/// Life of an invitation, unless asked.
pub const INVITE_TTL: Duration = Duration::from_secs(7 * 24 * 3600);
/// Shortest life of an invitation: somebody has to read the mail that holds it.
pub const INVITE_TTL_MIN: Duration = Duration::from_secs(60);
/// Longest life of an invitation, which can't be taken back. Above it: 422.
pub const INVITE_TTL_MAX: Duration = Duration::from_secs(30 * 24 * 3600);
/// Sessions that one address may begin per second in the long run; offices share one. Above it: 429.
pub const SESSIONS_PER_SECOND: std::num::NonZeroU32 = std::num::NonZeroU32::new(2).unwrap();
/// The same at once: a browser that restores its windows.
pub const SESSIONS_BURST: std::num::NonZeroU32 = std::num::NonZeroU32::new(60).unwrap();
/// Addresses whose sessions are counted; above it those that were quiet are forgotten.
pub const SESSION_ADDRESSES: usize = 10_000;
/// Largest body that begins a session, bytes: an invitation and a name. Above it: 413.
pub const SESSION_BODY_BYTES: usize = 16 << 10;
/// Longest text by which a browser profile is told from others, bytes. Above it: 422.
pub const MAX_PROFILE_BYTES: usize = 128;
/// Time for an identity provider to answer with its keys: a caller with an unknown one waits for it.
pub const JWKS_TIMEOUT: Duration = Duration::from_secs(3);
/// Largest answer with a provider's keys, bytes; real ones have a few KiB. Above it: the known keys stay.
pub const JWKS_BYTES: usize = 256 << 10;
/// Keys of a provider; the rest is not read.
pub const JWKS_KEYS: usize = 64;
/// Longest name of a provider's key, bytes; a longer one is not read.
pub const JWKS_KID_BYTES: usize = 512;
/// Pause between two looks for keys that tokens name and nobody knows: anybody can invent names.
pub const JWKS_COOL_DOWN: Duration = Duration::from_secs(30);
/// Pause behind a look that failed.
pub const JWKS_RETRY: Duration = Duration::from_secs(2);
/// How often a provider's keys are read anyway: a key that it gave up counts no longer than this.
pub const JWKS_EVERY: Duration = Duration::from_secs(600);
/// How far the clocks of issuer and server may differ.
pub const TOKEN_LEEWAY: Duration = Duration::from_secs(10);
/// Shortest HS256 secret: as long as the hash (RFC 7518 3.2).
pub const MIN_SECRET_BYTES: usize = 32;
/// Fewest different bytes in a secret: `aaaa…` is long and still no secret. Hex of 32 random bytes has 16.
pub const MIN_SECRET_DISTINCT: usize = 8;
/// Longest name shown at a cursor, characters.
pub const MAX_NAME_CHARS: usize = 80;
/// Diagrams in one page of a list, unless asked.
pub const DEFAULT_PAGE: u32 = 50;
/// Parses and materialisations at once: each holds several times its text in memory and one core.
pub const HEAVY_JOBS: usize = 4;
/// Fewest seconds between two hidden `base` revisions of one diagram (DESIGN 6).
pub const BASE_EVERY: Duration = Duration::from_secs(2);
/// Largest head of a request, bytes, and so the longest query with its token.
pub const MAX_HEAD_BYTES: usize = 32 << 10;
/// Stack of a worker: yrs recurses over types; what the linter lets through needs far less (ROOM U1).
pub const WORKER_STACK_BYTES: usize = 4 << 20;
/// Refusals of the same token after which its next attempts get 429 instead of an upgrade (ROOM R1).
pub const REFUSED_TIMES: u32 = 3;
/// How long that lasts: stock clients come back every 2.5 s at most.
pub const REFUSED_FOR: Duration = Duration::from_secs(10);
/// Refused tokens remembered, 24 bytes each.
pub const REFUSED_TOKENS: usize = 10_000;
/// Rest of a refused body that is still read, so that the client sees the answer instead of a reset.
pub const LINGER_BYTES: usize = 64 << 20;
/// Time for that.
pub const LINGER_TIMEOUT: Duration = Duration::from_secs(10);
/// Silence behind a broken or oversized message after which its client counts as done sending.
pub const LINGER_PAUSE: Duration = Duration::from_millis(500);
/// Hidden `base` revisions of one diagram that may come at once, before [`BASE_EVERY`] holds.
pub const BASE_BURST: std::num::NonZeroU32 = std::num::NonZeroU32::new(8).unwrap();
/// Diagrams whose last hidden revision is remembered; above it those not in use are forgotten.
pub const BASE_SLOTS: usize = 4096;
/// Quarantined updates that one process writes to the data folder; each is a bug to look at, none is needed twice.
pub const MAX_QUARANTINE_FILES: usize = 64;
/// Longest message of a save, bytes: a sentence or two, not another document. Above it: 422.
pub const MAX_MESSAGE_BYTES: usize = 2000;
/// Request bodies held at once, bytes, all together; the next one waits. Ten of the largest.
pub const BODIES_BYTES: usize = 256 << 20;
/// Time for which a client may take none of the bytes that wait for it. Above it: the connection ends.
pub const WRITE_STALL: Duration = Duration::from_secs(60);
/// Time in which an accepted upgrade has to become a socket; the client only has to read our answer.
pub const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);

// ---- Asking others ----

/// Time for a name to be resolved and a connection to be made, TLS included.
pub const OUTBOUND_CONNECT: Duration = Duration::from_secs(5);
/// How long a connection to another server is kept for the next request.
pub const OUTBOUND_IDLE: Duration = Duration::from_secs(30);
/// Idle connections kept for one host.
pub const OUTBOUND_IDLE_PER_HOST: usize = 4;
/// Longest URL that is asked, bytes: what servers accept. Above it: 422.
pub const MAX_URL_BYTES: usize = 2048;

// ---- Webhooks ----

/// Webhooks of one organisation: each change writes a row for each of them. Above it: 422.
pub const WEBHOOKS: u32 = 20;
/// Longest description of a webhook, bytes. Above it: 422.
pub const MAX_DESCRIPTION_BYTES: usize = 512;
/// Bytes of a webhook's secret: as long as the hash that it signs with.
pub const WEBHOOK_SECRET_BYTES: usize = 32;
/// How long the secret before a rotation signs too: time to put the new one into the receiver.
pub const OLD_SECRET_SIGNS_FOR: Duration = Duration::from_secs(24 * 3600);
/// Time for a receiver to answer: it should note the event and work later.
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest settable time for that: a slow receiver holds one of [`DELIVERIES_AT_ONCE`].
pub const WEBHOOK_TIMEOUT_MAX: Duration = Duration::from_secs(60);
/// Time behind that after which a delivery counts as lost with its process, and is taken on anew.
pub const DELIVERY_LEASE: Duration = Duration::from_secs(5);
/// Bytes of a receiver's answer that are read to keep the connection; nobody looks at them.
pub const DISCARDED_ANSWER_BYTES: usize = 64 << 10;
/// Deliveries on their way at once.
pub const DELIVERIES_AT_ONCE: u32 = 64;
/// Of these, for one organisation: many slow receivers of one take no other's place.
pub const DELIVERIES_PER_ORG: u32 = 16;
/// Of these, to one webhook: one that is slow takes no other's place. To one that fails, a single one.
pub const DELIVERIES_PER_WEBHOOK: u32 = 8;
/// Of these, to webhooks that fail: a quarter, however many there are.
pub const DELIVERIES_TO_FAILING: u32 = DELIVERIES_AT_ONCE / 4;
/// Events that may wait for one webhook. Above it: it is switched off, for it will not catch up.
pub const WAITING_PER_WEBHOOK: u32 = 10_000;
/// Pause behind the first failure of a delivery; each later one is [`DELIVERY_RETRY_FACTOR`] times longer.
pub const DELIVERY_RETRY: Duration = Duration::from_secs(5);
/// See [`DELIVERY_RETRY`].
pub const DELIVERY_RETRY_FACTOR: u32 = 4;
/// Longest pause between two tries.
pub const DELIVERY_RETRY_MAX: Duration = Duration::from_secs(6 * 3600);
/// Tries after which a delivery is given up, however young it is.
pub const DELIVERY_ATTEMPTS: u32 = 30;
/// How long a delivery is tried: over a long weekend.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 3600);
/// Time in which nothing arrived at a webhook, after which it is switched off when one more is given up.
pub const SWITCH_OFF_AFTER: Duration = Duration::from_secs(5 * 24 * 3600);
/// How long events can be replayed.
pub const KEEP_EVENTS_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// Old events removed in one transaction, with their deliveries.
pub const EVENTS_SWEPT: u32 = 200;
/// Events that one request replays; the next one goes on behind them.
pub const REPLAYED: u32 = 1000;
/// How often the worker looks without being woken: for what another process wrote, such as `atelier user`.
pub const DELIVERY_LOOK: Duration = Duration::from_secs(30);
/// Pause behind a store that failed.
pub const DELIVERY_STORE_RETRY: Duration = Duration::from_secs(5);
/// Time that deliveries on their way have left when the server stops.
pub const DELIVERY_DRAIN: Duration = Duration::from_secs(3);
