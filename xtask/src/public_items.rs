//! Counts what the library `facematch` exports, as rustdoc sees it: modules, types, traits,
//! functions, constants, and their public methods and associated constants.

use std::collections::HashSet;
use std::process::Command;

use serde_json::Value;

use super::{Outcome, cargo, root, run};

/// Most public items of the library.
const MOST: usize = 150;

/// If this is set, this program stands for rustdoc: its JSON form is unstable and has to be
/// allowed, and if that were allowed for all compilers, cargo would build everything again.
const AS_RUSTDOC: &str = "FACEMATCH_AS_RUSTDOC";

/// Runs rustdoc, if this program stands for it.
pub(crate) fn as_rustdoc() -> Option<Outcome> {
    std::env::var_os(AS_RUSTDOC)?;
    let mut rustdoc = Command::new("rustdoc");
    rustdoc
        .args(std::env::args_os().skip(1))
        .env("RUSTC_BOOTSTRAP", "1");
    Some(run(&mut rustdoc))
}

/// Prints the items of each module, and refuses more than [`MOST`].
pub(crate) fn check() -> Outcome {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut doc = cargo(&["rustdoc", "--release", "--locked", "--lib"]);
    doc.args(["--", "-Zunstable-options", "--output-format", "json"])
        .env("RUSTDOC", own)
        .env(AS_RUSTDOC, "1");
    run(&mut doc)?;
    let file = root().join("target/doc/facematch.json");
    let text = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let json: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    let mut items = Items {
        index: &json["index"],
        seen: HashSet::new(),
    };
    let mut total = 0;
    for id in items.children(&json["root"]) {
        let count = items.count(&id);
        if count > 0 {
            println!("{count:4} {}", items.name(&id));
        }
        total += count;
    }
    println!("{total:4} public items, of {MOST} at most");
    match total <= MOST {
        true => Ok(()),
        false => Err(format!("more than {MOST} public items")),
    }
}

/// The items of one crate, by their number.
struct Items<'a> {
    index: &'a Value,
    seen: HashSet<String>,
}

impl<'a> Items<'a> {
    fn item(&self, id: &str) -> Option<&'a Value> {
        self.index.get(id)
    }

    fn name(&self, id: &str) -> String {
        let item = self.item(id);
        let name = item.map(|item| (&item["name"], &item["inner"]["use"]["name"]));
        match name {
            Some((Value::String(name), _) | (_, Value::String(name))) => name.clone(),
            _ => id.to_owned(),
        }
    }

    /// The numbers of the items in the module `id`.
    fn children(&self, id: &Value) -> Vec<String> {
        let module = self
            .item(&id.to_string())
            .map(|item| &item["inner"]["module"]);
        module.map_or_else(Vec::new, |module| numbers(&module["items"]))
    }

    /// The public items that `id` stands for: itself, and what is in it.
    fn count(&mut self, id: &str) -> usize {
        let Some(item) = self.item(id) else {
            return 0;
        };
        if item["visibility"] != "public" || !self.seen.insert(id.to_owned()) {
            return 0;
        }
        let inner = &item["inner"];
        if let Some(module) = inner.get("module") {
            let items = numbers(&module["items"]);
            return 1 + items.iter().map(|id| self.count(id)).sum::<usize>();
        }
        if let Some(used) = inner.get("use") {
            // What another crate exports is one item here.
            let id = used["id"].to_string();
            return match self.item(&id) {
                Some(_) => self.count(&id),
                None => 1,
            };
        }
        let of_type = ["struct", "enum", "union"]
            .iter()
            .find_map(|kind| inner.get(kind));
        1 + of_type.map_or(0, |of_type| self.methods(&of_type["impls"]))
    }

    /// The public items in those of the implementations `impls` that are of no trait.
    fn methods(&self, impls: &Value) -> usize {
        let own = numbers(impls).into_iter().filter_map(|id| {
            let implementation = &self.item(&id)?["inner"]["impl"];
            implementation["trait"]
                .is_null()
                .then(|| numbers(&implementation["items"]))
        });
        let is_public = |id: &String| {
            self.item(id)
                .is_some_and(|item| item["visibility"] == "public")
        };
        own.flatten().filter(is_public).count()
    }
}

fn numbers(list: &Value) -> Vec<String> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().map(Value::to_string).collect()
}
