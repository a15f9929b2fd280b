//! What an element looks like: its BPMN type and attributes as a form to draw.
//!
//! PURE. Reads the model; knows neither places nor SVG.

use crate::bpmn::materialise::view::{At, View};
use crate::bpmn::tables::is_a;

/// The form of a shape.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Form {
    Activity(Activity),
    Event(Event),
    Gateway(Gateway),
    Data {
        role: DataRole,
        collection: bool,
    },
    Store,
    Annotation,
    Group,
    Message {
        filled: bool,
    },
    /// `header`: its name stands in a strip beside the content, not in the middle.
    Pool {
        upright: bool,
        header: bool,
        multiple: bool,
    },
    Lane {
        upright: bool,
    },
    /// A participant of a choreography activity.
    Band {
        filled: bool,
        multiple: bool,
    },
    Conversation {
        bold: bool,
        collapsed: bool,
    },
    /// Something that BPMN does not know.
    Other,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Activity {
    pub(super) icon: Option<TaskIcon>,
    pub(super) border: Border,
    pub(super) markers: Vec<Marker>,
    /// Whether it shows what is in it.
    pub(super) expanded: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaskIcon {
    User,
    Manual,
    Service,
    Script,
    Send,
    Receive,
    /// A receive task that starts its process.
    Instantiate,
    Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Border {
    Thin,
    /// It calls something.
    Bold,
    /// An event sub-process.
    Dotted,
    /// A transaction.
    Double,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Loop,
    Parallel,
    Sequential,
    Compensation,
    Collapsed,
    AdHoc,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) rim: Rim,
    /// It does not interrupt.
    pub(super) dashed: bool,
    pub(super) symbol: Option<Symbol>,
    /// It throws.
    pub(super) filled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rim {
    Start,
    Intermediate,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    Message,
    Timer,
    Error,
    Signal,
    Escalation,
    Conditional,
    Link,
    Compensation,
    Cancel,
    Terminate,
    Multiple,
    ParallelMultiple,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gateway {
    Exclusive {
        marked: bool,
    },
    Inclusive,
    Parallel,
    Complex,
    EventBased,
    /// Event-based at the start of a process.
    Instantiate,
    InstantiateParallel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DataRole {
    Object,
    Input,
    Output,
}

/// The form of an element on a shape. `full` tells whether the plane shows what is in it.
pub(super) fn form(view: &View<'_>, shape: At, element: At, full: bool) -> Form {
    let on = |at: At, field| is_true(view.text(at, field));
    match view.model(element) {
        "participant" if view.target(shape, "choreographyActivityShape").is_some() => {
            let kind = view.text(shape, "participantBandKind").unwrap_or_default();
            Form::Band { filled: kind.ends_with("non_initiating"), multiple: many(view, element) }
        }
        "participant" => {
            let record = view.record(element);
            Form::Pool {
                upright: is_upright(view, shape),
                header: record.is_some_and(|r| r.0.contains_key("processRef")) || full,
                multiple: many(view, element),
            }
        }
        "lane" => Form::Lane { upright: is_upright(view, shape) },
        "textAnnotation" => Form::Annotation,
        "group" => Form::Group,
        "message" => Form::Message { filled: false },
        "dataStore" | "dataStoreReference" => Form::Store,
        "dataInput" => {
            Form::Data { role: DataRole::Input, collection: on(element, "isCollection") }
        }
        "dataOutput" => {
            Form::Data { role: DataRole::Output, collection: on(element, "isCollection") }
        }
        "dataObject" | "dataObjectReference" => {
            let object = view.target(element, "dataObjectRef").unwrap_or(element);
            Form::Data { role: DataRole::Object, collection: on(object, "isCollection") }
        }
        "subConversation" => Form::Conversation { bold: false, collapsed: true },
        "callConversation" => Form::Conversation { bold: true, collapsed: false },
        "conversation" => Form::Conversation { bold: false, collapsed: false },
        local if is_a(local, "Gateway") => Form::Gateway(gateway(view, shape, element)),
        local if is_a(local, "Event") => Form::Event(event(view, element)),
        local if is_a(local, "Activity") || is_a(local, "ChoreographyActivity") => {
            Form::Activity(activity(view, shape, element, full))
        }
        _ => Form::Other,
    }
}

pub(super) fn is_true(text: Option<&str>) -> bool {
    matches!(text, Some("true" | "1"))
}

fn is_false(text: Option<&str>) -> bool {
    matches!(text, Some("false" | "0"))
}

fn is_upright(view: &View<'_>, shape: At) -> bool {
    is_false(view.text(shape, "isHorizontal"))
}

/// Whether a participant stands for several.
fn many(view: &View<'_>, participant: At) -> bool {
    view.named(participant, "participantMultiplicity").next().is_some()
}

fn gateway(view: &View<'_>, shape: At, element: At) -> Gateway {
    match view.model(element) {
        "inclusiveGateway" => Gateway::Inclusive,
        "parallelGateway" => Gateway::Parallel,
        "complexGateway" => Gateway::Complex,
        "eventBasedGateway" if !is_true(view.text(element, "instantiate")) => Gateway::EventBased,
        "eventBasedGateway" if view.text(element, "eventGatewayType") == Some("Parallel") => {
            Gateway::InstantiateParallel
        }
        "eventBasedGateway" => Gateway::Instantiate,
        _ => Gateway::Exclusive { marked: is_true(view.text(shape, "isMarkerVisible")) },
    }
}

fn event(view: &View<'_>, element: At) -> Event {
    let mut definitions: Vec<At> = view
        .children(element)
        .filter(|child| is_a(view.model(*child), "EventDefinition"))
        .collect();
    let references = view.named(element, "eventDefinitionRef");
    definitions.extend(references.filter_map(|reference| view.target(reference, "#x")));
    let symbol = match definitions.as_slice() {
        [] => None,
        [one] => symbol(view.model(*one)),
        _ if is_true(view.text(element, "parallelMultiple")) => Some(Symbol::ParallelMultiple),
        _ => Some(Symbol::Multiple),
    };
    let (rim, dashed, filled) = match view.model(element) {
        "startEvent" => (Rim::Start, is_false(view.text(element, "isInterrupting")), false),
        "endEvent" => (Rim::End, false, true),
        "boundaryEvent" => {
            (Rim::Intermediate, is_false(view.text(element, "cancelActivity")), false)
        }
        "intermediateCatchEvent" => (Rim::Intermediate, false, false),
        _ => (Rim::Intermediate, false, true),
    };
    Event { rim, dashed, symbol, filled: filled || symbol == Some(Symbol::Terminate) }
}

fn symbol(definition: &str) -> Option<Symbol> {
    Some(match definition {
        "messageEventDefinition" => Symbol::Message,
        "timerEventDefinition" => Symbol::Timer,
        "errorEventDefinition" => Symbol::Error,
        "signalEventDefinition" => Symbol::Signal,
        "escalationEventDefinition" => Symbol::Escalation,
        "conditionalEventDefinition" => Symbol::Conditional,
        "linkEventDefinition" => Symbol::Link,
        "compensateEventDefinition" => Symbol::Compensation,
        "cancelEventDefinition" => Symbol::Cancel,
        "terminateEventDefinition" => Symbol::Terminate,
        _ => return None,
    })
}

fn activity(view: &View<'_>, shape: At, element: At, full: bool) -> Activity {
    let local = view.model(element);
    let is_compound = is_a(local, "SubProcess") || local == "subChoreography";
    let expanded = is_compound && is_expanded(view, shape, full);
    let called = view.target(element, "calledElement").map_or("", |at| view.model(at));
    let icon = task_icon(view, element, if called.is_empty() { local } else { called });
    let border = match local {
        "callActivity" | "callChoreography" => Border::Bold,
        "transaction" => Border::Double,
        _ if is_true(view.text(element, "triggeredByEvent")) => Border::Dotted,
        _ => Border::Thin,
    };
    let calls_process = local == "callActivity" && !called.starts_with("global");
    let mut markers: Vec<Marker> = repetition(view, element).into_iter().collect();
    if is_true(view.text(element, "isForCompensation")) {
        markers.push(Marker::Compensation);
    }
    if (is_compound && !expanded) || calls_process || local == "callChoreography" {
        markers.push(Marker::Collapsed);
    }
    if local == "adHocSubProcess" {
        markers.push(Marker::AdHoc);
    }
    Activity { icon, border, markers, expanded }
}

/// Whether a sub-process shows its content. Some tools do not say so; then what is drawn in it tells.
pub(super) fn is_expanded(view: &View<'_>, shape: At, full: bool) -> bool {
    view.text(shape, "isExpanded").map_or(full, |text| is_true(Some(text)))
}

fn task_icon(view: &View<'_>, element: At, local: &str) -> Option<TaskIcon> {
    Some(match local {
        "userTask" | "globalUserTask" => TaskIcon::User,
        "manualTask" | "globalManualTask" => TaskIcon::Manual,
        "serviceTask" => TaskIcon::Service,
        "scriptTask" | "globalScriptTask" => TaskIcon::Script,
        "businessRuleTask" | "globalBusinessRuleTask" => TaskIcon::Rule,
        "sendTask" => TaskIcon::Send,
        "receiveTask" if is_true(view.text(element, "instantiate")) => TaskIcon::Instantiate,
        "receiveTask" => TaskIcon::Receive,
        _ => return None,
    })
}

fn repetition(view: &View<'_>, element: At) -> Option<Marker> {
    let by_child = view.children(element).find_map(|child| match view.model(child) {
        "standardLoopCharacteristics" => Some(Marker::Loop),
        "multiInstanceLoopCharacteristics" if is_true(view.text(child, "isSequential")) => {
            Some(Marker::Sequential)
        }
        "multiInstanceLoopCharacteristics" => Some(Marker::Parallel),
        _ => None,
    });
    by_child.or_else(|| match view.text(element, "loopType")? {
        "Standard" => Some(Marker::Loop),
        "MultiInstanceSequential" => Some(Marker::Sequential),
        "MultiInstanceParallel" => Some(Marker::Parallel),
        _ => None,
    })
}
