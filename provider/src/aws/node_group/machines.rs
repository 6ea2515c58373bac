//! What follows from the names of machines and images: the processor, and the disk.

use tf_framework::diagnostics::Diagnostic;

use super::model::NodeGroupModel;

/// A kind of processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Processor {
    /// Graviton.
    Arm64,
    /// Intel and AMD.
    X86,
}

impl Processor {
    /// That of a type of machines: after the number of the generation, Graviton has a `g`.
    pub(super) fn of_machine(instance_type: &str) -> Self {
        let family = instance_type.split(['.', '-']).next().unwrap_or_default();
        let after = family
            .find(|c: char| c.is_ascii_digit())
            .and_then(|digit| family.get(digit..));
        match after {
            _ if family == "a1" => Processor::Arm64,
            Some(after) if after.contains('g') => Processor::Arm64,
            _ => Processor::X86,
        }
    }

    /// That of an image, if it says so.
    pub(super) fn of_image(ami_type: &str) -> Option<Self> {
        match ami_type {
            image if image.contains("ARM_64") => Some(Processor::Arm64),
            image if image.to_ascii_lowercase().contains("x86_64") => Some(Processor::X86),
            _ => None,
        }
    }

    /// As EC2 calls it.
    pub(super) fn architecture(self) -> &'static str {
        match self {
            Processor::Arm64 => "arm64",
            Processor::X86 => "x86_64",
        }
    }

    /// The image where none is asked for.
    pub(super) fn image(self) -> &'static str {
        match self {
            Processor::Arm64 => "AL2023_ARM_64_STANDARD",
            Processor::X86 => "AL2023_x86_64_STANDARD",
        }
    }
}

/// The image of machines: the one that is there if it still fits, else the usual one.
pub(super) fn image(types: &[String], prior: Option<&str>) -> Option<String> {
    let processor = Processor::of_machine(types.first()?);
    let fits = |image: &&str| Processor::of_image(image).is_none_or(|of| of == processor);
    Some(prior.filter(fits).unwrap_or(processor.image()).to_owned())
}

/// What is wrong with types of machines, together and with an image.
pub(super) fn mismatch(types: &[String], image: Option<&str>) -> Option<Diagnostic> {
    let first = types.first()?;
    let processor = Processor::of_machine(first);
    if let Some(other) = types.iter().find(|other| Processor::of_machine(other) != processor) {
        let detail = format!(
            "`{first}` has processors of {}, and `{other}` of {}: no image is for both. Make a group for each.",
            processor.architecture(),
            Processor::of_machine(other).architecture()
        );
        return Some(Diagnostic::error("Machines of different processors", detail).at(NodeGroupModel::INSTANCE_TYPES));
    }
    let image = image?;
    let of_image = Processor::of_image(image).filter(|of_image| *of_image != processor)?;
    let detail = format!(
        "`{first}` has processors of {}, and `{image}` is for {}. Leave `ami_type` out, or use `{}`.",
        processor.architecture(),
        of_image.architecture(),
        processor.image()
    );
    Some(Diagnostic::error("Image does not fit the machines", detail).at(NodeGroupModel::AMI_TYPE))
}

/// The disk with images and logs.
pub(super) fn disk(ami_type: &str) -> &'static str {
    match ami_type.starts_with("BOTTLEROCKET") {
        // The first one has the system, and nothing else.
        true => "/dev/xvdb",
        false => "/dev/xvda",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graviton_is_known_by_its_letter() {
        for arm in [
            "m7g.xlarge",
            "t4g.micro",
            "c7gn.large",
            "r8gd.2xlarge",
            "im4gn.large",
            "x2gd.metal",
            "a1.large",
            "g5g.xlarge",
        ] {
            assert_eq!(Processor::of_machine(arm), Processor::Arm64, "{arm}");
        }
        for x86 in [
            "m7i.xlarge",
            "t3a.small",
            "g4dn.xlarge",
            "m7i-flex.large",
            "u7i-12tb.224xlarge",
            "p5en.48xlarge",
            "trn1.2xlarge",
        ] {
            assert_eq!(Processor::of_machine(x86), Processor::X86, "{x86}");
        }
    }

    #[test]
    fn an_image_stays_as_long_as_it_fits() {
        let types = |name: &str| vec![name.to_owned()];
        assert_eq!(image(&types("m7g.large"), None).unwrap(), "AL2023_ARM_64_STANDARD");
        let bottlerocket = Some("BOTTLEROCKET_ARM_64");
        assert_eq!(image(&types("m8g.large"), bottlerocket).unwrap(), "BOTTLEROCKET_ARM_64");
        assert_eq!(
            image(&types("m7i.large"), bottlerocket).unwrap(),
            "AL2023_x86_64_STANDARD"
        );
        assert_eq!(image(&types("m7g.large"), Some("CUSTOM")).unwrap(), "CUSTOM");
        assert_eq!(disk("BOTTLEROCKET_x86_64"), "/dev/xvdb");
    }

    #[test]
    fn images_of_other_processors_are_refused() {
        let types = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert!(mismatch(&types(&["m7g.large", "m6g.large"]), Some("AL2023_ARM_64_STANDARD")).is_none());
        assert!(mismatch(&types(&["m7i.large"]), Some("CUSTOM")).is_none());
        let refused = mismatch(&types(&["m7g.large"]), Some("AL2023_x86_64_STANDARD")).unwrap();
        assert!(
            refused.detail.contains("use `AL2023_ARM_64_STANDARD`"),
            "{}",
            refused.detail
        );
        let refused = mismatch(&types(&["m7g.large", "m7i.large"]), None).unwrap();
        assert_eq!(refused.summary, "Machines of different processors");
    }
}
