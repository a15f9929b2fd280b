// Every bound of the Studio with its reason. Only numbers.

/** A token is renewed when less than this is left of it: a request on a slow line still arrives in time. */
export const TOKEN_SPARE_MS = 60_000
/** Longest wait for an answer before the page says so; the server itself gives up after a minute. */
export const REQUEST_TIMEOUT_MS = 60_000
/** Diagrams asked for at once: fills a large screen. */
export const PAGE_SIZE = 60
/** Pause in typing after which a search is sent. */
export const SEARCH_PAUSE_MS = 250
/** A message goes away by itself after this time, unless it offers something to do … */
export const TOAST_MS = 5_000
/** … then there is more time. */
export const TOAST_ACTION_MS = 12_000
/** Messages shown at once; the oldest make room. */
export const TOASTS = 4
/** Largest file that is sent, bytes: the server takes no larger text. */
export const UPLOAD_BYTES = 16 * 1024 * 1024
/** Files taken from one drop. */
export const UPLOAD_FILES = 20
/** Characters of a line that are shown around a fault in a file. */
export const EXCERPT_CHARS = 80
/** Characters of a person's name, as the server shows it. */
export const NAME_CHARS = 80
/** Bytes of a title, as the server takes it. */
export const TITLE_BYTES = 512
/** Wait for the last edits before a file is downloaded: a commit takes some 20 ms. */
export const FLUSH_MS = 3_000
/** Pictures asked for at the same time: browsers hold six connections to a server. */
export const PICTURES_AT_ONCE = 4
/** The server draws a picture within this time after a change; whoever asks sooner gets none. */
export const PICTURE_AFTER_MS = 5_000
/** A busy one takes longer: pauses before it is asked again. */
export const PICTURE_WAITS_MS = [10_000, 30_000]
/** People whose faces are shown side by side; the rest is a number. */
export const FACES = 5
/** Characters of a changed value that are shown. */
export const VALUE_CHARS = 60
/** UTF-16 units of a version's name: three bytes each at most, of the 200 bytes that the server takes. */
export const VERSION_NAME_CHARS = 66
/** Units of a version's message, likewise of 2,000 bytes. */
export const VERSION_MESSAGE_CHARS = 666
/** Units of the name of a diagram or project, likewise of {@link TITLE_BYTES}. */
export const TITLE_CHARS = 170
/** Pause in editing after which what changed since a version is asked for anew. */
export const DIFF_PAUSE_MS = 1_000
/** When to look for the version behind an edit of the server: it is stored some milliseconds later, on a busy one seconds. */
export const SAVE_LOOKS_MS = [400, 1_500, 5_000]
/** When to look once behind an edit that may have been the server's: many are not. */
export const UNSURE_LOOK_MS = 1_500
/** Units of an e-mail address or a user's id: longer than any address. */
export const MEMBER_CHARS = 254
