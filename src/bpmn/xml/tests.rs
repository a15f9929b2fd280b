//! What the reader takes and refuses.

use super::*;
use crate::bpmn::c14n;
use crate::limits;

fn refusal(text: impl AsRef<[u8]>) -> ReadError {
    match with_tree(text.as_ref(), |_| ()) {
        Ok(()) => panic!("taken: {}", String::from_utf8_lossy(text.as_ref())),
        Err(error) => error,
    }
}

fn taken(text: impl AsRef<[u8]>) -> String {
    c14n(text.as_ref()).unwrap()
}

/// Each text, its line and column, and what is wrong there.
fn check_refusals(cases: Vec<(&str, usize, usize, ReadErrorKind)>) {
    for (text, line, column, kind) in cases {
        assert_eq!(refusal(text), ReadError { line, column, kind }, "{text:?}");
    }
}

#[test]
fn what_is_not_well_formed_is_refused_with_its_place() {
    use ReadErrorKind as K;
    let name = |n: &str| n.to_owned();
    check_refusals(vec![
        ("", 1, 1, K::NoRoot),
        ("  \n ", 2, 2, K::NoRoot),
        ("<!-- only -->", 1, 14, K::NoRoot),
        ("text<a/>", 1, 1, K::ContentOutsideRoot),
        ("<a/>text", 1, 5, K::ContentOutsideRoot),
        ("<a/>&amp;", 1, 5, K::ContentOutsideRoot),
        ("<a/><![CDATA[x]]>", 1, 5, K::ContentOutsideRoot),
        ("<a/>\n<b/>", 2, 1, K::ContentOutsideRoot),
        ("<a>\n  <b>", 2, 6, K::Unclosed(name("b"))),
        ("<a></b>", 1, 4, K::MismatchedEnd { expected: name("a"), found: name("b") }),
        ("<a/></a>", 1, 5, K::UnexpectedEnd(name("a"))),
        ("</a>", 1, 1, K::UnexpectedEnd(name("a"))),
        ("<a></a b='c'>", 1, 4, K::MismatchedEnd { expected: name("a"), found: name("a b='c'") }),
        ("<a b='1' b='2'/>", 1, 10, K::DuplicateAttribute(name("b"))),
        ("<a xmlns:p='u' xmlns:p='v'/>", 1, 16, K::DuplicateAttribute(name("xmlns:p"))),
        ("<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", 1, 36, K::DuplicateAttribute(name("b"))),
        ("<a b='<'/>", 1, 7, K::LessThanInValue),
        ("<a b=c/>", 1, 6, K::BadTag("an attribute value has no quotes")),
        ("<a b/>", 1, 4, K::BadTag("an attribute has no value")),
        ("<a b='1'c='2'/>", 1, 9, K::BadTag("white space is missing before a name")),
        ("<a $b='1'/>", 1, 4, K::BadName(name("$b"))),
        ("<1a/>", 1, 2, K::BadName(name("1a"))),
        ("<a:b:c xmlns:a='u'/>", 1, 2, K::BadName(name("a:b:c"))),
        ("<:a/>", 1, 2, K::BadName(name(":a"))),
        ("< a/>", 1, 2, K::BadName(name(""))),
        ("<a/ >", 1, 2, K::BadName(name("a/"))),
    ]);
}

#[test]
fn what_names_and_references_get_wrong_is_refused_with_its_place() {
    use ReadErrorKind as K;
    let name = |n: &str| n.to_owned();
    check_refusals(vec![
        ("<p:a/>", 1, 2, K::UnboundPrefix(name("p"))),
        ("<a p:b='1'/>", 1, 4, K::UnboundPrefix(name("p"))),
        ("<a><b xmlns:p='u'/><p:c/></a>", 1, 21, K::UnboundPrefix(name("p"))),
        ("<a xmlns:p=''/>", 1, 4, K::BadNamespace("a prefix needs a namespace")),
        ("<a xmlns:xmlns='u'/>", 1, 4, K::BadNamespace("\"xmlns\" cannot be declared")),
        ("<a xmlns:xml='u'/>", 1, 4, K::BadNamespace("\"xml\" and its namespace belong together")),
        ("<a>]]></a>", 1, 4, K::CdataEndInText),
        ("<a>x ]]> y</a>", 1, 6, K::CdataEndInText),
        ("<a><!-- a -- b --></a>", 1, 11, K::DoubleHyphen),
        ("<a><!-- a ---></a>", 1, 11, K::DoubleHyphen),
        ("<a><!-- never</a>", 1, 4, K::BadMarkup("a comment never ends")),
        ("<a><![CDATA[never</a>", 1, 4, K::BadMarkup("a CDATA section never ends")),
        ("<a><?never", 1, 4, K::BadMarkup("a processing instruction never ends")),
        ("<a><b never", 1, 4, K::BadMarkup("a tag never ends")),
        ("<a>&undefined;</a>", 1, 4, K::UndefinedEntity(name("undefined"))),
        ("<a b='é&undefined;'/>", 1, 8, K::UndefinedEntity(name("undefined"))),
        ("<a>&#0;</a>", 1, 4, K::BadReference(name("&#0;"))),
        ("<a>&#xFFFF;</a>", 1, 4, K::BadReference(name("&#xFFFF;"))),
        ("<a>&#xD800;</a>", 1, 4, K::BadReference(name("&#xD800;"))),
        ("<a>&#99999999999;</a>", 1, 4, K::BadReference(name("&#99999999999;"))),
        ("<a>&#x;</a>", 1, 4, K::BadReference(name("&#x;"))),
        ("<a>&#+1;</a>", 1, 4, K::BadReference(name("&#+1;"))),
        ("<a b='&amp'/>", 1, 7, K::BadReference(name("&amp"))),
        ("<a>\0</a>", 1, 4, K::InvalidChar('\0')),
        ("<a>\r\n\u{1}</a>", 2, 1, K::InvalidChar('\u{1}')),
        ("<a b='\u{FFFE}'/>", 1, 7, K::InvalidChar('\u{FFFE}')),
        ("<!DOCTYPE a><a/>", 1, 1, K::Doctype),
        ("\n<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", 2, 1, K::Doctype),
        ("<a><!ELEMENT b></a>", 1, 4, K::BadMarkup("\"<!\" starts no markup")),
        (
            "<a><?xml version='1.0'?></a>",
            1,
            4,
            K::BadDeclaration("it is not at the start of the text"),
        ),
        (
            " <?xml version='1.0'?><a/>",
            1,
            2,
            K::BadDeclaration("it is not at the start of the text"),
        ),
        ("<?xml version='1.1'?><a/>", 1, 1, K::BadDeclaration("only version 1.0 is supported")),
        ("<?xml encoding='UTF-8'?><a/>", 1, 1, K::BadDeclaration("it is malformed")),
        ("<?xml version='1.0' foo='x'?><a/>", 1, 1, K::BadDeclaration("it is malformed")),
        ("<a><?XML x?></a>", 1, 6, K::BadName(name("XML"))),
        ("<a><?p:q x?></a>", 1, 6, K::BadName(name("p:q"))),
        (
            "<?xml version='1.0' encoding='EBCDIC'?><a/>",
            1,
            1,
            K::UnsupportedEncoding(name("EBCDIC")),
        ),
    ]);
}

#[test]
fn bytes_that_the_encoding_forbids_are_refused_with_their_place() {
    let bad = refusal(b"<a>\r\n\xC3\xA9\xFF</a>");
    assert_eq!((bad.line, bad.column), (2, 2));
    assert_eq!(bad.kind, ReadErrorKind::InvalidBytes("UTF-8"));
    let bad = refusal(b"<?xml version='1.0' encoding='US-ASCII'?><a>\xE9</a>");
    assert_eq!((bad.line, bad.column), (1, 45));
    let lone = [0xFF, 0xFE, b'<', 0, b'a', 0, b'/', 0, 0x00, 0xD8, b'>', 0];
    assert_eq!(refusal(lone).kind, ReadErrorKind::InvalidBytes("UTF-16LE"));
    assert_eq!((refusal(lone).line, refusal(lone).column), (1, 4));
}

#[test]
fn errors_are_sentences_with_line_and_column() {
    assert_eq!(
        refusal("<a>\n<p:b/></a>").to_string(),
        "line 2, column 2: prefix \"p\" is not declared"
    );
    let unclosed = refusal("<a>").to_string();
    assert_eq!(unclosed, "line 1, column 4: the text ends inside <a>");
}

#[test]
fn every_encoding_says_the_same() {
    let text =
        |name: &str| format!("<?xml version=\"1.0\" encoding=\"{name}\"?>\r\n<a b=\"é\">ü\r\n</a>");
    let utf16 = |big: bool| -> Vec<u8> {
        let units = format!("\u{FEFF}{}", text("UTF-16"));
        let units: Vec<u16> = units.encode_utf16().collect();
        units.iter().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
    };
    let latin = |name: &str| -> Vec<u8> {
        text(name).chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
    };
    let expected = "<a b=\"é\">ü\n</a>";
    for bytes in [
        text("UTF-8").into_bytes(),
        format!("\u{FEFF}{}", text("utf-8")).into_bytes(),
        utf16(false),
        utf16(true),
        utf16(false)[2..].to_vec(),
        utf16(true)[2..].to_vec(),
        latin("ISO-8859-1"),
        latin("windows-1252"),
    ] {
        assert_eq!(taken(&bytes), expected);
    }
    let euro = b"<?xml version='1.0' encoding='windows-1252'?><a>\x80</a>";
    assert_eq!(taken(euro), "<a>€</a>");
    let control = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\x80</a>";
    assert_eq!(taken(control), "<a>\u{80}</a>", "Latin-1 is not windows-1252");
    assert_eq!(taken(b"<?xml version='1.0' encoding='us-ascii'?><a>x</a>"), "<a>x</a>");
}

#[test]
fn line_ends_and_values_are_normalised() {
    assert_eq!(taken("<a>1\r\n2\r3\n4</a>"), "<a>1\n2\n3\n4</a>");
    assert_eq!(taken("<a b='1\r\n2\t3&#10;4&#9;5'/>"), "<a b=\"1 2 3&#xA;4&#x9;5\"></a>");
    assert_eq!(
        taken("<a>&#13;&lt;&gt;&amp;&quot;&apos;&#x1F600;</a>"),
        "<a>&#xD;&lt;&gt;&amp;\"'😀</a>"
    );
    assert_eq!(taken("<a>x<![CDATA[<&]]>y</a>"), "<a>x&lt;&amp;y</a>");
}

#[test]
fn namespaces_follow_their_scopes() {
    let text = "<p:a xmlns:p='u' xmlns='d'><b/><p:c xmlns:p='v' xmlns=''><d/></p:c><p:e/></p:a>";
    with_tree(text.as_bytes(), |tree| {
        let uris: Vec<&str> = (0..tree.nodes.len())
            .filter_map(|i| tree.element(i))
            .map(|e| tree.uri(e.name.binding))
            .collect();
        assert_eq!(uris, ["u", "d", "v", "", "u"]);
    })
    .unwrap();
}

#[test]
fn odd_but_well_formed_texts_are_taken() {
    for text in [
        "<a xmlns='relative'/>",
        "<a xmlns:p='not a uri at all'/>",
        "<a  b = '1'\n\tc=\"2\" />",
        "<a ></a >",
        "<é:ü xmlns:é='u' é:ö='1'/>",
        "<a b='>'>></a>",
        "<a>]]</a>",
        "<a><!----></a>",
        "<a><?p?><?q  x ?></a>",
        "<?p?><!-- c --><a/><!-- d --><?q?>\n",
        "<a xml:space='preserve' xml:lang='x'/>",
        "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
        "<a b='&#x10FFFF;'/>",
    ] {
        assert!(with_tree(text.as_bytes(), |_| ()).is_ok(), "{text}");
    }
}

#[test]
fn every_bound_is_held() {
    use ReadErrorKind as K;
    let deep = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
    assert!(with_tree(deep(limits::MAX_XML_DEPTH).as_bytes(), |_| ()).is_ok());
    assert_eq!(refusal(deep(limits::MAX_XML_DEPTH + 1)).kind, K::TooDeep);
    let wide = format!("<a>{}</a>", "<b/>".repeat(limits::MAX_XML_ELEMENTS));
    assert_eq!(refusal(wide).kind, K::TooManyElements);
    let attributes = |n: usize| -> String { (0..n).map(|i| format!(" b{i}=''")).collect() };
    let many = |n| format!("<a{}/>", attributes(n));
    assert!(with_tree(many(limits::MAX_XML_ATTRIBUTES).as_bytes(), |_| ()).is_ok());
    assert_eq!(refusal(many(limits::MAX_XML_ATTRIBUTES + 1)).kind, K::TooManyAttributes);
    let long = "x".repeat(limits::MAX_XML_VALUE_BYTES + 1);
    for text in [
        format!("<a b='{long}'/>"),
        format!("<a>{long}</a>"),
        format!("<a><![CDATA[{long}]]></a>"),
        format!("<a><!--{long}--></a>"),
        format!("<a><?p {long}?></a>"),
    ] {
        assert_eq!(refusal(text).kind, K::ValueTooLong);
    }
    let spaces: String =
        (0..=limits::MAX_XML_NAMESPACES).map(|i| format!("<b xmlns:p{i}='u'/>")).collect();
    assert_eq!(refusal(format!("<a>{spaces}</a>")).kind, K::TooManyNamespaces);
    let far = "u".repeat(limits::MAX_XML_NAME_BYTES + 1);
    assert_eq!(
        refusal(format!("<a xmlns='{far}'/>")).kind,
        K::BadNamespace("the namespace is too long")
    );
    assert_eq!(refusal(vec![b' '; limits::MAX_XML_BYTES + 1]).kind, K::TooManyBytes);
}

#[test]
fn damaged_texts_never_panic() {
    let sample =
        "<?xml version='1.0'?><a xmlns:p='u' p:b='&lt;'><!-- c --><![CDATA[x]]>é&#65;<p:d/></a>";
    let mut rng = fastrand::Rng::with_seed(3);
    for _ in 0..20_000 {
        let mut bytes = sample.as_bytes().to_vec();
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(0..bytes.len());
            match rng.usize(0..4) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes[at] = rng.u8(..),
                2 => bytes.insert(at, b"<>&;'\"/!?-]["[rng.usize(0..12)]),
                _ => drop(bytes.remove(at)),
            }
            if bytes.is_empty() {
                bytes.push(b'<');
            }
        }
        if let Err(error) = with_tree(&bytes, |_| ()) {
            assert!(error.line >= 1 && error.column >= 1);
        }
    }
}
