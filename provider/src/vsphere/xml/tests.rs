//! Trees that are written and read again, and what is no tree.

use super::*;

fn written(element: &Element) -> String {
    let mut writer = Writer::new(Vec::new());
    element.write(&mut writer).unwrap();
    String::from_utf8(writer.into_inner()).unwrap()
}

#[test]
fn element_is_written_with_its_types_and_its_text_escaped() {
    let element = Element::new("device")
        .of_type("VirtualDisk")
        .value("key", -101)
        .with(Element::new("vm").of_object("VirtualMachine").with_text("vm-9"))
        .value("label", "a<b & \"c\"")
        .optional("unit", None::<u8>);
    assert_eq!(
        written(&element),
        "<device xsi:type=\"VirtualDisk\"><key>-101</key><vm type=\"VirtualMachine\">vm-9</vm>\
         <label>a&lt;b &amp; &quot;c&quot;</label></device>"
    );
}

#[test]
fn types_are_told_by_their_namespace_whatever_the_prefix() {
    let read = Element::read(
        "<a xmlns:_X=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xsi=\"urn:other\">\
         <val _X:type=\"xsd:string\" type=\"Task\" xsi:type=\"Wrong\">task-1</val></a>",
    )
    .unwrap();
    let value = read.child("val").unwrap();
    assert_eq!(value.xsi_type(), Some("string"));
    assert_eq!(value.object_type(), Some("Task"));
    assert_eq!(value.text(), "task-1");
}

#[test]
fn text_keeps_its_white_space_and_loses_its_escapes() {
    let read =
        Element::read("<?xml version=\"1.0\"?>\n<a>\n  <b> x &amp;&#10;&lt;y <![CDATA[<z>]]></b>\n</a>").unwrap();
    assert_eq!(read.text(), "");
    assert_eq!(read.text_of("b"), Some(" x &\n<y <z>"));
}

#[test]
fn numbers_and_booleans_are_read_from_children() {
    let read = Element::read("<a><n> 7 </n><yes>true</yes><one>1</one><no>false</no><x/></a>").unwrap();
    assert_eq!(read.parse::<u8>("n"), Some(7));
    assert_eq!(read.parse::<u8>("x"), None);
    assert_eq!(
        ["yes", "one", "no", "none"].map(|name| read.is_true(name)),
        [true, true, false, false]
    );
}

#[test]
fn what_is_no_whole_document_is_an_error() {
    for text in ["", "<a>", "<a></b>", "<a>&unknown;</a>", "no XML", "</a>"] {
        assert!(Element::read(text).is_err(), "{text}");
    }
    let deep = "<a>".repeat(MAX_DEPTH + 1);
    assert!(matches!(Element::read(&deep), Err(XmlError::Depth)));
}

#[test]
fn debug_shows_nothing_of_what_is_inside() {
    let login = Element::new("Login").value("password", "hush");
    assert_eq!(format!("{login:?}"), "Element { name: \"Login\", .. }");
}
