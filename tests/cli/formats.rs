//! The results in every form.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::common::json_schema::JsonSchema;
use crate::common::{
    Run, RunExt, TestEnv, assert_like, assert_near_box, assert_valid, face_box, facematch,
    only_face,
};

fn matching(format: &str) -> Run {
    facematch()
        .args(["known", "unknown", "--format", format])
        .ends_with(0)
}

fn detecting(format: &str) -> Run {
    facematch()
        .args(["detect", "unknown", "--format", format])
        .ends_with(0)
}

fn csv_rows(run: &Run) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(run.stdout.as_slice());
    // The reader refuses rows of unequal length.
    reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

#[test]
fn text_names_the_people() {
    let run = matching("text");
    assert_like(
        run.text(),
        "unknown/astronaut.png\tunknown\t0.8351\tnearest: biden\n\
         unknown/chelsea.png\tno faces\n\
         unknown/obama2.jpg\tobama\t0.3672\n",
    );
    assert_snapshot!(run.stderr, @"
    facematch: 3 photos, 2 faces: 1 known, 1 unknown (2 people known, threshold 0.6)
    facematch: about 1 in 79 strangers would get a name at this threshold
    ");
}

#[test]
fn the_samples_come_out_as_readme_promises() {
    let run = matching("ndjson");
    let obama = run.record("unknown/obama2.jpg");
    let face = only_face(&obama);
    assert_eq!(face["outcome"], "match");
    assert_eq!(face["name"], "obama");
    assert_eq!(face["candidates"][0]["source"], "known/obama.jpg");
    assert!(face["distance"].as_f64().unwrap() < 0.45, "{face}");
    assert_near_box(face_box(face), [139, 289, 337, 336], 2, "obama2.jpg");
    assert_eq!(
        [&obama["width"], &obama["height"], &obama["orientation"]],
        [626, 1200, 1]
    );

    let astronaut = run.record("unknown/astronaut.png");
    let face = only_face(&astronaut);
    assert_eq!(face["outcome"], "unknown");
    assert_eq!(face["name"], Value::Null);
    assert!(face["distance"].as_f64().unwrap() > 0.6, "{face}");
    assert_near_box(face_box(face), [179, 78, 93, 93], 2, "astronaut.png");

    assert_eq!(run.record("unknown/chelsea.png")["faces"], json!([]));
    assert_eq!(
        run.records().last().unwrap(),
        &json!({
            "type": "summary", "schema": "facematch/1", "image_count": 3, "face_count": 2, "matched": 1, "ambiguous": 0,
            "unknown": 1, "errors": 0, "skipped": [], "known_people": 2, "threshold": 0.6, "engine": "native", "detector": "auto"
        })
    );
}

#[test]
fn every_face_has_a_score_above_0() {
    for detector in ["hog", "cnn", "retinaface"] {
        let run = facematch()
            .args(["known", "unknown", "-f", "ndjson", "--detector", detector])
            .args(["--width", "300"])
            .ends_with(0);
        let records = run.records();
        let faces = records
            .iter()
            .filter_map(|record| record["faces"].as_array())
            .flatten();
        let scores: Vec<f64> = faces.map(|face| face["score"].as_f64().unwrap()).collect();
        assert!(!scores.is_empty(), "{detector}");
        assert!(
            scores.iter().all(|score| *score > 0.0),
            "{detector}: {scores:?}"
        );
    }
}

#[test]
fn json_holds_the_records_of_ndjson() {
    for run_as in [matching, detecting] {
        let document: Vec<Value> = serde_json::from_str(run_as("json").text()).unwrap();
        assert_valid(&document);
        assert_eq!(document, run_as("ndjson").records());
        assert_eq!(document.len(), 4);
    }
}

#[test]
fn csv_says_the_same_as_json() {
    let run = matching("csv");
    let rows = csv_rows(&run);
    assert_eq!(run.text().matches('\n').count(), rows.len());
    assert_eq!(run.text().matches("\r\n").count(), rows.len());
    assert_eq!(
        rows[0].join(","),
        "path,path_bytes,width,height,orientation,face,x,y,w,h,score,outcome,name,distance,\
         candidate_1_name,candidate_1_distance,candidate_1_source,\
         candidate_2_name,candidate_2_distance,candidate_2_source,error"
    );
    assert_like(
        &rows[1].join(","),
        "unknown/astronaut.png,,512,512,1,1,179,78,93,93,1.636394,unknown,,0.835105,biden,0.835105,known/biden.jpg,,,,",
    );
    assert_eq!(
        rows[2].join(","),
        "unknown/chelsea.png,,451,300,1,,,,,,,no_faces,,,,,,,,,"
    );
    assert_like(
        &rows[3].join(","),
        "unknown/obama2.jpg,,626,1200,1,1,139,289,337,336,1.868019,match,obama,0.367173,obama,0.367173,known/obama.jpg,,,,",
    );
    assert_eq!(rows.len(), 4);
}

#[test]
fn detect_tells_boxes_and_landmarks_in_every_form() {
    let run = detecting("text");
    assert_like(
        run.text(),
        "unknown/astronaut.png\t179\t78\t93\t93\t1.6364\tright_eye_outer=255,103.4 right_eye_inner=237.6,104.5 \
         left_eye_outer=194.6,100.4 left_eye_inner=212,103.4 nose_base=224.3,134.2\n\
         unknown/chelsea.png\tno faces\n\
         unknown/obama2.jpg\t139\t289\t337\t336\t1.8653\tright_eye_outer=397,387.2 right_eye_inner=346.9,382.2 \
         left_eye_outer=230.5,372.2 left_eye_inner=275.6,375.9 nose_base=289.3,469.9\n",
    );
    assert_snapshot!(run.stderr, @"facematch: 3 photos, 2 faces");

    let run = detecting("ndjson");
    let astronaut = run.record("unknown/astronaut.png");
    let landmarks = only_face(&astronaut)["landmarks"].as_object().unwrap();
    for (name, x, y) in [
        ("right_eye_outer", 255.0, 103.4),
        ("right_eye_inner", 237.6, 104.5),
        ("left_eye_outer", 194.6, 100.4),
        ("left_eye_inner", 212.0, 103.4),
        ("nose_base", 224.3, 134.2),
    ] {
        for (axis, wanted) in [("x", x), ("y", y)] {
            let got = landmarks[name][axis].as_f64().unwrap();
            assert!((got - wanted).abs() <= 2.0, "{name}.{axis} is {got}");
        }
    }
    assert_eq!(
        run.records().last().unwrap(),
        &json!({
            "type": "summary", "schema": "facematch/1", "image_count": 3, "face_count": 2, "errors": 0,
            "skipped": [], "engine": "native", "detector": "auto"
        })
    );

    let rows = csv_rows(&detecting("csv"));
    assert_eq!(
        rows[0].join(","),
        "path,path_bytes,width,height,orientation,face,x,y,w,h,score,outcome,\
         right_eye_outer_x,right_eye_outer_y,right_eye_inner_x,right_eye_inner_y,\
         left_eye_outer_x,left_eye_outer_y,left_eye_inner_x,left_eye_inner_y,nose_base_x,nose_base_y,error"
    );
    assert_like(
        &rows[1].join(","),
        "unknown/astronaut.png,,512,512,1,1,179,78,93,93,1.636394,face,255,103.4,237.6,104.5,194.6,100.4,212,103.4,224.3,134.2,",
    );
    assert_eq!(rows.len(), 4);
}

#[test]
fn a_broken_input_is_one_record_and_the_others_are_still_searched() {
    let env = TestEnv::new();
    env.copy("known/obama.jpg", "known/obama.jpg");
    env.copy("unknown/obama2.jpg", "photos/whole.jpg");
    env.write("photos/broken.jpg", "");
    let run = |format: &str| {
        env.facematch()
            .args(["known", "photos", "-f", format])
            .ends_with(1)
    };

    let text = run("text");
    assert_like(text.text(), "photos/whole.jpg\tobama\t0.3672\n");
    assert_snapshot!(text.stderr, @"
    facematch: photos/broken.jpg: cannot decode: the file is empty
    facematch: 1 photo, 1 face: 1 known, 0 unknown (1 person known, threshold 0.6); 1 failed
    ");

    let ndjson = run("ndjson");
    assert_eq!(
        ndjson.record("photos/broken.jpg"),
        json!({
            "type": "error", "schema": "facematch/1", "path": "photos/broken.jpg", "kind": "decode",
            "message": "photos/broken.jpg: cannot decode: the file is empty"
        })
    );
    let summary = ndjson.records().pop().unwrap();
    assert_eq!([&summary["image_count"], &summary["errors"]], [1, 1]);

    let rows = csv_rows(&run("csv"));
    assert_eq!(
        rows[1].join(","),
        "photos/broken.jpg,,,,,,,,,,,error,,,,,,photos/broken.jpg: cannot decode: the file is empty"
    );
    assert_eq!(rows[2][0], "photos/whole.jpg");
}

#[test]
fn the_schema_refuses_what_is_not_a_record() {
    let schema = JsonSchema::named("facematch-1");
    let record = json!({
        "type": "image", "schema": "facematch/1", "path": "a.jpg", "width": 10, "height": 10, "orientation": 1,
        "faces": [{
            "box": {"x": 0, "y": 0, "w": 5, "h": 5}, "score": null, "outcome": "match", "name": "ann",
            "distance": 0.5, "candidates": [{"name": "ann", "distance": 0.5, "source": "ann.jpg"}]
        }]
    });
    assert!(schema.is_valid(&record));
    for (pointer, value) in [
        ("/type", json!("photo")),
        ("/schema", json!("facematch/2")),
        ("/orientation", json!(9)),
        ("/width", json!(0)),
        ("/faces", Value::Null),
        ("/faces/0/name", Value::Null),
        ("/faces/0/outcome", json!("unknown")),
        ("/faces/0/distance", json!(-0.5)),
        ("/faces/0/box/w", json!(0)),
        ("/faces/0/candidates", json!([])),
        ("/faces/0/candidates/0/source", Value::Null),
    ] {
        let mut wrong = record.clone();
        *wrong.pointer_mut(pointer).unwrap() = value.clone();
        assert!(!schema.is_valid(&wrong), "{pointer} = {value}");
    }
    let mut wrong = record.clone();
    wrong["faces"][0]["colour"] = json!("red");
    assert!(!schema.is_valid(&wrong), "a key that is not in the schema");
}
