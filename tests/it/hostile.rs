//! Frames that no honest client sends, or that an honest one sends in vain, each with what has to
//! become of its sender. The linter's tests judge them here; others send them to the running server.

use atelier::protocol::close::CloseCode;
use atelier::protocol::frame;
use atelier::protocol::lib0::Writer;
use bytes::Bytes;

use crate::craft::{Content, Craft, Item, Parent, Struct, item, text};

/// What has to become of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Its socket closes with this code.
    Closed(CloseCode),
    /// The frame is dropped and answered with a Step1; the third in a row closes with 4409.
    Gap,
    /// Its socket stays and the document does not change.
    Ignored,
    /// Taken as an edit, and harmless: the room can still be encoded, left and reloaded.
    Taken,
}

/// One hostile frame.
pub(crate) struct Hostile {
    pub(crate) name: &'static str,
    pub(crate) frame: Bytes,
    pub(crate) fate: Fate,
}

const MALFORMED: Fate = Fate::Closed(CloseCode::Malformed);

/// All of them, for a room that knows none of the clients 1, 2 and 7.
pub(crate) fn hostile_frames() -> Vec<Hostile> {
    let mut all = framing();
    all.extend(known_killers());
    all.extend(bombs());
    all.extend(nesting());
    all.extend(clocks_and_ids());
    all.extend(structure());
    all.extend(contents());
    all.extend(gaps());
    all.extend(awareness());
    all
}

fn raw(name: &'static str, frame: &[u8], fate: Fate) -> Hostile {
    Hostile { name, frame: Bytes::copy_from_slice(frame), fate }
}

fn update(name: &'static str, update: &[u8], fate: Fate) -> Hostile {
    Hostile { name, frame: frame::update(update), fate }
}

fn craft(name: &'static str, craft: Craft, fate: Fate) -> Hostile {
    update(name, &craft.bytes(), fate)
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn var_uint(value: u64) -> Vec<u8> {
    let mut out = Writer::default();
    out.var_uint(value);
    out.finish()
}

fn map() -> Parent {
    Parent::Root("m")
}

fn one(client: u64, one: impl Into<Struct>) -> Craft {
    Craft::default().section(client, 0, [one.into()])
}

fn framing() -> Vec<Hostile> {
    let mut rng = fastrand::Rng::with_seed(5);
    let noise: Vec<u8> = (0..1 << 20).map(|_| rng.u8(..)).collect();
    vec![
        raw("empty frame", &[], MALFORMED),
        raw("one byte", &[0], MALFORMED),
        raw("unknown sync message", &[0, 9, 0], MALFORMED),
        raw("a megabyte of noise behind a sync header", &[&[0, 2][..], &noise].concat(), MALFORMED),
        raw("unknown type", &[200, 1, 2, 3], Fate::Ignored),
        raw("y-protocols auth from a client", &[2, 0, 1, b'x'], Fate::Ignored),
        raw("trailing bytes behind a message", &[0, 2, 2, 0, 0, 0], MALFORMED),
        raw("truncated update", &[0, 2, 9, 1, 1], MALFORMED),
        raw("ten continuation bytes", &[0xff; 11], MALFORMED),
        raw("type with padding", &[0x80, 0x00, 0, 1, 0], MALFORMED),
        raw("a hundred messages", &[1, 1, 0].repeat(100), MALFORMED),
        raw("token that is not UTF-8", &[101, 2, 0xff, 0xfe], MALFORMED),
        raw("oversized token", &[&[101, 0x80, 0x80, 1][..], &[b'x'; 16_384]].concat(), MALFORMED),
        raw("oversized barrier", &[&[102, 100][..], &[0; 100]].concat(), MALFORMED),
        raw(
            "message above the limit",
            &vec![0; atelier::limits::MAX_FRAME_BYTES + 1],
            Fate::Closed(CloseCode::TooBig),
        ),
    ]
}

fn known_killers() -> Vec<Hostile> {
    let stack_bomb =
        [&hex("010107002801016d016b01")[..], &[117, 1].repeat(7000), &hex("7f00")].concat();
    vec![
        update("stack bomb of nested arrays", &stack_bomb, MALFORMED),
        update("poison pill of 12 bytes", &hex("010105003208000400000000"), MALFORMED),
        update(
            "poison pill of 22 bytes",
            &hex("01012f0342e0a4ffff30ffff49000600000000003700"),
            MALFORMED,
        ),
        update(
            "poison pill of 52 bytes",
            &hex(
                "01030700270108656c656d656e747302743201280007000178017d23022800070000000000000000\
                 000000a9f09f988000",
            ),
            MALFORMED,
        ),
        update(
            "index panic in apply",
            &hex(
                "0800007000010000010000000000002b03ff00d6feffff2a00d6feffffffff2c00f7000008000000\
                 000000002f",
            ),
            MALFORMED,
        ),
        update(
            "unwrap panic in encode",
            &hex(
                "01032fffffffffffffffffffff08006101032f080003010061002f080061010300f4000000010040\
                 000000000000000000000000000061010001032f0800610101032f080061010000032f0800610103\
                 2f080061010001032f08006101032f080061010000032f08006101032f0800032f08006101000003\
                 2f08006101032f08003c",
            ),
            MALFORMED,
        ),
        update(
            "sub-document that leaks",
            &hex(
                "0101161129010373756201642466623133346637332d353835332d346562312d613561392d323430\
                 326638636233616363760000",
            ),
            MALFORMED,
        ),
        update("an update of the second encoding", &hex("00000000000001000000000000"), MALFORMED),
    ]
}

fn bombs() -> Vec<Hostile> {
    let claims = |prefix: &[u8], suffix: &[u8]| [prefix, &var_uint(200_000_000), suffix].concat();
    let vector: Vec<u8> = (0..300_000u64).flat_map(|id| [var_uint(id), vec![1]].concat()).collect();
    let vector = [var_uint(300_000), vector].concat();
    let mut step1 = vec![0, 0];
    step1.extend(var_uint(vector.len() as u64));
    step1.extend(vector);
    vec![
        update("200 million clients", &claims(&[], &[0]), MALFORMED),
        update("200 million structs", &claims(&[1], &[7, 0, 0]), MALFORMED),
        update("200 million values", &claims(&hex("010107002801016d016b"), &[0]), MALFORMED),
        update("array of 200 million", &claims(&hex("010107002801016d016b0175"), &[0]), MALFORMED),
        update("map of 200 million", &claims(&hex("010107002801016d016b0176"), &[0]), MALFORMED),
        update("text of 200 million bytes", &claims(&hex("0101070004010174"), &[0]), MALFORMED),
        update("200 million deleting clients", &claims(&[0], &[]), MALFORMED),
        update("200 million delete ranges", &claims(&[0, 1, 7], &[0]), MALFORMED),
        raw("state vector of 200 million", &claims(&[0, 0, 5], &[0]), MALFORMED),
        raw("state vector of 300,000", &step1, MALFORMED),
        raw("200 million awareness entries", &claims(&[1, 5], &[0]), MALFORMED),
    ]
}

fn nesting() -> Vec<Hostile> {
    let maps = [&[118, 1, 1, b'k'].repeat(65)[..], &[126]].concat();
    let arrays = [&[117, 1].repeat(100_000)[..], &[126]].concat();
    let json = "[".repeat(65) + &"]".repeat(65);
    let deep_json = "{\"a\":".repeat(20_000) + "1" + &"}".repeat(20_000);
    let types = |depth: u32| {
        let parent = |clock| if clock == 0 { map() } else { Parent::Item((7, clock - 1)) };
        Craft::default().section(
            7,
            0,
            (0..depth).map(|clock| item(parent(clock), Some("k"), Content::Type(1, None))),
        )
    };
    vec![
        craft(
            "65 nested maps",
            one(7, item(map(), Some("k"), Content::Any(vec![maps]))),
            MALFORMED,
        ),
        craft(
            "100,000 nested arrays",
            one(7, item(map(), Some("k"), Content::Any(vec![arrays]))),
            MALFORMED,
        ),
        craft(
            "JSON nested 65 deep",
            one(7, item(Parent::Root("t"), None, Content::Embed(json))),
            MALFORMED,
        ),
        craft(
            "format nested 20,000 deep",
            one(7, item(Parent::Root("t"), None, Content::Format("b".into(), deep_json))),
            MALFORMED,
        ),
        craft("65 nested shared types", types(65), MALFORMED),
        craft("100,000 nested shared types", types(100_000), MALFORMED),
    ]
}

fn clocks_and_ids() -> Vec<Hostile> {
    vec![
        craft("GC of four billion", one(7, Struct::Gc(4_000_000_000)), MALFORMED),
        craft(
            "deleted item of four billion",
            one(7, item(map(), None, Content::Deleted(4_000_000_000))),
            MALFORMED,
        ),
        craft("Skip of four billion", one(7, Struct::Skip(4_000_000_000)), MALFORMED),
        craft(
            "two GCs that wrap the clock",
            Craft::default().section(7, 0, [Struct::Gc(2_147_000_000), Struct::Gc(2_147_000_000)]),
            MALFORMED,
        ),
        craft(
            "delete range that wraps the clock",
            Craft::default().delete(7, &[(4_000_000_000, 4_000_000_000)]),
            MALFORMED,
        ),
        craft("client id 2^53", one(1 << 53, text("t", "a")), MALFORMED),
        craft("client id 2^63", one(1 << 63, text("t", "a")), MALFORMED),
        craft("a server's id", one((1 << 40) + 5, text("t", "a")), Fate::Gap),
        craft("GC under an id that nobody has yet", one(7, Struct::Gc(1000)), Fate::Taken),
    ]
}

fn structure() -> Vec<Hostile> {
    let two = |first: Item, second: Item| Craft::default().section(7, 0, [first, second]);
    let a = || text("t", "a");
    vec![
        craft("self reference", one(7, a().after((7, 0))), MALFORMED),
        craft("right origin in its own future", two(a().before((7, 1)), a()), MALFORMED),
        craft(
            "parent in its own future",
            one(7, item(Parent::Item((7, 5)), None, Content::Deleted(1))),
            MALFORMED,
        ),
        craft(
            "the same origin on both sides",
            two(a(), a().after((7, 0)).before((7, 0))),
            MALFORMED,
        ),
        craft(
            "two clients that wait for each other",
            Craft::default().section(1, 0, [a().after((2, 0))]).section(2, 0, [a().after((1, 0))]),
            MALFORMED,
        ),
        craft(
            "parent that is no shared type",
            two(a(), item(Parent::Item((7, 0)), None, Content::Deleted(1))),
            MALFORMED,
        ),
        craft(
            "origins in different places",
            two(a(), text("u", "b")).and(a().after((7, 0)).before((7, 1))),
            MALFORMED,
        ),
        craft(
            "map entry with a right origin",
            two(item(map(), Some("k"), Content::Binary(vec![])), a().before((7, 0))),
            MALFORMED,
        ),
        craft(
            "map entry with two values",
            one(7, item(map(), Some("k"), Content::Any(vec![vec![126], vec![126]]))),
            MALFORMED,
        ),
        craft(
            "20,000 items in the same spot",
            Craft::default().section(7, 0, (0..20_000).map(|_| a())),
            MALFORMED,
        ),
        craft(
            "8,000 insertions at the start, each said to be before another character",
            one(1, text("t", &"a".repeat(8000))).section(
                7,
                0,
                (0..8000).map(|at| a().before((1, at))),
            ),
            MALFORMED,
        ),
        craft(
            "400,000 holes in a text of a million",
            one(7, text("t", &"a".repeat(1_000_000)))
                .delete(7, &(0..400_000).map(|at| (at * 2, 1)).collect::<Vec<_>>()),
            MALFORMED,
        ),
        craft(
            "20,000 entries of one key, none after another",
            Craft::default().section(
                7,
                0,
                (0..20_000).map(|_| item(map(), Some("k"), Content::Binary(vec![]))),
            ),
            MALFORMED,
        ),
        craft(
            "1,000 clients that wait for one another",
            (1000..2000)
                .fold(Craft::default(), |craft, client| {
                    craft.section(client, 0, [a().after((client + 1, 0))])
                })
                .section(2000, 0, [a()]),
            MALFORMED,
        ),
        craft("client with two sections", one(7, a()).section(7, 1, [a()]), MALFORMED),
        craft(
            "client with two delete lists",
            one(7, a()).delete(7, &[(0, 1)]).delete(7, &[(0, 1)]),
            MALFORMED,
        ),
        craft("empty section", Craft::default().section(7, 0, Vec::<Struct>::new()), MALFORMED),
        craft("empty GC", one(7, Struct::Gc(0)), MALFORMED),
        craft("empty text", one(7, text("t", "")), MALFORMED),
        craft("empty list of values", one(7, item(map(), None, Content::Any(vec![]))), MALFORMED),
        craft("empty delete range", one(7, a()).delete(7, &[(0, 0)]), MALFORMED),
        update("flags on a GC", &[1, 1, 7, 0, 0x80, 1, 0], MALFORMED),
        update("flags on a Skip", &[1, 1, 7, 0, 0x2a, 1, 0], MALFORMED),
        update(
            "parent that is neither root nor item",
            &[1, 1, 7, 0, 4, 2, 1, b't', 1, b'a', 0],
            MALFORMED,
        ),
        craft(
            "parent that is deleted",
            two(
                item(map(), None, Content::Deleted(1)),
                item(Parent::Item((7, 0)), None, Content::Deleted(1)),
            ),
            Fate::Taken,
        ),
        craft(
            "unsorted, overlapping delete ranges",
            one(7, text("t", "abcd")).delete(7, &[(2, 2), (0, 3)]),
            Fate::Taken,
        ),
    ]
}

fn contents() -> Vec<Hostile> {
    let content = |content| one(7, item(Parent::Root("t"), None, content));
    let long = Box::leak("k".repeat(1 << 20).into_boxed_str());
    vec![
        craft("sub-document", content(Content::Raw(9, b"\x01d\x76\x00".to_vec())), MALFORMED),
        craft("weak link", content(Content::Raw(7, vec![7, 0, 1, 0])), MALFORMED),
        craft("XML hook", content(Content::Type(5, Some("h"))), MALFORMED),
        craft("unknown shared type", content(Content::Type(15, None)), MALFORMED),
        craft(
            "legacy JSON, which yrs reads one too far",
            content(Content::Raw(2, vec![1, 1, b'1'])),
            MALFORMED,
        ),
        craft("move", content(Content::Raw(11, vec![0, 7, 0])), MALFORMED),
        craft("content number 31", content(Content::Raw(31, vec![0])), MALFORMED),
        craft("unknown value", content(Content::Any(vec![vec![42]])), MALFORMED),
        craft("text that is not UTF-8", content(Content::Raw(4, vec![2, 0xc3, 0x28])), MALFORMED),
        craft("embed that is not JSON", content(Content::Embed("{a}".into())), MALFORMED),
        craft(
            "embed with a lone surrogate",
            content(Content::Embed("\"\\ud800\"".into())),
            MALFORMED,
        ),
        craft(
            "format with an endless number",
            content(Content::Format("b".into(), "1e999".into())),
            MALFORMED,
        ),
        craft(
            "map key of a megabyte",
            one(7, item(map(), Some(long), Content::Binary(vec![]))),
            MALFORMED,
        ),
        craft(
            "text in an array",
            one(7, item(map(), Some("k"), Content::Type(0, None))).and(item(
                Parent::Item((7, 0)),
                None,
                Content::Text("😀".into()),
            )),
            MALFORMED,
        ),
        craft(
            "a list in a map",
            one(7, item(map(), Some("k"), Content::Type(1, None))).and(item(
                Parent::Item((7, 0)),
                None,
                Content::Any(vec![vec![126]]),
            )),
            MALFORMED,
        ),
    ]
}

fn gaps() -> Vec<Hostile> {
    let ranges: Vec<(u32, u32)> = (0..300_000).map(|at| (at * 2, 1)).collect();
    let mut holes = Craft::default();
    for client in 1000..6000 {
        holes = holes.section(client, 5, [text("t", "a")]);
    }
    vec![
        update("gap probe", &hex("01010903040104746578740347415000"), Fate::Gap),
        craft(
            "leading Skip",
            Craft::default().section(7, 0, [Struct::Skip(3), text("t", "a").into()]),
            Fate::Gap,
        ),
        craft("unknown origin", one(7, text("t", "a").after((9, 4))), Fate::Gap),
        craft("unknown right origin", one(7, text("t", "a").before((9, 4))), Fate::Gap),
        craft(
            "unknown parent",
            one(7, item(Parent::Item((9, 4)), None, Content::Deleted(1))),
            Fate::Gap,
        ),
        craft("deletes of an unknown client", Craft::default().delete(9, &[(0, 5)]), Fate::Gap),
        craft(
            "300,000 deletes of an unknown client",
            Craft::default().delete(9, &ranges),
            Fate::Gap,
        ),
        craft(
            "delete range past the known clock",
            one(7, text("t", "a")).delete(7, &[(0, 100)]),
            Fate::Gap,
        ),
        craft("5,000 clients with a hole", holes, Fate::Gap),
    ]
}

fn awareness() -> Vec<Hostile> {
    let entries = |list: &[(u64, u32, &[u8])]| {
        let mut out = Vec::new();
        for (client, clock, state) in list {
            frame::write_awareness_entry(
                &mut out,
                atelier::id::ClientId(*client),
                u64::from(*clock),
                state,
            );
        }
        frame::awareness(list.len(), &[&out])
    };
    let deep = "[".repeat(100_000);
    let many: Vec<(u64, u32, &[u8])> = (1000..101_000).map(|id| (id, 1, &b"{}"[..])).collect();
    vec![
        Hostile {
            name: "awareness nested 100,000 deep",
            frame: entries(&[(7, 1, deep.as_bytes())]),
            fate: Fate::Ignored,
        },
        Hostile {
            name: "awareness of a megabyte",
            frame: entries(&[(7, 1, &vec![b' '; 1 << 20])]),
            fate: Fate::Ignored,
        },
        Hostile {
            name: "awareness that is not JSON",
            frame: entries(&[(7, 1, b"{")]),
            fate: Fate::Ignored,
        },
        Hostile { name: "100,000 awareness entries", frame: entries(&many), fate: Fate::Ignored },
        Hostile {
            name: "others are said to have left",
            frame: entries(&[(1, 4_000_000, b"null"), (2, 4_000_000, b"null")]),
            fate: Fate::Ignored,
        },
        Hostile {
            name: "the last clock there is",
            frame: entries(&[(7, u32::MAX, b"{}")]),
            fate: Fate::Ignored,
        },
        raw("awareness with trailing bytes", &[1, 2, 0, 0], MALFORMED),
    ]
}
