// Every bound of the binding in one place, with its reason. Those of the document stand in ../document/limits.ts.

/** Steps that one person can undo: more than anybody goes back one by one. */
export const MAX_UNDO_STEPS = 500
/** Nodes that all steps together may hold; the last step stays whatever it holds. Some 10 MB. */
export const MAX_UNDO_NODES = 10_000
/** Texts whose measures are remembered: more than a large diagram has labels, a few hundred KB at most. */
export const MAX_MEASURED_TEXTS = 4096
