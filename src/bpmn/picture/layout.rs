//! A place for everything in a diagram that has no drawing: each process in columns, from its starts on.
//!
//! PURE. A sketch to recognise a diagram by; nobody's layout, and never stored.

use std::collections::{HashMap, HashSet, VecDeque};

use super::area::{Area, Point};
use super::colour::Colours;
use super::kinds::{self, Form, Gateway};
use super::scene::{self, Edge, Scene, Shape};
use crate::bpmn::materialise::view::{At, View};
use crate::bpmn::tables::is_a;
use crate::limits::PICTURE_LAID_OUT;

/// From one column or row to the next.
const COLUMN: f64 = 160.0;
const ROW: f64 = 120.0;
/// Around the content of a pool.
const MARGIN: f64 = 40.0;
/// A pool without content.
const CLOSED: (f64, f64) = (400.0, 60.0);

/// Lays out the pools and processes of a diagram below each other.
pub(super) fn scene<'r>(view: &View<'r>) -> Scene<'r> {
    let mut scene = Scene::default();
    let Some(root) = view.root() else { return scene };
    let mut pools: HashMap<At, At> = HashMap::new();
    let mut closed = Vec::new();
    for collaboration in view.named(root, "collaboration") {
        for participant in view.named(collaboration, "participant") {
            match view.target(participant, "processRef") {
                Some(process) => _ = pools.entry(process).or_insert(participant),
                None => closed.push(participant),
            }
        }
    }
    let mut top = 0.0;
    let mut left = PICTURE_LAID_OUT;
    for process in view.children(root) {
        if !matches!(view.model(process), "process" | "choreography" | "globalChoreographyTask") {
            continue;
        }
        let nodes = flow_nodes(view, process, left);
        left = left.saturating_sub(nodes.len());
        let placed = Placed::of(view, process, &nodes, top);
        let Some(area) = placed.extent() else { continue };
        let room = area.inset(-MARGIN);
        if let Some(pool) = pools.get(&process) {
            let pool_area = Area::new(room.x - MARGIN, room.y, room.width + MARGIN, room.height);
            scene.shapes.push(shape(view, *pool, pool_area));
        }
        placed.add_to(view, process, &nodes, &mut scene);
        top = room.bottom() + MARGIN * 2.0;
    }
    for participant in closed.into_iter().take(left) {
        let area = Area::new(0.0, top, CLOSED.0, CLOSED.1);
        scene.shapes.push(shape(view, participant, area));
        top = area.bottom() + MARGIN;
    }
    scene
}

/// The flow nodes of a process, without those in its sub-processes.
fn flow_nodes(view: &View<'_>, process: At, most: usize) -> Vec<At> {
    let nodes = view.children(process).filter(|node| is_a(view.model(*node), "FlowNode"));
    nodes.take(most).collect()
}

/// Where nodes stand.
struct Placed {
    areas: HashMap<At, Area>,
    columns: HashMap<At, usize>,
    flows: Vec<(At, At, At)>,
}

impl Placed {
    fn of(view: &View<'_>, process: At, nodes: &[At], top: f64) -> Self {
        let known: HashSet<At> = nodes.iter().copied().collect();
        let mut flows = Vec::new();
        for flow in view.named(process, "sequenceFlow") {
            let ends = (view.target(flow, "sourceRef"), view.target(flow, "targetRef"));
            if let (Some(from), Some(to)) = ends
                && known.contains(&from)
                && known.contains(&to)
            {
                flows.push((flow, from, to));
            }
        }
        let hosts: HashMap<At, At> = nodes
            .iter()
            .filter_map(|node| Some((*node, view.target(*node, "attachedToRef")?)))
            .filter(|(_, host)| known.contains(host))
            .collect();
        let columns = columns(nodes, &flows, &hosts);
        let mut placed = Self { areas: HashMap::new(), columns, flows };
        placed.place(view, nodes, &hosts, top);
        placed
    }

    /// Rows by column in document order, each column around the same middle.
    fn place(&mut self, view: &View<'_>, nodes: &[At], hosts: &HashMap<At, At>, top: f64) {
        let mut heights: HashMap<usize, f64> = HashMap::new();
        let standing = || nodes.iter().filter(|node| !hosts.contains_key(node));
        for node in standing() {
            *heights.entry(self.column(*node)).or_default() += ROW;
        }
        let highest = heights.values().copied().fold(0.0, f64::max);
        let mut next: HashMap<usize, f64> = heights
            .into_iter()
            .map(|(column, height)| (column, top + MARGIN + (highest - height) / 2.0 + ROW / 2.0))
            .collect();
        for node in standing() {
            let column = self.column(*node);
            let Some(y) = next.get_mut(&column) else { continue };
            #[expect(clippy::cast_precision_loss, reason = "at most as many columns as nodes")]
            let centre = Point::new(column as f64 * COLUMN, *y);
            *y += ROW;
            let (width, height) = size(view.model(*node));
            self.areas.insert(*node, Area::around(centre, width, height));
        }
        let mut borders: HashMap<At, f64> = HashMap::new();
        for node in nodes {
            let Some(host) = hosts.get(node) else { continue };
            let Some(area) = self.areas.get(host).copied() else { continue };
            let x = borders.entry(*host).or_insert(area.right() - 18.0);
            self.areas.insert(*node, Area::around(Point::new(*x, area.bottom()), 36.0, 36.0));
            *x -= 40.0;
        }
    }

    fn column(&self, node: At) -> usize {
        self.columns.get(&node).copied().unwrap_or_default()
    }

    fn extent(&self) -> Option<Area> {
        self.areas.values().copied().reduce(Area::union)
    }

    fn add_to<'r>(&self, view: &View<'r>, process: At, nodes: &[At], scene: &mut Scene<'r>) {
        let attached = |node: &At| view.model(*node) == "boundaryEvent";
        for node in
            nodes.iter().filter(|n| !attached(n)).chain(nodes.iter().filter(|n| attached(n)))
        {
            if let Some(area) = self.areas.get(node) {
                scene.shapes.push(shape(view, *node, *area));
            }
        }
        let below = self.extent().map_or(0.0, Area::bottom) + MARGIN / 2.0;
        for (flow, from, to) in &self.flows {
            let (Some(a), Some(b)) = (self.areas.get(from), self.areas.get(to)) else { continue };
            let forward = self.column(*to) > self.column(*from);
            let hangs = view.model(*from) == "boundaryEvent";
            scene.edges.push(Edge {
                key: view.key(*flow),
                line: scene::line(view, process, *flow),
                points: route(*a, *b, forward, hangs, below),
                name: scene::name(view, *flow),
                label: None,
                colours: Colours::default(),
            });
        }
    }
}

/// The column of each node: how many flows it is away from a start. What no flow reaches starts anew;
/// what no flow leaves either makes a square.
fn columns(nodes: &[At], flows: &[(At, At, At)], hosts: &HashMap<At, At>) -> HashMap<At, usize> {
    let mut next: HashMap<At, Vec<At>> = HashMap::new();
    let mut reached: HashSet<At> = HashSet::new();
    for (_, from, to) in flows {
        next.entry(hosts.get(from).copied().unwrap_or(*from)).or_default().push(*to);
        reached.insert(*to);
    }
    let mut columns: HashMap<At, usize> = HashMap::new();
    let unreached =
        nodes.iter().filter(|node| !reached.contains(node) && !hosts.contains_key(node));
    let (starts, alone): (Vec<At>, Vec<At>) = unreached.partition(|node| next.contains_key(node));
    let side = alone.len().isqrt().max(1);
    columns.extend(alone.into_iter().enumerate().map(|(i, node)| (node, i % side)));
    let mut queue: VecDeque<(At, usize)> = starts.into_iter().map(|node| (node, 0)).collect();
    let mut rest = nodes.iter();
    loop {
        while let Some((node, column)) = queue.pop_front() {
            if columns.contains_key(&node) {
                continue;
            }
            columns.insert(node, column);
            queue.extend(next.get(&node).into_iter().flatten().map(|to| (*to, column + 1)));
        }
        match rest.find(|node| !columns.contains_key(node)) {
            Some(node) => queue.push_back((*node, 0)),
            None => return columns,
        }
    }
}

fn size(local: &str) -> (f64, f64) {
    if is_a(local, "Event") {
        (36.0, 36.0)
    } else if is_a(local, "Gateway") {
        (50.0, 50.0)
    } else {
        (100.0, 80.0)
    }
}

/// A way with right angles; one that leads back goes below everything.
fn route(from: Area, to: Area, forward: bool, hangs: bool, below: f64) -> Vec<Point> {
    let (a, b) = (from.centre(), to.centre());
    let end = Point::new(to.x, b.y);
    if !forward {
        return vec![
            Point::new(a.x, from.bottom()),
            Point::new(a.x, below),
            Point::new(b.x, below),
            Point::new(b.x, to.bottom()),
        ];
    }
    if hangs {
        return vec![Point::new(a.x, from.bottom()), Point::new(a.x, b.y), end];
    }
    let start = Point::new(from.right(), a.y);
    if a.y == b.y {
        return vec![start, end];
    }
    // Gateways part right behind them, everything else meets right before its target.
    let x = to.centre().x - COLUMN / 2.0;
    vec![start, Point::new(x, a.y), Point::new(x, b.y), end]
}

fn shape<'r>(view: &View<'r>, element: At, area: Area) -> Shape<'r> {
    let form = match kinds::form(view, element, element, false) {
        Form::Gateway(Gateway::Exclusive { .. }) => {
            Form::Gateway(Gateway::Exclusive { marked: true })
        }
        form => form,
    };
    let name = scene::name(view, element);
    Shape { key: view.key(element), form, area, name, label: None, colours: Colours::default() }
}
