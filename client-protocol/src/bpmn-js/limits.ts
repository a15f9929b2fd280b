// Every bound of the binding in one place, with its reason.

/** Steps that one person can undo: more than anybody goes back one by one. */
export const MAX_UNDO_STEPS = 500
/** Nodes that all steps together may hold; the last step stays whatever it holds. Some 10 MB. */
export const MAX_UNDO_NODES = 10_000
