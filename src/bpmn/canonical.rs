//! A canonical form to compare two XML texts by what they say (L1 of client-protocol/DOCUMENT.md).
//!
//! PURE. Canonical XML 1.0 with comments, after dropping white space between elements where no
//! other text stands beside it (not under `xml:space="preserve"`). Unlike libxml2's it takes
//! relative and malformed namespace URIs.

use super::xml::{Attribute, Element, Kind, NO_BINDING, ReadError, Tree, only_space, with_tree};

/// The canonical form of a text.
///
/// # Errors
/// As [`import`](super::import).
pub fn c14n(bytes: &[u8]) -> Result<String, ReadError> {
    with_tree(bytes, |tree| Canonical::new(&tree).write())
}

enum Work {
    Node(usize),
    Close(usize),
}

struct Canonical<'t, 's> {
    tree: &'t Tree<'s>,
    out: String,
    work: Vec<Work>,
    /// Rendered declarations: (prefix, URI), innermost last; and marks of open elements.
    rendered: Vec<(&'t str, &'t str)>,
    marks: Vec<usize>,
}

impl<'t, 's> Canonical<'t, 's> {
    fn new(tree: &'t Tree<'s>) -> Self {
        Self { tree, out: String::new(), work: Vec::new(), rendered: Vec::new(), marks: Vec::new() }
    }

    fn write(mut self) -> String {
        let top: Vec<usize> = self.tree.top().map(|(index, _)| index).collect();
        for index in top {
            if index > self.tree.root {
                self.out.push('\n');
            }
            self.work.push(Work::Node(index));
            while let Some(work) = self.work.pop() {
                match work {
                    Work::Node(index) => self.node(index),
                    Work::Close(index) => self.close(index),
                }
            }
            if index < self.tree.root {
                self.out.push('\n');
            }
        }
        self.out
    }

    fn node(&mut self, index: usize) {
        let tree = self.tree;
        match tree.nodes.get(index).map(|n| &n.kind) {
            Some(Kind::Text(text)) => push_text(&mut self.out, text),
            Some(Kind::CData(text)) => push_text(&mut self.out, text),
            Some(Kind::Comment(text)) => {
                self.out.push_str("<!--");
                self.out.push_str(text);
                self.out.push_str("-->");
            }
            Some(Kind::Pi { target, data }) => {
                self.out.push_str("<?");
                self.out.push_str(target);
                if !data.is_empty() {
                    self.out.push(' ');
                    self.out.push_str(data);
                }
                self.out.push_str("?>");
            }
            Some(Kind::Element(element)) => self.element(index, element),
            None => {}
        }
    }

    fn element(&mut self, index: usize, element: &'t Element<'s>) {
        self.marks.push(self.rendered.len());
        self.out.push('<');
        self.push_name(element.name.binding, element.name.local);
        let mut declared: Vec<(&str, &str)> = Vec::new();
        for declaration in self.tree.declarations(element) {
            let Some(binding) = self.tree.bindings.get(declaration.binding as usize) else {
                continue;
            };
            let (prefix, uri) = (binding.prefix, binding.uri.as_ref());
            let known = self.rendered.iter().rfind(|(p, _)| *p == prefix).map(|(_, u)| *u);
            let same =
                known == Some(uri) || (known.is_none() && prefix.is_empty() && uri.is_empty());
            if !same && prefix != "xml" {
                declared.push((prefix, uri));
            }
        }
        declared.sort_unstable();
        for (prefix, uri) in &declared {
            self.out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.out.push_str(prefix);
            self.push_value(uri);
        }
        self.rendered.extend(declared);
        let mut attributes: Vec<&Attribute<'s>> = self.tree.attributes(element).iter().collect();
        attributes.sort_by_key(|a| (self.tree.uri(a.name.binding), a.name.local));
        for attribute in attributes {
            self.out.push(' ');
            self.push_name(attribute.name.binding, attribute.name.local);
            self.push_value(&attribute.value);
        }
        self.out.push('>');
        self.work.push(Work::Close(index));
        let children: Vec<usize> = self.children(index, element);
        self.work.extend(children.into_iter().rev().map(Work::Node));
    }

    fn children(&self, index: usize, element: &Element<'_>) -> Vec<usize> {
        let (mut others, mut real_text) = (false, false);
        for (_, node) in self.tree.children(index) {
            match &node.kind {
                Kind::Text(text) => real_text |= !only_space(text),
                Kind::CData(text) => real_text |= !only_space(text),
                _ => others = true,
            }
        }
        let layout = others && !real_text && !element.preserve;
        let text = |kind: &Kind<'_>| matches!(kind, Kind::Text(_) | Kind::CData(_));
        let all = self.tree.children(index);
        all.filter(|(_, n)| !layout || !text(&n.kind)).map(|(i, _)| i).collect()
    }

    fn close(&mut self, index: usize) {
        if let Some(element) = self.tree.element(index) {
            self.out.push_str("</");
            self.push_name(element.name.binding, element.name.local);
            self.out.push('>');
        }
        if let Some(mark) = self.marks.pop() {
            self.rendered.truncate(mark);
        }
    }

    fn push_name(&mut self, binding: u32, local: &str) {
        let binding = (binding != NO_BINDING).then(|| self.tree.bindings.get(binding as usize));
        if let Some(binding) = binding.flatten().filter(|b| !b.prefix.is_empty()) {
            self.out.push_str(binding.prefix);
            self.out.push(':');
        }
        self.out.push_str(local);
    }

    fn push_value(&mut self, value: &str) {
        self.out.push_str("=\"");
        for c in value.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '"' => self.out.push_str("&quot;"),
                '\t' => self.out.push_str("&#x9;"),
                '\n' => self.out.push_str("&#xA;"),
                '\r' => self.out.push_str("&#xD;"),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

fn push_text(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
}
