// Every bound of /docs with its reason. Only numbers.

/** Characters of an answer that are shown: a page with megabytes of XML in it is slow to scroll. */
export const ANSWER_CHARS = 20_000
