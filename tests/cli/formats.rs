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
        "unknown/astronaut.png\tunknown\t0.8177\tnearest: biden\n\
         unknown/chelsea.png\tno faces\n\
         unknown/obama2.jpg\tobama\t0.3984\n",
    );
    assert_snapshot!(run.stderr, @"
    facematch: 3 photos, 2 faces: 1 known, 1 unknown (2 people known, threshold 0.6)
    facematch: about 1 in 78 strangers would get a name at this threshold
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
    assert_near_box(face_box(face), [200, 233, 278, 392], 2, "obama2.jpg");
    assert_eq!(
        [&obama["width"], &obama["height"], &obama["orientation"]],
        [626, 1200, 1]
    );

    let astronaut = run.record("unknown/astronaut.png");
    let face = only_face(&astronaut);
    assert_eq!(face["outcome"], "unknown");
    assert_eq!(face["name"], Value::Null);
    assert!(face["distance"].as_f64().unwrap() > 0.6, "{face}");
    assert_near_box(face_box(face), [177, 58, 95, 121], 2, "astronaut.png");

    assert_eq!(run.record("unknown/chelsea.png")["faces"], json!([]));
    assert_eq!(
        run.records().last().unwrap(),
        &json!({
            "type": "summary", "schema": "facematch/1", "image_count": 3, "face_count": 2, "matched": 1, "ambiguous": 0,
            "unknown": 1, "not_compared": 0, "errors": 0, "skipped": [], "known_people": 2, "threshold": 0.6, "engine": "native", "detector": "retinaface"
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
        "path,path_bytes,width,height,orientation,face,x,y,w,h,score,quality,outcome,name,distance,stranger_rate,\
         candidate_1_name,candidate_1_distance,candidate_1_source,\
         candidate_2_name,candidate_2_distance,candidate_2_source,error"
    );
    assert_like(
        &rows[1].join(","),
        "unknown/astronaut.png,,512,512,1,1,177,58,95,121,0.999306,1.0,unknown,,0.81774,0.758752,biden,0.81774,known/biden.jpg,,,,",
    );
    assert_eq!(
        rows[2].join(","),
        "unknown/chelsea.png,,451,300,1,,,,,,,,no_faces,,,,,,,,,,"
    );
    assert_like(
        &rows[3].join(","),
        "unknown/obama2.jpg,,626,1200,1,1,200,233,278,392,0.999909,1.0,match,obama,0.398366,0.000003,obama,0.398366,known/obama.jpg,,,,",
    );
    assert_eq!(rows.len(), 4);
}

#[test]
fn detect_tells_boxes_and_landmarks_in_every_form() {
    let run = detecting("text");
    assert_like(
        run.text(),
        "unknown/astronaut.png\t177\t58\t95\t121\t0.9993\tleft_eye=203.2,100 right_eye=246.5,102.8 nose_tip=222,130.8 \
         mouth_left=200.1,137.2 mouth_right=244.2,139.9\n\
         unknown/chelsea.png\tno faces\n\
         unknown/obama2.jpg\t200\t233\t278\t392\t0.9999\tleft_eye=259.5,368.2 right_eye=375.6,383.3 nose_tip=285.9,439.8 \
         mouth_left=247.3,512.2 mouth_right=343.2,524.3\n",
    );
    assert_snapshot!(run.stderr, @"facematch: 3 photos, 2 faces");

    let run = detecting("ndjson");
    let astronaut = run.record("unknown/astronaut.png");
    let landmarks = only_face(&astronaut)["landmarks"].as_object().unwrap();
    for (name, x, y) in [
        ("left_eye", 203.2, 100.0),
        ("right_eye", 246.5, 102.8),
        ("nose_tip", 222.0, 130.8),
        ("mouth_left", 200.1, 137.2),
        ("mouth_right", 244.2, 139.9),
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
            "skipped": [], "engine": "native", "detector": "retinaface"
        })
    );

    let rows = csv_rows(&detecting("csv"));
    assert_eq!(
        rows[0].join(","),
        "path,path_bytes,width,height,orientation,face,x,y,w,h,score,quality,outcome,\
         left_eye_x,left_eye_y,right_eye_x,right_eye_y,nose_tip_x,nose_tip_y,\
         mouth_left_x,mouth_left_y,mouth_right_x,mouth_right_y,error"
    );
    assert_like(
        &rows[1].join(","),
        "unknown/astronaut.png,,512,512,1,1,177,58,95,121,0.999306,1.0,face,203.2,100.0,246.5,102.8,222.0,130.8,200.1,137.2,244.2,139.9,",
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
    assert_like(text.text(), "photos/whole.jpg\tobama\t0.3984\n");
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
        "photos/broken.jpg,,,,,,,,,,,,error,,,,,,,photos/broken.jpg: cannot decode: the file is empty"
    );
    assert_eq!(rows[2][0], "photos/whole.jpg");
}

#[test]
fn the_schema_refuses_what_is_not_a_record() {
    let schema = JsonSchema::named("facematch-1");
    let record = json!({
        "type": "image", "schema": "facematch/1", "path": "a.jpg", "width": 10, "height": 10, "orientation": 1,
        "faces": [{
            "box": {"x": 0, "y": 0, "w": 5, "h": 5}, "score": null, "quality": 0.9, "outcome": "match", "name": "ann",
            "distance": 0.5, "stranger_rate": 0.001, "candidates": [{"name": "ann", "distance": 0.5, "source": "ann.jpg"}]
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
