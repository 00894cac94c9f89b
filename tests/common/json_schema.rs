//! The JSON Schemas in `docs/`.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

use super::repository;

/// A schema that checks documents.
pub(crate) struct JsonSchema {
    schemas: Schemas,
    index: SchemaIndex,
}

impl JsonSchema {
    /// Reads the schema `name` from `docs/`.
    pub(crate) fn named(name: &str) -> Self {
        let text = std::fs::read(repository(&format!("docs/{name}.schema.json"))).unwrap();
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let location = format!("file:///{name}");
        compiler
            .add_resource(&location, serde_json::from_slice(&text).unwrap())
            .unwrap();
        let index = compiler.compile(&location, &mut schemas).unwrap();
        Self { schemas, index }
    }

    pub(crate) fn is_valid(&self, document: &Value) -> bool {
        self.schemas.validate(document, self.index).is_ok()
    }

    pub(crate) fn assert_valid(&self, document: &Value) {
        if let Err(error) = self.schemas.validate(document, self.index) {
            panic!("{document:#}\n{error:#}");
        }
    }
}
