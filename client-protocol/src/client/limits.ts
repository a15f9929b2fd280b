// Every bound of the client with its reason. Only numbers.

/** A socket that does not open in this time is given up; a phone's slow network needs about 5 s. */
export const OPEN_TIMEOUT_MS = 15_000
/** The application's fetch of a room token may take this long; then it counts as failed. */
export const ACCESS_TIMEOUT_MS = 20_000
/** The server says something every 10 s (T7); four silences in a row, and the connection is dead. */
export const SILENCE_MS = 45_000
/** After sleep or a change of network: a socket that has been quiet for longer is probed. */
export const DOUBTFUL_MS = 12_000
/** Time for the answer to a probe. */
export const PROBE_MS = 5_000

/** First wait before a reconnect; each further one doubles, with jitter between half and all of it. */
export const RETRY_FIRST_MS = 500
/** Longest wait while the page is seen or something is not saved: nobody watches a banner for longer. */
export const RETRY_LONGEST_MS = 30_000
/** Longest wait of a hidden page that has nothing to save: such pages must not keep a server busy. */
export const RETRY_HIDDEN_MS = 300_000
/** First wait after 1013 and 4503: the server asked for patience. */
export const RETRY_LATER_MS = 5_000
/** All clients of a stopping node (1012) come back at once, spread over this time. */
export const RESTART_SPREAD_MS = 500
/** A connection that held this long ends a row of failures. */
export const STEADY_MS = 10_000
/** Room tokens refused in a row before the client stops: a fresh one that is refused thrice never fits. */
export const TOKEN_ATTEMPTS = 3
/** Times in a row that the document may belong to another history before the client stops. */
export const HISTORY_ATTEMPTS = 3

/** A room token is renewed when this part of its life is over. */
export const REFRESH_AT = 0.75
/** Wait before a renewal that failed is tried again. */
export const REFRESH_RETRY_MS = 15_000
/** Longest delay that browsers' timers hold. */
export const TIMER_MAX_MS = 2 ** 31 - 1

/** An edit that is not durable for longer than this is worth an alarm: a commit takes some 20 ms. */
export const OVERDUE_MS = 8_000
/** First wait when the server could not store something (refusal 4); doubles up to RETRY_LONGEST_MS. */
export const STORE_RETRY_MS = 1_000
/** The server takes no larger message (T2). */
export const MESSAGE_BYTES = 8 * 1024 * 1024

/** The server drops larger awareness states (W4). */
export const AWARENESS_BYTES = 4_096
/** Shortest time between two awareness states: 20 a second look continuous, the server sends 25 (W2). */
export const AWARENESS_EVERY_MS = 50
/** An own state that is older is renewed when the server says something: timers of hidden pages sleep (W3). */
export const AWARENESS_RENEW_MS = 15_000
/** Characters of a person's name that are sent and shown. */
export const NAME_CHARS = 64
/** Characters of a user id, a key or a plane in awareness: the longest key of DOCUMENT.md D6 has 1,024 bytes. */
export const AWARENESS_KEY_CHARS = 1_024
/** Elements of a selection or a drag that are read from others; their 4,096 bytes hold no more. */
export const AWARENESS_ELEMENTS = 1_000

/** The highest `meta.v` that this client writes (DOCUMENT.md D2). */
export const SCHEMA_VERSION = 1

/** Opening the browser's database may take this long; then the client goes on without it. */
export const COPY_OPEN_MS = 3_000
/** Changes of others are written to the browser's copy in batches: losing one costs a download. */
export const COPY_BATCH_MS = 1_000
/** Rows of one copy before they are merged into one: keeps opening it below some 50 ms. */
export const COPY_ROWS = 200
/** Diagrams kept in one browser; beyond it the least recently used without unsaved edits go. */
export const COPIES = 50
