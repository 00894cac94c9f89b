//! What XMP makes of RDF: properties, lists, structures and their fields, in all the spellings that ISO 16684-1 (section 7)
//! allows.

use super::tree::{Attribute, Element};
use super::{Property, XmpError, namespace};

/// The namespace of `x:xmpmeta`.
const XMP_META: &str = "adobe:ns:meta/";

/// A list has one of these forms.
const LISTS: [&str; 3] = ["Bag", "Seq", "Alt"];

impl Element {
    fn is_rdf(&self, local: &str) -> bool {
        self.is(namespace("rdf"), local)
    }

    /// The `rdf:RDF` of a document with this root.
    pub(crate) fn rdf(&self) -> Result<&Self, XmpError> {
        std::iter::once(self)
            .chain(&self.children)
            .find(|element| element.is_rdf("RDF"))
            .ok_or(XmpError::NotXmp)
    }

    /// The descriptions in an `rdf:RDF`, which hold the properties.
    pub(crate) fn descriptions(&self) -> impl Iterator<Item = &Self> {
        let children = self.children.iter();
        children.filter(|child| child.is_rdf("Description"))
    }

    /// What the descriptions in an `rdf:RDF` are about.
    pub(crate) fn about(&self) -> &str {
        self.descriptions()
            .find_map(|description| description.attribute(namespace("rdf"), "about"))
            .unwrap_or_default()
    }

    /// What a description is about; empty where it does not say.
    pub(crate) fn own_about(&self) -> &str {
        let about = self.attribute(namespace("rdf"), "about");
        about.unwrap_or_default()
    }

    /// A property in an `rdf:RDF`.
    pub(crate) fn property(&self, property: Property) -> Option<&Self> {
        self.descriptions()
            .flat_map(|description| &description.children)
            .find(|child| child.is(property.namespace(), property.name))
    }

    /// The list of a property in an `rdf:RDF`; `None` where there is no such property.
    pub(crate) fn property_list(&self, property: Property) -> Result<Option<&Self>, XmpError> {
        if let Some(element) = self.property(property) {
            return element.list(property).map(Some);
        }
        let (namespace, name) = property.full_name();
        let mut descriptions = self.descriptions();
        match descriptions.any(|description| description.attribute(namespace, name).is_some()) {
            true => Err(no_list(property)),
            false => Ok(None),
        }
    }

    /// The `rdf:Bag`, `rdf:Seq` or `rdf:Alt` of a property that is a list.
    pub(crate) fn list(&self, property: Property) -> Result<&Self, XmpError> {
        self.any_list().ok_or_else(|| no_list(property))
    }

    /// The `rdf:Bag`, `rdf:Seq` or `rdf:Alt` in a property, where it is a list.
    pub(crate) fn any_list(&self) -> Option<&Self> {
        let mut children = self.children.iter();
        children.find(|child| LISTS.iter().any(|list| child.is_rdf(list)))
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(|child| child.is_rdf("li"))
    }

    /// The element that holds the fields of a structure: itself, or a description within it.
    pub(crate) fn structure(&self) -> &Self {
        let description = self
            .children
            .iter()
            .find(|child| child.is_rdf("Description"));
        description.unwrap_or(self)
    }

    /// The field `field` of a structure, where it is an element.
    pub(crate) fn field(&self, field: Property) -> Option<&Self> {
        let children = &self.structure().children;
        children
            .iter()
            .find(|child| child.is(field.namespace(), field.name))
    }

    /// The text of the field `field` of a structure, whether it is an attribute or an element.
    pub(crate) fn field_text(&self, field: Property) -> Option<&str> {
        [self, self.structure()]
            .into_iter()
            .find_map(|element| element.attribute(field.namespace(), field.name))
            .or_else(|| self.field(field).map(|element| element.text.trim()))
    }

    /// The fields of a structure that are attributes: namespace, name, text.
    pub(crate) fn text_fields(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let attributes = self.attributes.iter();
        let inner = self
            .children
            .iter()
            .find(|child| child.is_rdf("Description"));
        attributes
            .chain(inner.into_iter().flat_map(|inner| &inner.attributes))
            .filter(|attribute| {
                !attribute.is_declaration() && attribute.namespace != namespace("rdf")
            })
            .map(|field| (&*field.namespace, &*field.local, &*field.value))
    }

    /// The fields of a structure that are elements: namespace, name, what is in it.
    pub(crate) fn element_fields(&self) -> impl Iterator<Item = (&str, &str, &Self)> {
        let children = self.structure().children.iter();
        children.map(|field| (&*field.namespace, &*field.local, field))
    }

    /// Whether it has no attributes but declarations, what it is about, and those of the namespace `own`.
    pub(crate) fn has_only_attributes_of(&self, own: &str) -> bool {
        self.attributes.iter().all(|attribute| {
            attribute.is_declaration() || attribute.is_about() || attribute.namespace == own
        })
    }

    /// Whether its name is in the namespace `own`.
    pub(crate) fn is_of(&self, own: &str) -> bool {
        self.namespace == own
    }

    /// Its namespace and its name.
    pub(crate) fn name(&self) -> (&str, &str) {
        (&self.namespace, &self.local)
    }

    fn attribute(&self, namespace: &str, local: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.namespace == namespace && attribute.local == local)
            .map(|attribute| attribute.value.as_str())
    }
}

fn no_list(property: Property) -> XmpError {
    XmpError::Form {
        property: property.to_string(),
        expected: "list",
    }
}

impl Attribute {
    /// Whether it names the program that wrote the XMP.
    pub(crate) fn is_toolkit(&self) -> bool {
        self.namespace == XMP_META && self.local == "xmptk"
    }

    /// Whether it says that an element is a structure.
    pub(crate) fn is_resource(&self) -> bool {
        let is_parse_type = self.namespace == namespace("rdf") && self.local == "parseType";
        is_parse_type && self.value == "Resource"
    }

    /// Whether it says what a description is about.
    pub(crate) fn is_about(&self) -> bool {
        self.namespace == namespace("rdf") && self.local == "about"
    }

    /// Its namespace and its name.
    pub(crate) fn name(&self) -> (&str, &str) {
        (&self.namespace, &self.local)
    }
}
