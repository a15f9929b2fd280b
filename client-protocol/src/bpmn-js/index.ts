// The binding of a live diagram to a bpmn-js modeler.
export {}
