//! From diagnostics to messages that a core shows in the right place.

use tfplugin::tfplugin6 as proto;

use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::path::{Path, Step};
use crate::schema::{Attribute, Kind, Schema};
use crate::wire::to_proto::path;

/// Diagnostics, in order.
pub(crate) fn diagnostics(diagnostics: Diagnostics) -> Vec<proto::Diagnostic> {
    diagnostics.into_iter().map(|one| diagnostic(&[], one)).collect()
}

/// Diagnostics about values of a schema, in order: the core can show the way through its blocks.
pub(crate) fn diagnostics_in(schema: &Schema, diagnostics: Diagnostics) -> Vec<proto::Diagnostic> {
    let messages = diagnostics.into_iter();
    messages.map(|one| diagnostic(&schema.attributes, one)).collect()
}

fn diagnostic(attributes: &[Attribute], mut diagnostic: Diagnostic) -> proto::Diagnostic {
    if let Some(path) = diagnostic
        .path
        .take_if(|path| path.steps().len() > visible(attributes, path).steps().len())
    {
        // The core would show the wrong line, or none, so it gets the part that it can show, and people get the rest.
        diagnostic.detail.push_str(&format!("\n\nAttribute: {path}"));
        diagnostic.path = Some(visible(attributes, &path));
    }
    let severity = match diagnostic.severity {
        Severity::Error => proto::diagnostic::Severity::Error,
        Severity::Warning => proto::diagnostic::Severity::Warning,
    };
    // The core shows a diagnostic without a summary as an empty box.
    let summary = if diagnostic.summary.is_empty() {
        "Provider error".to_owned()
    } else {
        diagnostic.summary
    };
    proto::Diagnostic {
        severity: severity.into(),
        summary,
        detail: diagnostic.detail,
        attribute: diagnostic.path.filter(|path| !path.is_root()).map(path),
    }
}

/// The part of a path whose place in the configuration the core can show: through blocks, and then an attribute and one
/// of its elements. It takes any step after that for a block, and if there is none, looks for the name where it is.
fn visible(mut attributes: &[Attribute], path: &Path) -> Path {
    let mut steps = path.steps().iter().peekable();
    let mut visible = Path::root();
    while let Some(Step::Attribute(name)) = steps.next() {
        visible = visible.attribute(name);
        if let Some(element) = steps.next_if(|step| matches!(step, Step::Index(_) | Step::Key(_))) {
            visible = visible.step(element.clone());
        }
        let attribute = attributes.iter().find(|attribute| attribute.name == *name);
        match attribute.map(|attribute| (&attribute.kind, attribute.block)) {
            Some((Kind::Nested(_, nested), Some(_))) => attributes = nested,
            _ => break,
        }
    }
    visible
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::fixtures::{attribute, block, nested, schema as schema_of};
    use crate::schema::{Nesting, Presence};
    use crate::value::Value;

    #[test]
    fn a_diagnostic_points_at_what_the_core_can_show_and_names_the_rest() {
        let nested = Path::new("kubernetes").attribute("host");
        let sent = diagnostic(&[], Diagnostic::error("Unreachable", "It does not answer.").at(nested));
        assert_eq!(sent.attribute, Some(path(Path::new("kubernetes"))));
        assert_eq!(sent.detail, "It does not answer.\n\nAttribute: kubernetes.host");
    }

    #[test]
    fn a_diagnostic_keeps_a_path_that_the_core_can_show() {
        let element = Path::new("disks").index(1);
        let sent = diagnostic(&[], Diagnostic::error("Too small", "It must grow.").at(element.clone()));
        assert_eq!(sent.attribute, Some(path(element)));
        assert_eq!(sent.detail, "It must grow.");
    }

    #[test]
    fn a_diagnostic_keeps_the_way_through_blocks() {
        let target = nested(
            "target",
            Nesting::Single,
            Presence::Optional,
            vec![attribute::<String>("host")],
        );
        let rule = block("rule", Nesting::List, vec![target]);
        let distinct = block("distinct", Nesting::Set, vec![attribute::<String>("name")]);
        let schema = schema_of(vec![block("policy", Nesting::Single, vec![rule]), distinct]);
        let sent = |path: Path| {
            let blamed = Diagnostic::error("Wrong", "It is wrong.").at(path);
            diagnostics_in(&schema, blamed.into()).remove(0)
        };
        let shown = Path::new("policy").attribute("rule").index(2).attribute("target");
        assert_eq!(sent(shown.clone()).detail, "It is wrong.");
        assert_eq!(sent(shown.clone()).attribute, Some(path(shown.clone())));
        let within = sent(shown.clone().attribute("host"));
        assert_eq!(within.attribute, Some(path(shown)));
        assert_eq!(within.detail, "It is wrong.\n\nAttribute: policy.rule[2].target.host");
        let in_set = sent(Path::new("distinct").step(Step::Element(Value::Null)).attribute("name"));
        assert_eq!(in_set.attribute, Some(path(Path::new("distinct"))));
        assert_eq!(in_set.detail, "It is wrong.\n\nAttribute: distinct[...].name");
    }
}
