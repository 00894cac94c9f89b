//! XMP's view of RDF: properties, lists, structures and their fields, in all the syntaxes that ISO
//! 16684-1 (section 7) allows.

use super::tree::{Attribute, Element};
use super::{Property, XmpError, namespace};

/// Namespace of `x:xmpmeta`.
const XMP_META: &str = "adobe:ns:meta/";

/// Forms of a list.
const LISTS: [&str; 3] = ["Bag", "Seq", "Alt"];

impl Element {
    fn is_rdf(&self, local: &str) -> bool {
        self.is(namespace("rdf"), local)
    }

    /// Returns the `rdf:RDF` of a document with this root.
    pub(crate) fn rdf(&self) -> Result<&Self, XmpError> {
        std::iter::once(self)
            .chain(&self.children)
            .find(|element| element.is_rdf("RDF"))
            .ok_or(XmpError::NotXmp)
    }

    /// Returns the descriptions in an `rdf:RDF`, which hold the properties.
    pub(crate) fn descriptions(&self) -> impl Iterator<Item = &Self> {
        let children = self.children.iter();
        children.filter(|child| child.is_rdf("Description"))
    }

    /// Returns the subject of the descriptions in an `rdf:RDF`.
    pub(crate) fn about(&self) -> &str {
        self.descriptions()
            .find_map(|description| description.attribute(namespace("rdf"), "about"))
            .unwrap_or_default()
    }

    /// Returns the subject of a description, empty if it has none.
    pub(crate) fn own_about(&self) -> &str {
        let about = self.attribute(namespace("rdf"), "about");
        about.unwrap_or_default()
    }

    /// Returns a property in an `rdf:RDF`.
    pub(crate) fn property(&self, property: Property) -> Option<&Self> {
        self.descriptions()
            .flat_map(|description| &description.children)
            .find(|child| child.is(property.namespace(), property.name))
    }

    /// Returns the list of a property in an `rdf:RDF`, or `None` if there is no such property.
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

    /// Returns the `rdf:Bag`, `rdf:Seq` or `rdf:Alt` of a property that must be a list.
    pub(crate) fn list(&self, property: Property) -> Result<&Self, XmpError> {
        self.any_list().ok_or_else(|| no_list(property))
    }

    /// Returns the `rdf:Bag`, `rdf:Seq` or `rdf:Alt` in a property, if it is a list.
    pub(crate) fn any_list(&self) -> Option<&Self> {
        let mut children = self.children.iter();
        children.find(|child| LISTS.iter().any(|list| child.is_rdf(list)))
    }

    /// Returns the items of a list.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(|child| child.is_rdf("li"))
    }

    /// Returns the element that holds the fields of a structure: the element itself, or a
    /// description in it.
    pub(crate) fn structure(&self) -> &Self {
        let description = self
            .children
            .iter()
            .find(|child| child.is_rdf("Description"));
        description.unwrap_or(self)
    }

    /// Returns the field `field` of a structure if it is an element.
    pub(crate) fn field(&self, field: Property) -> Option<&Self> {
        let children = &self.structure().children;
        children
            .iter()
            .find(|child| child.is(field.namespace(), field.name))
    }

    /// Returns the text of the field `field` of a structure, either an attribute or an element.
    pub(crate) fn field_text(&self, field: Property) -> Option<&str> {
        [self, self.structure()]
            .into_iter()
            .find_map(|element| element.attribute(field.namespace(), field.name))
            .or_else(|| self.field(field).map(|element| element.text.trim()))
    }

    /// Returns the fields of a structure that are attributes: namespace, name, text.
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

    /// Returns the fields of a structure that are elements: namespace, name, element.
    pub(crate) fn element_fields(&self) -> impl Iterator<Item = (&str, &str, &Self)> {
        let children = self.structure().children.iter();
        children.map(|field| (&*field.namespace, &*field.local, field))
    }

    /// Returns whether the only attributes are declarations, the subject, and those of the
    /// namespace `own`.
    pub(crate) fn has_only_attributes_of(&self, own: &str) -> bool {
        self.attributes.iter().all(|attribute| {
            attribute.is_declaration() || attribute.is_about() || attribute.namespace == own
        })
    }

    /// Returns whether the name is in the namespace `own`.
    pub(crate) fn is_of(&self, own: &str) -> bool {
        self.namespace == own
    }

    /// Returns the namespace and the name.
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
    /// Returns whether the attribute names the program that wrote the XMP.
    pub(crate) fn is_toolkit(&self) -> bool {
        self.namespace == XMP_META && self.local == "xmptk"
    }

    /// Returns whether the attribute marks an element as a structure.
    pub(crate) fn is_resource(&self) -> bool {
        let is_parse_type = self.namespace == namespace("rdf") && self.local == "parseType";
        is_parse_type && self.value == "Resource"
    }

    /// Returns whether the attribute is the subject of a description.
    pub(crate) fn is_about(&self) -> bool {
        self.namespace == namespace("rdf") && self.local == "about"
    }

    /// Returns the namespace and the name.
    pub(crate) fn name(&self) -> (&str, &str) {
        (&self.namespace, &self.local)
    }
}
